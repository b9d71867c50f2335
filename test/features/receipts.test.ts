import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import supertest from 'supertest';
import { startWorker } from '../../src/composition.ts';
import { loadConfig } from '../../src/config.ts';
import { createLifecycle, type Lifecycle } from '../../src/infrastructure/lifecycle.ts';
import { createLogger } from '../../src/infrastructure/logger.ts';
import { type Cinema, openCinema } from '../support/cinema.ts';
import { startMailbox } from '../support/jobs/mailbox.ts';
import { makeStaff, type Person, registerAndLogIn } from '../support/people.ts';
import { addProduct, addScreening } from '../support/supplies.ts';
import { waitFor } from '../support/wait.ts';

let cinema: Cinema;
let mailbox: Awaited<ReturnType<typeof startMailbox>>;
let worker: Lifecycle;
let workerUrl: string;
let ada: Person;

before(async () => {
  mailbox = await startMailbox();
  cinema = await openCinema({ env: { SMTP_URL: mailbox.url } });
  const config = loadConfig(cinema.env);
  const logger = createLogger({ level: 'silent', instance: 'worker' });
  worker = createLifecycle(logger);
  workerUrl = `http://127.0.0.1:${(await startWorker(config, logger, worker)).port}`;
  ada = await registerAndLogIn(cinema.at(0));
});
after(async () => {
  await worker.close();
  await cinema.close();
  await mailbox.close();
});

const api = () => supertest(cinema.at(0).url);
const arrived = (id: string) => waitFor(`the mail ${id}`, () => mailbox.received.get(id));

test('who buys seats gets one receipt, and a repeated request makes no second', async () => {
  const screeningId = await addScreening(cinema.database);
  const buy = () =>
    api()
      .post('/v1/tickets/purchases')
      .set(ada.auth)
      .set('Idempotency-Key', 'receipt')
      .send({ screeningId, seats: ['A1'] })
      .expect(201);
  const { body } = await buy();
  await buy();
  assert.equal(await arrived(`ticket-${body.id}`), 1);
  const { rows } = await cinema.database.query(
    `select name from tickets.jobs where payload->>'purchaseId' = $1`,
    [body.id],
  );
  assert.equal(rows.length, 1);
});

test('who orders groceries gets a receipt', async () => {
  const productId = await addProduct(cinema.database, 5);
  const items = [{ productId, quantity: 2 }];
  const { body } = await api().post('/v1/grocery/orders').set(ada.auth).send({ items }).expect(201);
  assert.equal(await arrived(`order-${body.id}`), 1);
});

test('a refused purchase makes no job', async () => {
  const screeningId = await addScreening(cinema.database);
  const buy = () =>
    api()
      .post('/v1/tickets/purchases')
      .set(ada.auth)
      .send({ screeningId, seats: ['B1'] });
  await buy().expect(201);
  const count = async () =>
    Number((await cinema.database.query('select count(*) from tickets.jobs')).rows[0].count);
  const before = await count();
  await buy().expect(409);
  assert.equal(await count(), before);
});

test('a newsletter reaches every customer once, and its progress can be seen', async () => {
  for (let index = 0; index < 120; index += 1)
    await cinema.database.query(
      `insert into accounts.users (id, email, name, role, password_hash)
       values (gen_random_uuid(), 'reader' || $1 || '@example.org', 'Reader', 'customer', 'none')`,
      [index],
    );
  const admin = await makeStaff(cinema, 'admin');
  const news = { subject: 'New films', text: 'Come and see.' };
  const { body } = await api().post('/v1/accounts/newsletters').set(admin.auth).send(news).expect(201);
  const state = await waitFor('the end of the newsletter', async () => {
    const reply = await api().get(`/v1/accounts/newsletters/${body.id}`).set(admin.auth).expect(200);
    return reply.body.sent === reply.body.recipients ? reply.body : undefined;
  });
  assert.equal(state.recipients, 121); // Ada too, and no staff
  const mails = [...mailbox.received].filter(([id]) => id.startsWith(`newsletter-${body.id}-`));
  assert.equal(mails.length, 121);
  assert.ok(mails.every(([, times]) => times === 1));
  await api().post('/v1/accounts/newsletters').set(ada.auth).send(news).expect(403);
});

test('the worker tells its health, and how much waits and ran in each lane', async () => {
  await supertest(workerUrl).get('/readyz').expect(200);
  const { text } = await supertest(workerUrl).get('/metrics').expect(200);
  assert.match(text, /jobs_in_queue\{feature="tickets",lane="urgent",state="waiting"\} 0/);
  assert.match(
    text,
    /job_run_seconds_count\{lane="urgent",job="tickets.receipt",outcome="completed"\} [1-9]/,
  );
  assert.match(text, /job_wait_seconds_count\{lane="bulk",job="accounts.newsletter-batch"\} 3/);
});
