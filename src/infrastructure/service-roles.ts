import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Transaction } from './database.ts';

/** The role of a schema's own service. Roles are the whole server's, so it also has the name of the database. */
export const roleName = (database: string, schema: string) => `${database}_${schema}`;

const ITERATIONS = 4_096; // PostgreSQL's own default, scram_iterations

/**
 * The password as PostgreSQL stores it (RFC 5803), which it takes in place of the password itself: so statement logs and
 * pg_stat_statements never hold one. For passwords of ASCII, which SASLprep leaves alone.
 */
const scramVerifier = (password: string): string => {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const keyed = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(keyed('Client Key')).digest('base64');
  const serverKey = keyed('Server Key').toString('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
};

/**
 * Makes, for each schema with a password, a role that can use its tables and no others, nor change them. Whoever calls
 * must own the schemas and be allowed to make roles (CREATEROLE).
 */
export const prepareRoles = async (
  transaction: Transaction,
  passwords: Readonly<Record<string, string>>,
): Promise<void> => {
  const [row] = await transaction.query<{ database: string }>('select current_database() as database');
  for (const [schema, password] of Object.entries(passwords)) {
    const name = roleName(row?.database ?? '', schema);
    const known = await transaction.query('select from pg_roles where rolname = $1', [name]);
    const role = pg.escapeIdentifier(name);
    await transaction.run(`
      ${known.length > 0 ? 'alter' : 'create'} role ${role} login password ${pg.escapeLiteral(scramVerifier(password))};
      grant usage on schema ${schema} to ${role};
      grant select, insert, update, delete on all tables in schema ${schema} to ${role};
      grant usage on all sequences in schema ${schema} to ${role}`);
  }
};
