import { createPool } from 'mysql2/promise';
import type { Pool, PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { z } from 'zod';

/** What a statement may be given; times go in and come out as UTC. */
export type SqlValue = string | number | boolean | Date | null;

/** Runs prepared statements, on the pool or inside one transaction. */
export interface Sql {
  /** The rows, each parsed with the schema; a row that does not fit throws. */
  readonly rows: <S extends z.ZodType>(
    schema: S,
    text: string,
    values?: readonly SqlValue[],
  ) => Promise<z.infer<S>[]>;
  /** For what answers no rows. Returns how many rows it touched. */
  readonly run: (text: string, values?: readonly SqlValue[]) => Promise<number>;
}

export interface State extends Sql {
  /**
   * All or nothing. Begun anew, up to five times in all, when MariaDB broke it off because of another
   * transaction, or when it throws a `RetryError`; so `work` must not act outside of it.
   */
  readonly transaction: <T>(work: (sql: Sql) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** Without a password MariaDB takes the operating system's word for who we are (unix_socket). */
export interface StateLogin {
  readonly socketPath: string;
  readonly user: string;
  readonly password?: string;
  readonly database?: string;
  readonly connections?: number;
  /** A statement that has not answered by then fails, and its connection is given up; milliseconds. */
  readonly patienceMs?: number;
}

/** What is being written was written by somebody else in this moment; the transaction begins anew. */
export class RetryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RetryError';
  }
}

const ATTEMPTS = 5;
const PATIENCE_MS = 15_000;

// READ COMMITTED, so that a transaction which waited for a row's lock reads what its predecessor wrote.
const SESSION = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  "SET time_zone = '+00:00', sql_mode = 'TRADITIONAL,NO_BACKSLASH_ESCAPES', innodb_lock_wait_timeout = 10, lock_wait_timeout = 30",
];

/** Opens nothing yet; connections are made when they are needed and remade when they break. */
export function openState(login: StateLogin): State {
  const pool = createPool({
    socketPath: login.socketPath,
    user: login.user,
    password: login.password ?? '',
    database: login.database ?? 'sculptor',
    connectionLimit: login.connections ?? 10,
    queueLimit: 200,
    connectTimeout: 2000,
    timezone: 'Z',
    charset: 'utf8mb4_general_ci',
    jsonStrings: true,
    multipleStatements: false,
  });
  // Commands of one connection run in order: these are done before the first of its borrower.
  pool.pool.on('connection', (connection) => {
    for (const text of SESSION) connection.query(text, () => undefined);
  });
  const patienceMs = login.patienceMs ?? PATIENCE_MS;
  const borrowed = <T>(work: (sql: Sql) => Promise<T>): Promise<T> => withConnection(pool, patienceMs, work);
  return {
    rows: (schema, text, values) => borrowed((sql) => sql.rows(schema, text, values)),
    run: (text, values) => borrowed((sql) => sql.run(text, values)),
    transaction: async (work) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await borrowed((sql) => inTransaction(sql, work));
        } catch (error) {
          if (attempt >= ATTEMPTS || !mayBeTriedAgain(error)) throw error;
        }
      }
    },
    close: () => pool.end(),
  };
}

/** The key that was there already, when that is what the error says. */
export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === 'ER_DUP_ENTRY';
}

/** MariaDB is away, full or stuck: not the fault of what was asked. */
export function isUnavailable(error: unknown): boolean {
  return AWAY.has(codeOf(error)) || String(error) === 'Error: Queue limit reached.';
}

const AWAY: ReadonlySet<string> = new Set([
  'ENOENT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EACCES',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'POOL_CLOSED',
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_USER_LIMIT_REACHED',
  'ER_SERVER_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_LOCK_DEADLOCK',
  'ER_DISK_FULL',
  'ER_RECORD_FILE_FULL',
  'ER_OPTION_PREVENTS_STATEMENT',
]);

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

function mayBeTriedAgain(error: unknown): boolean {
  return error instanceof RetryError || ['ER_LOCK_DEADLOCK', 'ER_CHECKREAD'].includes(codeOf(error));
}

async function inTransaction<T>(sql: Sql, work: (sql: Sql) => Promise<T>): Promise<T> {
  await sql.run('START TRANSACTION');
  const result = await work(sql);
  await sql.run('COMMIT');
  return result;
}

/** After an error the connection goes back only when a rollback was answered: no transaction outlives its work. */
async function withConnection<T>(pool: Pool, patienceMs: number, work: (sql: Sql) => Promise<T>): Promise<T> {
  const connection = await pool.getConnection();
  const sql = over(connection, patienceMs);
  try {
    const result = await work(sql);
    connection.release();
    return result;
  } catch (error) {
    if (!isUnavailable(error) && (await rolledBack(sql))) connection.release();
    else connection.destroy();
    throw error;
  }
}

function rolledBack(sql: Sql): Promise<boolean> {
  return sql.run('ROLLBACK').then(
    () => true,
    () => false,
  );
}

function over(connection: PoolConnection, timeout: number): Sql {
  return {
    rows: async (schema, text, values = []) => {
      const [rows] = await connection.execute<RowDataPacket[]>({ sql: text, timeout }, [...values]);
      return rows.map((row) => schema.parse(row));
    },
    run: async (text, values = []) => {
      const [result] = await connection.execute<ResultSetHeader>({ sql: text, timeout }, [...values]);
      return result.affectedRows;
    },
  };
}
