import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { composeFeatures, openParts } from '../../src/composition.ts';
import { loadConfig } from '../../src/config.ts';
import type { AppError } from '../../src/errors.ts';
import { createContractClient } from '../../src/http/contracts/client.ts';
import type { Offer } from '../../src/http/contracts/contract.ts';
import { createLifecycle, type Lifecycle } from '../../src/infrastructure/lifecycle.ts';
import { createLogger } from '../../src/infrastructure/logger.ts';
import { requestContext } from '../../src/infrastructure/request-context.ts';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { type Person, registerAndLogIn } from '../support/people.ts';
import { send } from '../support/send.ts';
import { addScreening } from '../support/supplies.ts';

/** An operation's inputs: one that is answered, and those that are refused, by status and code. */
interface Examples {
  answered: unknown;
  refused: [input: unknown, status: number, code: string][];
}

const unknownId = randomUUID();
let cinema: Cinema;
let lifecycle: Lifecycle;
let ada: Person;
let ways: { way: string; offers: Offer[] }[];
let examples: Record<string, Examples>;

/** Each offer as its neighbours in other processes have it. */
const overHttp = (offers: readonly Offer[], parts: Awaited<ReturnType<typeof openParts>>): Offer[] =>
  offers.map(({ contract }) => {
    const url = cinema.at(0).urlOf(contract.feature);
    const { calls, close } = createContractClient(contract, url, { ...parts, tokens: parts.internalTokens });
    lifecycle.onClose(`client of ${contract.name}`, close);
    return { contract, calls };
  });

before(async () => {
  cinema = await openCinema();
  ada = await registerAndLogIn(cinema.at(0));
  const logger = createLogger({ level: 'silent', instance: 'test' });
  lifecycle = createLifecycle(logger);
  const parts = await openParts(loadConfig(cinema.env), logger, lifecycle);
  const { offers } = composeFeatures(parts, lifecycle);
  ways = [
    { way: 'in process', offers },
    { way: 'over HTTP', offers: overHttp(offers, parts) },
  ];

  const screeningId = await addScreening(cinema.database);
  const bought = await send(`${cinema.at(0).url}/v1/tickets/purchases`, {
    method: 'POST',
    headers: ada.auth,
    json: { screeningId, seats: ['A1'] },
  });
  const event = {
    id: randomUUID(),
    event: 'catalog.screening-cancelled.v1',
    payload: { screeningId: unknownId },
  };
  const missing: [string, number, string][] = [[unknownId, 404, 'not_found']];
  examples = {
    'accounts.findAccount': { answered: ada.id, refused: missing },
    'catalog.findScreening': { answered: screeningId, refused: missing },
    'tickets.findPurchase': { answered: bought.body.id, refused: missing },
    'tickets-inbox.receive': {
      answered: event,
      refused: [[{ ...event, event: 'no.such.v1' }, 503, 'event_unknown']],
    },
    'grocery-inbox.receive': {
      answered: { ...event, event: 'tickets.purchase-cancelled.v1' },
      refused: [[{ ...event, event: 'no.such.v1' }, 503, 'event_unknown']],
    },
  };
});
after(async () => {
  await lifecycle.close();
  await cinema.close();
});

const asAda = <T>(work: () => Promise<T>) =>
  requestContext.run({ requestId: randomUUID(), userId: ada.id }, work);
const callOf = ({ calls }: Offer, operation: string) =>
  calls[operation] as (input: unknown) => Promise<unknown>;

test('a feature that has examples here has one of each operation', () => {
  const contracts = new Set(Object.keys(examples).map((name) => name.split('.')[0]));
  const offers = ways[0]?.offers.filter(({ contract }) => contracts.has(contract.name)) ?? [];
  const offered = offers.flatMap(({ contract }) =>
    Object.keys(contract.operations).map((operation) => `${contract.name}.${operation}`),
  );
  assert.deepEqual(offered.sort(), Object.keys(examples).sort());
});

test('every operation answers the same in process and over HTTP, with what its contract says', async () => {
  for (const [name, { answered }] of Object.entries(examples)) {
    const [feature, operation = ''] = name.split('.');
    const answers = [];
    for (const { offers } of ways) {
      const found = offers.find(({ contract }) => contract.name === feature) as Offer;
      const output = await asAda(() => callOf(found, operation)(answered));
      assert.deepEqual(JSON.parse(JSON.stringify(output)), output, `${name} must answer what JSON can hold`);
      assert.deepEqual(
        found.contract.operations[operation]?.output.parse(output),
        output,
        `${name} says more`,
      );
      answers.push(output);
    }
    assert.deepEqual(answers[0], answers[1], name);
  }
});

test('every operation refuses by the same status and code in process and over HTTP', async () => {
  for (const { way, offers } of ways)
    for (const [name, { refused }] of Object.entries(examples))
      for (const [input, status, code] of refused) {
        const [feature, operation = ''] = name.split('.');
        const found = offers.find(({ contract }) => contract.name === feature) as Offer;
        await assert.rejects(
          asAda(() => callOf(found, operation)(input)),
          ({ problem }: AppError) => {
            assert.deepEqual([problem.status, problem.code], [status, code], `${name}, ${way}`);
            return true;
          },
        );
      }
});

test('a purchase is found for its buyer only, whoever asks', async () => {
  const stranger = await registerAndLogIn(cinema.at(0));
  for (const { way, offers } of ways) {
    const tickets = offers.find(({ contract }) => contract.name === 'tickets') as Offer;
    const asStranger = requestContext.run({ requestId: randomUUID(), userId: stranger.id }, () =>
      callOf(tickets, 'findPurchase')(examples['tickets.findPurchase']?.answered),
    );
    await assert.rejects(asStranger, ({ problem }: AppError) => problem.status === 404, way);
  }
});
