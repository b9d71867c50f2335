import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Router } from 'express';
import type { Queues } from '../infrastructure/queues.ts';
import type { Admission } from './admission.ts';
import { createPageHeaders } from './security-headers.ts';

const PATH = '/admin/queues';

/** The queues to look at and to mend, dead letters in `failed`: for administrators, by session or by token. */
export const createQueueDashboard = (queues: Queues, admit: Admission): Router => {
  const adapter = new ExpressAdapter();
  adapter.setBasePath(PATH);
  createBullBoard({
    queues: queues.all.map(({ queue }) => new BullMQAdapter(queue)),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Multiplex jobs' } },
  });
  const setPageHeaders = createPageHeaders();
  const router = Router();
  router.use(PATH, async (request, response, next) => {
    await admit(request, response, ['admin']);
    setPageHeaders(response);
    next();
  });
  router.use(PATH, adapter.getRouter());
  return router;
};
