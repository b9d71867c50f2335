import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { seatsOf } from '../../src/features/tickets/seats.ts';
import type { Instance } from '../support/cinema.ts';
import { buyAll } from '../support/jobs/buyers.ts';
import { startImmortal, startOwnRedis } from '../support/jobs/chaos.ts';
import { startMailbox } from '../support/jobs/mailbox.ts';
import { registerAndLogIn } from '../support/people.ts';
import { createDatabaseForTest } from '../support/servers.ts';
import { addScreening } from '../support/supplies.ts';

const PER_SECOND = 300;
const SECONDS = 30;
const KILL_EVERY_MS = 1_500;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('kills of APIs, workers and Redis lose no receipt and double none', { timeout: 240_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'multiplex-chaos-'));
  const redis = await startOwnRedis(folder);
  const database = await createDatabaseForTest();
  const mailbox = await startMailbox();
  const env = redis.env({ DATABASE_URL: database.url, SMTP_URL: mailbox.url, LOG_LEVEL: 'info' });
  const apis = await Promise.all([startImmortal('api', env), startImmortal('api', env)]);
  const workers = await Promise.all([startImmortal('worker', env), startImmortal('worker', env)]);
  t.after(async () => {
    await Promise.all([...apis, ...workers].map((process) => process.end()));
    await Promise.all([mailbox.close(), redis.close(), database.drop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const urls = apis.map((api) => api.url);
  const { accessToken } = await registerAndLogIn({ url: urls[0] } as Instance);
  const purchases = [];
  while (purchases.length < PER_SECOND * SECONDS) {
    const screeningId = await addScreening(database.pool, { rows: 26, seatsPerRow: 99 });
    purchases.push(...seatsOf({ rows: 26, seatsPerRow: 99 }).map((seat) => ({ screeningId, seat })));
  }
  purchases.length = PER_SECOND * SECONDS;

  let buying = true;
  const kills = { api: 0, worker: 0, redis: 0 };
  const killing = (async () => {
    for (let round = 0; buying; round += 1) {
      await pause(KILL_EVERY_MS);
      if (round % 4 === 2) {
        kills.redis += 1;
        await redis.restart();
      } else if (Math.random() < 0.5) {
        kills.api += 1;
        await apis[round % 2]?.murder();
      } else {
        kills.worker += 1;
        await workers[round % 2]?.murder();
      }
    }
  })();
  const startedAt = performance.now();
  const retries = await buyAll(urls, accessToken, purchases, PER_SECOND);
  buying = false;
  const seconds = (performance.now() - startedAt) / 1_000;
  await killing;

  const count = async (sql: string) => Number((await database.pool.query(sql)).rows[0].count);
  const RECEIPTS = `select count(*) from tickets.jobs where name = 'tickets.receipt'`; // not what the clock starts
  const undone = () => count(`${RECEIPTS} and done_at is null`);
  const deadline = performance.now() + 90_000;
  while ((await undone()) > 0 && performance.now() < deadline) await pause(100);

  const bought = await count('select count(*) from tickets.purchases');
  const done = await count(`${RECEIPTS} and done_at is not null`);
  const mails = [...mailbox.received.values()].reduce((sum, times) => sum + times, 0);
  t.diagnostic(
    `${bought} purchases in ${seconds.toFixed(1)} s, ${retries} retries, kills ${JSON.stringify(kills)}`,
  );
  t.diagnostic(
    `${done} receipts done, ${mailbox.received.size} different mails, ${mails - mailbox.received.size} repeated`,
  );
  assert.equal(bought, purchases.length);
  assert.equal(done, purchases.length, 'each purchase has one receipt done');
  assert.equal(mailbox.received.size, purchases.length, 'each receipt was mailed');
  // A worker that is killed between the mail server's yes and its own commit sends that mail again: the same mail, by
  // its Message-ID. No more than its jobs at a time.
  assert.ok(mails - mailbox.received.size <= (kills.worker + kills.redis * 2) * 8 * 2);
});
