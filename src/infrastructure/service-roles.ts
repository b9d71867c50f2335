import pg from 'pg';
import type { Transaction } from './database.ts';

/** The role of a schema's own service. Roles are the whole server's, so it also has the name of the database. */
export const roleName = (database: string, schema: string) => `${database}_${schema}`;

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
      ${known.length > 0 ? 'alter' : 'create'} role ${role} login password ${pg.escapeLiteral(password)};
      grant usage on schema ${schema} to ${role};
      grant select, insert, update, delete on all tables in schema ${schema} to ${role};
      grant usage on all sequences in schema ${schema} to ${role}`);
  }
};
