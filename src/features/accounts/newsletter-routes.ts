import { z } from 'zod';
import { created, ok, type Route, route } from '../../http/route.ts';
import { byId, id, text } from '../../http/schemas.ts';
import type { NewsletterService } from './newsletter.ts';

const input = z.strictObject({ subject: text(200), text: text(20_000) });
const newsletter = input.extend({ id }).meta({ id: 'Newsletter' });
const state = newsletter.extend({ recipients: z.int(), sent: z.int() }).meta({ id: 'NewsletterState' });

export const createNewsletterRoutes = (newsletters: NewsletterService): Route[] => [
  route({
    method: 'post',
    path: '/newsletters',
    summary: 'Mail all customers, in batches, behind everything urgent',
    access: ['admin'],
    creates: true,
    body: input,
    replies: { 201: newsletter },
    handle: ({ body, once }) =>
      once(async (transaction) => {
        const published = await newsletters.publish(transaction, body);
        return created(published, `/v1/accounts/newsletters/${published.id}`);
      }),
  }),
  route({
    method: 'get',
    path: '/newsletters/:id',
    summary: 'How far the sending is',
    access: ['admin'],
    params: byId,
    replies: { 200: state },
    problems: { 404: ['not_found'] },
    handle: async ({ params }) => ok(await newsletters.state(params.id)),
  }),
];
