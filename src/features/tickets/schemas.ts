import { z } from 'zod';
import { cents, id, pageOf, timestamp } from '../../http/schemas.ts';

const seat = z.string().regex(/^[A-Z][1-9]\d?$/, 'must be a row letter and a number, such as C7');

const seats = z
  .array(seat)
  .min(1)
  .max(10)
  .refine((list) => new Set(list).size === list.length, 'must name each seat once');

export const order = z.strictObject({ screeningId: id, seats });

export const wantedSeats = z.strictObject({ seats });
export const oneSeat = z.strictObject({ id, seat });
export const holds = z
  .strictObject({ items: z.array(z.strictObject({ seat, heldUntil: timestamp })) })
  .meta({ id: 'Holds' });

/** The data of an event. After `seats`, all that is not named is free. */
export const seatChange = z
  .strictObject({ sold: z.array(seat), held: z.array(seat), free: z.array(seat) })
  .meta({ id: 'SeatChange' });

export const purchase = z
  .strictObject({
    id,
    screeningId: id,
    startsAt: timestamp,
    seats: z.array(seat),
    totalCents: cents,
    createdAt: timestamp,
    cancelledAt: timestamp.nullable(),
    refundedAt: timestamp.nullable(),
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
    seats: z.array(z.strictObject({ seat, sold: z.boolean(), held: z.boolean() })),
  })
  .meta({ id: 'SeatMap' });
