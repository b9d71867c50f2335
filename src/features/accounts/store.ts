import type { Role } from '../../http/route.ts';
import type { Queryable } from '../../infrastructure/database.ts';

export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
  createdAt: Date;
}

export type UserWithHash = User & { passwordHash: string };

const COLUMNS = `id, email, name, role, created_at as "createdAt"`;
const first = <Row>([row]: Row[]): Row | undefined => row;

export const insertUser = (db: Queryable, user: Omit<UserWithHash, 'createdAt'>): Promise<User | undefined> =>
  db
    .query<User>(
      `insert into accounts.users (id, email, name, role, password_hash) values ($1, $2, $3, $4, $5)
       on conflict (email) do nothing returning ${COLUMNS}`,
      [user.id, user.email, user.name, user.role, user.passwordHash],
    )
    .then(first);

export const findByEmail = (db: Queryable, email: string): Promise<UserWithHash | undefined> =>
  db
    .query<UserWithHash>(
      `select ${COLUMNS}, password_hash as "passwordHash" from accounts.users where email = $1`,
      [email],
    )
    .then(first);

export const findById = (db: Queryable, id: string): Promise<UserWithHash | undefined> =>
  db
    .query<UserWithHash>(
      `select ${COLUMNS}, password_hash as "passwordHash" from accounts.users where id = $1`,
      [id],
    )
    .then(first);

export const updatePassword = (db: Queryable, id: string, passwordHash: string) =>
  db.query('update accounts.users set password_hash = $2 where id = $1', [id, passwordHash]);

export const updateRole = (db: Queryable, id: string, role: Role): Promise<User | undefined> =>
  db
    .query<User>(`update accounts.users set role = $2 where id = $1 returning ${COLUMNS}`, [id, role])
    .then(first);

/** Users by id, which is time-ordered; after the one with id `after`. */
export const listUsers = (db: Queryable, after: string | undefined, limit: number): Promise<User[]> =>
  db.query<User>(
    `select ${COLUMNS} from accounts.users where $1::uuid is null or id > $1 order by id limit $2`,
    [after, limit],
  );
