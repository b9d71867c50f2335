import { z } from 'zod';
import { cents, id, pageOf, timestamp } from '../../http/schemas.ts';

const seat = z.string().regex(/^[A-Z][1-9]\d?$/, 'must be a row letter and a number, such as C7');

export const order = z.strictObject({
  screeningId: id,
  seats: z
    .array(seat)
    .min(1)
    .max(10)
    .refine((seats) => new Set(seats).size === seats.length, 'must name each seat once'),
});

export const purchase = z
  .strictObject({
    id,
    screeningId: id,
    startsAt: timestamp,
    seats: z.array(seat),
    totalCents: cents,
    createdAt: timestamp,
    cancelledAt: timestamp.nullable(),
  })
  .meta({ id: 'Purchase' });
export const purchasePage = pageOf(purchase).meta({ id: 'PurchasePage' });

export const sales = z
  .strictObject({
    screeningId: id,
    purchases: z.int(),
    seats: z.int(),
    totalCents: z.int(),
    madeAt: timestamp,
  })
  .meta({ id: 'Sales' });
export const salesPage = pageOf(sales).meta({ id: 'SalesPage' });

export const seatMap = z
  .strictObject({
    screeningId: id,
    priceCents: cents,
    seats: z.array(z.strictObject({ seat, sold: z.boolean() })),
  })
  .meta({ id: 'SeatMap' });
