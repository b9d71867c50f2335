import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Router } from 'express';
import type { Queues } from '../infrastructure/queues.ts';
import type { Admission } from './admission.ts';

const PATH = '/admin/queues';

/** The page runs its own scripts only; it sets styles inline. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'";

/** The queues to look at and to mend, dead letters in `failed`: for administrators, by session or by token. */
export const createQueueDashboard = (queues: Queues, admit: Admission): Router => {
  const adapter = new ExpressAdapter();
  adapter.setBasePath(PATH);
  createBullBoard({
    queues: [...queues.lanes.values()].map((queue) => new BullMQAdapter(queue)),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Multiplex jobs' } },
  });
  const router = Router();
  router.use(PATH, async (request, response, next) => {
    await admit(request, response, ['admin']);
    response.set('Content-Security-Policy', PAGE_POLICY);
    next();
  });
  router.use(PATH, adapter.getRouter());
  return router;
};
