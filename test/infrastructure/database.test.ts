import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDatabase, type Database } from '../../src/infrastructure/database.ts';
import { createLogger } from '../../src/infrastructure/logger.ts';
import { requestContext } from '../../src/infrastructure/request-context.ts';
import { createLogs } from '../support/logs.ts';
import { createDatabaseForTest, type TestDatabase } from '../support/servers.ts';
import { waitFor } from '../support/wait.ts';

let made: TestDatabase;
let database: Database;
before(async () => {
  made = await createDatabaseForTest();
  await made.pool.query('create table marks (mark text primary key)');
  database = createDatabase(
    { url: made.url, poolSize: 1 },
    createLogger({ level: 'silent', instance: 'test' }),
  );
});
after(async () => {
  await database.close();
  await made.drop();
});

const INSERT = 'insert into marks (mark) values ($1)';
const marks = async () =>
  (await database.query<{ mark: string }>('select mark from marks order by mark')).map(({ mark }) => mark);

test('what is sent without waiting is done in order, and committed with the rest', async () => {
  let committed = false;
  const seen = await database.transaction(async (transaction) => {
    transaction.send(INSERT, ['a']);
    transaction.send(INSERT, ['b']);
    transaction.afterCommit(() => {
      committed = true;
    });
    return transaction.query<{ count: number }>('select count(*)::int as count from marks');
  });
  assert.deepEqual([seen[0]?.count, committed, await marks()], [2, true, ['a', 'b']]);
});

test('a sent statement that fails undoes the transaction and says why, though its end was sent already', async () => {
  let committed = false;
  const fails = database.transaction(async (transaction) => {
    transaction.send(INSERT, ['c']);
    transaction.send(INSERT, ['a']);
    transaction.afterCommit(() => {
      committed = true;
    });
  });
  await assert.rejects(fails, { code: '23505' });
  assert.deepEqual([committed, await marks()], [false, ['a', 'b']]);
});

test('a statement that fails because one ahead of it did tells the first failure', async () => {
  const fails = database.transaction(async (transaction) => {
    transaction.send(INSERT, ['a']);
    await transaction.query('select 1');
  });
  await assert.rejects(fails, { code: '23505' });
});

test('a statement that was first prepared behind a failure works on the same connection afterwards', async () => {
  const late = 'select 2 as two';
  const fails = database.transaction(async (transaction) => {
    transaction.send(INSERT, ['a']);
    await transaction.query(late);
  });
  await assert.rejects(fails, { code: '23505' });
  assert.deepEqual(await database.query(late), [{ two: 2 }]);
});

test('an idle connection that is lost is not logged as the request that once opened it', async () => {
  const logs = createLogs();
  const logger = createLogger({ level: 'warn', instance: 'test' }, logs);
  const own = createDatabase({ url: made.url, poolSize: 1 }, logger);
  const [row] = await requestContext.run({ requestId: 'opener' }, () =>
    own.query<{ pid: number }>('select pg_backend_pid() as pid'),
  );
  const lost = () => logs.lines().find(({ msg }) => msg === 'postgres dropped an idle connection');
  await made.pool.query('select pg_terminate_backend($1)', [row?.pid]);
  await waitFor('the line', () => lost() !== undefined);
  await own.close();
  assert.equal(lost()?.requestId, undefined);
});
