import { z } from 'zod';
import { cents, id, pageOf, text, timestamp } from '../../http/schemas.ts';

const stock = z.int().min(0).max(1_000_000);
/** With at most 20 items an order's total stays below PostgreSQL's integer. */
const price = z.int().min(0).max(1_000_000);
const quantity = z.int().min(1).max(100);

export const productInput = z.strictObject({ name: text(100), priceCents: price, stock });
export const product = z
  .strictObject({ id, name: z.string(), priceCents: price, stock: z.int() })
  .meta({ id: 'Product' });
export const productPage = pageOf(product).meta({ id: 'ProductPage' });
export const delivery = z.strictObject({ quantity: z.int().min(1).max(1_000_000) });

const item = z.strictObject({ productId: id, quantity });
export const orderInput = z.strictObject({
  purchaseId: id.optional().meta({ description: 'Of my tickets: the goods wait at that screening.' }),
  items: z
    .array(item)
    .min(1)
    .max(20)
    .refine((items) => new Set(items.map(({ productId }) => productId)).size === items.length, {
      error: 'must name each product once',
    }),
});
export const order = z
  .strictObject({
    id,
    items: z.array(item.extend({ priceCents: price })),
    totalCents: cents,
    createdAt: timestamp,
    purchaseId: id.nullable(),
    releasedAt: timestamp
      .nullable()
      .meta({ description: 'When it was released, its tickets being cancelled.' }),
  })
  .meta({ id: 'Order' });
export const orderPage = pageOf(order).meta({ id: 'OrderPage' });
