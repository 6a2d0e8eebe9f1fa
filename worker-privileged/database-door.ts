// SECURITY. Tenant databases are reached through those procedures of `state/procedures.sql` alone that end with a grant to
// the account in the credential file; it can change nothing else. What is given to them are ids and names that a
// schema has passed, as values of prepared statements; the procedures check them again.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { knownCollations } from '../contract/collations.ts';
import type { Collation } from '../contract/collations.ts';
import { failpoint } from '../contract/failpoint.ts';
import { FailureCode, FailureError } from '../contract/failures.ts';
import type { DatabaseId, DatabaseUserId } from '../contract/ids.ts';
import type { State } from '../state/connection.ts';
import { openState } from '../state/connection.ts';
import { changesBy, whileHeld } from './database-changes.ts';
import type { Claim, DatabaseChanges, Statement } from './database-changes.ts';

/** The administrator's credential; the local MariaDB asks for no password. */
export const DatabaseCredential = z.strictObject({
  socketPath: z.string().regex(/^\/[A-Za-z0-9._/-]+$/),
  user: z.string().min(1).max(80),
  password: z.string().optional(),
});
export type DatabaseCredential = z.infer<typeof DatabaseCredential>;

/** The same as MariaDB shows it, which may have others than we know. */
export type ShownSchema = Readonly<Record<'name' | 'charset' | 'collation', string>>;

export interface Octets {
  readonly data: number;
  readonly index: number;
}

/** What the database server has. */
export interface DatabaseFacts {
  readonly collations: readonly Collation[];
  /** The most connections that one account may have. */
  readonly connectionsPerAccount: number;
}

export interface DatabaseDoor extends DatabaseChanges {
  /**
   * The same, for an operation: nothing is changed where it was claimed anew since, or has ended. A worker that hung
   * does not know that. Only where MariaDB has both can it be asked in the statement itself; a MySQL has not the state.
   */
  readonly heldBy: (claim: Claim) => DatabaseChanges;
  /** The schema that is there for this id; undefined where there is none. */
  readonly readDatabase: (id: DatabaseId) => Promise<ShownSchema | undefined>;
  /** How much its tables are; undefined where there is none. */
  readonly measure: (id: DatabaseId) => Promise<Octets | undefined>;
  /** What the server has of the account, for compareGrants; none where there is no account. */
  readonly readUser: (id: DatabaseUserId) => Promise<readonly string[]>;
  readonly facts: () => Promise<DatabaseFacts>;
  /** Ends connections of tenants that reach into what the agent keeps for itself. How many there were. */
  readonly keepConnections: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** Reads the file's credential and throws without quoting it. */
export async function readDatabaseCredential(path: string): Promise<DatabaseCredential> {
  const credential = DatabaseCredential.safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (!credential.success) throw new Error(`${path} holds no usable credential`);
  return credential.data;
}

/** Removing a large schema takes its time. */
const PATIENCE_MS = 300_000;
/** One for each lane of the worker's, and for what is asked besides. */
const CONNECTIONS = 10;

/** Opens nothing yet. */
export function createDatabaseDoor({ socketPath, user, password }: DatabaseCredential): DatabaseDoor {
  const login = {
    socketPath,
    user,
    ...(password === undefined ? {} : { password }),
    database: 'sculptor_door',
  };
  const sql = openState({ ...login, connections: CONNECTIONS, patienceMs: PATIENCE_MS });
  // Made before there is no room for one more, and nobody else's.
  const watching = openState({ ...login, connections: 1 });
  return {
    ...changesBy((change) => call(sql, change)),
    heldBy: (claim) =>
      changesBy(async (change) => call(sql, (await hasState(sql)) ? whileHeld(change, claim) : change)),
    readDatabase: async (id) => {
      const [name, charset, collation] = await read(sql, 'read_database', id);
      if (name === undefined || charset === undefined || collation === undefined) return undefined;
      return { name, charset, collation };
    },
    measure: async (id) => {
      const [data, indexes] = await read(sql, 'measure_database', id);
      return data === undefined ? undefined : { data: Number(data), index: Number(indexes) };
    },
    readUser: (id) => read(sql, 'read_user', id),
    facts: () => readFacts(sql),
    keepConnections: async () => Number((await read(watching, 'keep_connections'))[0]),
    close: () => Promise.all([sql.close(), watching.close()]).then(() => undefined),
  };
}

type Reading = 'read_database' | 'measure_database' | 'read_user' | 'keep_connections';

/** Whether the agent's own state is on the server where tenants' databases are. */
async function hasState(sql: State): Promise<boolean> {
  const text = "SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name = 'sculptor'";
  return (await sql.rows(z.unknown(), text)).length > 0;
}

async function call(sql: State, { procedure, text, values }: Statement): Promise<void> {
  failpoint(`door to ${procedure}: before`);
  try {
    await sql.run(text, values);
    failpoint(`door to ${procedure}: after`);
  } catch (error) {
    throw refusalOf(error) ?? error;
  }
}

/** Each query of a procedure is one of several results, and the last says only that it ended. */
async function read(sql: State, procedure: Reading, ...ids: readonly string[]): Promise<string[]> {
  const text = `CALL sculptor_door.${procedure}(${ids.map(() => '?').join(', ')})`;
  const results = await sql.rows(z.unknown(), text, ids);
  return z
    .array(z.array(z.record(z.string(), z.string())))
    .parse(results.filter(Array.isArray))
    .flatMap((rows) => rows.flatMap((row) => Object.values(row)));
}

/** From MariaDB 10.10 on some collations stand there without their character set. */
const COLLATIONS = `SELECT IF(collation_name LIKE CONCAT(character_set_name, '|_%') ESCAPE '|', collation_name,
    CONCAT(character_set_name, '_', collation_name)) AS name
  FROM information_schema.collation_character_set_applicability`;
const MOST = "SELECT value FROM sculptor_door.setting WHERE name = 'connections_per_account'";

async function readFacts(sql: State): Promise<DatabaseFacts> {
  const names = await sql.rows(z.object({ name: z.string() }), COLLATIONS);
  const [most] = await sql.rows(z.object({ value: z.number() }), MOST);
  if (most === undefined) throw new Error('the door has no limit of connections');
  return {
    collations: knownCollations(names.map(({ name }) => name)),
    connectionsPerAccount: most.value,
  };
}

const Signal = z.object({ sqlState: z.literal('45000'), sqlMessage: FailureCode });

/** A procedure refuses with a failure's code for a message. */
function refusalOf(error: unknown): FailureError | undefined {
  const signal = Signal.safeParse(error);
  if (!signal.success) return undefined;
  const { message, hint } = SENTENCES[signal.data.sqlMessage] ?? OTHER;
  return new FailureError(signal.data.sqlMessage, message, hint);
}

interface Sentence {
  readonly message: string;
  readonly hint: string;
}

const OTHER: Sentence = {
  message: 'The database server refused the request.',
  hint: 'Nothing was changed. The administrator finds the cause in the log of the worker.',
};

const SENTENCES: { readonly [C in FailureCode]?: Sentence } = {
  name_taken: { message: 'The name is in use on this server.', hint: 'Choose another name.' },
  not_ours: {
    message: 'A database or an account of this name, or rights on it, were on this server before.',
    hint: 'Nothing that was not made here is touched. Choose another name, or have it removed by hand.',
  },
  not_ready: {
    message: 'What this belongs to, its database or its tenant, is not on the server.',
    hint: 'Create that first, and look at how its operation ended.',
  },
  executor_unavailable: {
    message: 'Another worker has taken this operation over meanwhile.',
    hint: 'Nothing is to be done: it goes on there.',
  },
  collation_missing: {
    message: 'The database server has no such character set, or no such collation of it.',
    hint: 'GET /v1/server shows which it has.',
  },
  not_found: { message: 'There is no such account on the server.', hint: 'Create it anew.' },
  plan_limit: {
    message: 'The tenant has as many databases, database users, or connections of these, as its plan allows.',
    hint: 'Delete one, ask for fewer connections, or have the plan raised by an administrator.',
  },
  server_full: {
    message: 'The database server has hardly a connection left for one more account.',
    hint: 'Ask again later. The administrator sees who holds them by SHOW PROCESSLIST, and raises max_connections.',
  },
  limit_reached: {
    message: 'As many database users were made or removed, or passwords rotated, in this hour as may be.',
    hint: 'It goes on by itself when there is room. If this is not you, look who has your tokens; cancel what waits.',
  },
};
