import { v7 as uuidv7 } from 'uuid';
import { conflict, notFound } from '../../errors.ts';
import type { Database, Queryable, Transaction } from '../../infrastructure/database.ts';
import type { Outbox } from '../../infrastructure/outbox.ts';
import type { TicketsContract } from '../tickets/contract.ts';
import type { ReceiptJob } from './jobs.ts';
import * as store from './store.ts';
import { claimVoucher } from './vouchers.ts';

const outOfStock = (productIds: string[]) =>
  conflict('out_of_stock', 'There is not enough of these products.', { productIds });

const purchaseIsCancelled = () => conflict('purchase_cancelled', 'These tickets are cancelled.');

interface NewOrder {
  items: readonly store.Item[];
  purchaseId: string | null;
}

interface GroceryParts {
  database: Database;
  outbox: Outbox;
  receipt: ReceiptJob;
  tickets: TicketsContract;
}

/** The rules of the grocery: no more is sold than there is. */
export const createGroceryService = ({ database, outbox, receipt, tickets }: GroceryParts) => ({
  listProducts: (after: string | undefined, limit: number) => store.listProducts(database, after, limit),
  listOrders: (userId: string, before: string | undefined, limit: number) =>
    store.listOrders(database, userId, before, limit),

  /** @throws {AppError} 409 `product_exists`. */
  addProduct: async (db: Queryable, input: Omit<store.Product, 'id'>): Promise<store.Product> => {
    const product = await store.insertProduct(db, { id: uuidv7(), ...input });
    if (!product) throw conflict('product_exists', 'There is a product of this name.');
    return product;
  },

  /** @throws {AppError} 404. */
  restock: async (db: Queryable, id: string, quantity: number): Promise<store.Product> => {
    const product = await store.addStock(db, id, quantity);
    if (!product) throw notFound('product');
    return product;
  },

  /** Checks what needs no transaction: the purchase is the asking user's. @throws {AppError} 404, 409 `purchase_cancelled`. */
  prepare: async (purchaseId: string | null): Promise<void> => {
    if (!purchaseId) return;
    const { cancelledAt } = await tickets.findPurchase(purchaseId);
    if (cancelledAt) throw purchaseIsCancelled();
  },

  /**
   * @throws {AppError} 404 for an unknown product, 409 `out_of_stock` or `purchase_cancelled`; the caller's transaction
   * must then be undone.
   */
  order: async (
    transaction: Transaction,
    userId: string,
    { items, purchaseId }: NewOrder,
  ): Promise<store.Order> => {
    if (purchaseId && !(await claimVoucher(transaction, purchaseId))) throw purchaseIsCancelled();
    const sold = await store.takeFromStock(transaction, items);
    if (sold.length < items.length) {
      const taken = new Set(sold.map((item) => item.productId));
      const missing = items.map((item) => item.productId).filter((id) => !taken.has(id));
      const known = await store.findProducts(transaction, missing);
      throw known.length < missing.length ? notFound('product') : outOfStock(missing);
    }
    const totalCents = sold.reduce((sum, item) => sum + item.quantity * item.priceCents, 0);
    const order = await store.insertOrder(transaction, {
      id: uuidv7(),
      userId,
      totalCents,
      items: sold,
      purchaseId,
    });
    outbox.enqueue(transaction, receipt, { orderId: order.id, userId, totalCents });
    return order;
  },
});

export type GroceryService = ReturnType<typeof createGroceryService>;
