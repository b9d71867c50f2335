import { v5 as uuidv5 } from 'uuid';
import type { Transaction } from '../../infrastructure/database.ts';
import { createOutbox } from '../../infrastructure/outbox.ts';
import type { AccountsContract } from '../accounts/contract.ts';
import { cleanUpHourly } from '../clean-up.ts';
import type { Feature, Parts } from '../feature.ts';
import type { TicketsContract } from '../tickets/contract.ts';
import { createReceiptJob } from './jobs.ts';
import { migrations } from './migrations.ts';
import { createRoutes } from './routes.ts';
import { createGroceryService } from './service.ts';
import { insertProduct } from './store.ts';
import { onPurchaseCancelled } from './vouchers.ts';

const NAMESPACE = 'b7b0b1a5-6a0e-4d0c-8a57-9a4de12f6c3d';

const PRODUCTS = [
  { name: 'Popcorn', priceCents: 450, stock: 500 },
  { name: 'Lemonade', priceCents: 320, stock: 300 },
  { name: 'Nachos', priceCents: 560, stock: 200 },
];

const seed = async (transaction: Transaction): Promise<void> => {
  for (const product of PRODUCTS)
    await insertProduct(transaction, { id: uuidv5(product.name, NAMESPACE), ...product });
};

interface Neighbours {
  accounts: AccountsContract;
  tickets: TicketsContract;
}

export const createGrocery = (parts: Parts, { accounts, tickets }: Neighbours): Feature => {
  const outbox = createOutbox('grocery', parts.redis);
  const receipt = createReceiptJob(parts.mailer, accounts);
  return {
    name: 'grocery',
    description: 'Products with stock, and orders that never oversell.',
    routes: createRoutes(createGroceryService({ database: parts.database, outbox, receipt, tickets })),
    schema: { name: 'grocery', migrations, seed },
    jobs: [receipt],
    subscriptions: [onPurchaseCancelled],
    schedules: [cleanUpHourly('grocery')],
  };
};
