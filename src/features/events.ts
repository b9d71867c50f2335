import { z } from 'zod';
import { AppError } from '../errors.ts';
import { type Calls, defineContract, type Offer, offer } from '../http/contracts/contract.ts';
import type { CallsOf } from '../http/contracts/neighbours.ts';
import type { Database } from '../infrastructure/database.ts';
import { defineJob, type JobDefinition, type JobRun } from '../infrastructure/jobs.ts';
import type { Outbox } from '../infrastructure/outbox.ts';

/**
 * Something that has happened in one feature and that others are told of. Its payload may only grow, by members that
 * older subscribers ignore; what breaks them is a new version beside the old one, published with it until nobody is left.
 */
export interface Event<Payload> {
  /** `<feature>.<what>.v<version>`. */
  name: string;
  payload: z.ZodType<Payload>;
}

export const defineEvent = <Payload>(event: Event<Payload>): Event<Payload> => event;

/** What a feature does when it is told of an event: at least once, with an effect that commits once. */
export interface Subscription {
  event: Event<unknown>;
  run(run: JobRun<never>): Promise<void>;
}

export const subscribe = <Payload>(
  event: Event<Payload>,
  run: (run: JobRun<Payload>) => Promise<void>,
): Subscription => ({ event, run });

const jobOf = (feature: string, { event, run }: Subscription): JobDefinition =>
  defineJob({ name: `${feature}.on-${event.name}`, lane: 'urgent', payload: event.payload, run });

/** Where a feature is told: it makes a job of its own out of the event, and says so when that is committed. */
const inboxContract = (feature: string) => {
  const input = z.object({ id: z.string(), event: z.string(), payload: z.unknown() });
  const receive = { input, output: z.object({}), idempotent: true };
  return defineContract(feature, { receive }, `${feature}-inbox`);
};

type Inbox = Calls<ReturnType<typeof inboxContract>>;

/** Old processes run beside new ones: who tells may know more than who is told, and then tells again until it is heard. */
const notYetKnown = (event: string) =>
  new AppError({
    code: 'event_unknown',
    status: 503,
    detail: `This version does not know the event ${event}.`,
    retryAfterSeconds: 10,
  });

const createInbox = (feature: string, subscriptions: readonly Subscription[], parts: EventParts): Inbox => {
  const jobs = new Map(subscriptions.map((one) => [one.event.name, jobOf(feature, one)]));
  const outbox = parts.outboxOf(feature);
  return {
    receive: async ({ id, event, payload }) => {
      const job = jobs.get(event);
      if (!job) throw notYetKnown(event);
      await parts.database.transaction(async (transaction) => outbox.enqueue(transaction, job, payload, id));
      return {};
    },
  };
};

interface EventParts {
  database: Database;
  outboxOf(feature: string): Outbox;
  callsOf: CallsOf;
}

interface Party {
  name: string;
  publishes?: readonly Event<unknown>[];
  subscriptions?: readonly Subscription[];
}

/** Ties publishers to subscribers, in this process or elsewhere: the jobs and offers that each feature gets by it. */
export const connectEvents = (features: readonly Party[], parts: EventParts) => {
  const inboxes = new Map<string, Inbox>();
  const inboxOf = (feature: string, subscriptions: readonly Subscription[]): Inbox => {
    const own = { calls: createInbox(feature, subscriptions, parts) };
    const inbox = inboxes.get(feature) ?? parts.callsOf(inboxContract(feature), own);
    inboxes.set(feature, inbox);
    return inbox;
  };

  const deliveryOf = (event: Event<unknown>): JobDefinition => {
    const told = features.flatMap(({ name, subscriptions = [] }) =>
      subscriptions.some((one) => one.event.name === event.name) ? inboxOf(name, subscriptions) : [],
    );
    return defineJob<unknown>({
      name: event.name,
      lane: 'urgent',
      payload: z.unknown(), // as it was stored: members of a newer version are passed on
      run: async ({ jobId: id, payload }) => {
        await Promise.all(told.map((inbox) => inbox.receive({ id, event: event.name, payload })));
      },
    });
  };

  return {
    jobsOf: ({ name, publishes = [], subscriptions = [] }: Party): JobDefinition[] => [
      ...publishes.map(deliveryOf),
      ...subscriptions.map((one) => jobOf(name, one)),
    ],
    offersOf: ({ name, subscriptions = [] }: Party): Offer[] =>
      subscriptions.length === 0 ? [] : [offer(inboxContract(name), inboxOf(name, subscriptions))],
  };
};
