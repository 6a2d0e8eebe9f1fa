import { createConnection, type Connection } from 'mysql2/promise';
import { createDatabase, createUser, unique, type Login } from '../machine/agent.ts';

/** A tenant's database and an account in it, with the password in hand. */
export type Tenancy = { readonly id: string; readonly name: string; readonly login: Login };

export async function createTenancy(
  name = unique('t'),
  { privileges = 'all', user = unique('u') } = {},
): Promise<Tenancy> {
  const { id } = await createDatabase(name);
  return { id, name, login: await createUser(id, { name: user, privileges }) };
}

const sessions: Connection[] = [];

export function endSessions(): void {
  for (const session of sessions.splice(0)) session.destroy();
}

/** A session that stays open: what it was let in with may be gone long since. */
export async function openSession({ login, name }: Tenancy, more: object = {}): Promise<Connection> {
  const { name: user, password } = login;
  const socketPath = '/run/mysqld/mysqld.sock';
  const session = await createConnection({ socketPath, user, password, database: name, ...more });
  // Where the server ends it, that is for the next statement to say.
  session.on('error', () => undefined);
  sessions.push(session);
  return session;
}

/** What comes of a statement: the name of its error, or `done`. */
export async function tryIn(session: Connection, statement: string): Promise<string> {
  try {
    await session.query(statement);
    return 'done';
  } catch (error) {
    const { code, errno } = error as { code?: string; errno?: number };
    return code === undefined || code === 'UNKNOWN_CODE_PLEASE_REPORT' ? `ERROR ${errno}` : code;
  }
}

/** Each in order, whatever becomes of those before it. */
export async function tryAll(tenancy: Tenancy, statements: readonly string[]): Promise<readonly string[]> {
  const session = await openSession(tenancy);
  const came: string[] = [];
  for (const statement of statements) came.push(await tryIn(session, statement));
  session.destroy();
  return came;
}
