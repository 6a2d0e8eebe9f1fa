import { FailureCode, FailureError } from '../../../contract/failures.ts';
import { sqlText } from '../render/sql.ts';
import { CommandError } from './command.ts';
import type { RootSql } from './root-sql.ts';

/** The door's procedures that are root's alone, and its tables. */
export type DoorSql = {
  /** What a query answers that makes one JSON text of each row. */
  readonly rows: (query: string) => Promise<readonly unknown[]>;
  /** Calls a procedure; its refusal is thrown as the failure that it names. Answers lines. */
  readonly call: (procedure: string, values: readonly string[]) => Promise<readonly string[]>;
};

export function createDoorSql(sql: RootSql): DoorSql {
  const lines = async (statement: string) =>
    (await sql(`${statement};`).catch(nameRefusal)).split('\n').slice(0, -1);
  return {
    rows: async (query) => (await lines(query)).map((line): unknown => JSON.parse(line)),
    call: (procedure, values) => lines(`CALL sculptor_door.${procedure}(${values.map(sqlText).join(', ')})`),
  };
}

/** ERROR 1644 is a procedure's own refusal, with a failure's code for a message. */
function nameRefusal(failure: unknown): never {
  const { cause } = failure as { readonly cause?: unknown };
  if (!(cause instanceof CommandError)) throw failure;
  const said = /^ERROR 1644 \(45000\) at line \d+: ([a-z_]+)$/m.exec(cause.stderr)?.[1];
  const code = FailureCode.safeParse(said);
  if (!code.success) throw failure;
  const { message, hint } = SENTENCES[code.data] ?? OTHER;
  throw new FailureError(code.data, message, hint);
}

type Sentence = { readonly message: string; readonly hint: string };

const OTHER: Sentence = {
  message: 'The database server refused what was asked of it.',
  hint: 'The log of the executor has what it said.',
};

const SENTENCES: { readonly [C in FailureCode]?: Sentence } = {
  name_taken: {
    message: 'The name of the database, or of an account of it, is in use on this server by now.',
    hint: 'It stays in the trash. Delete what has the name, then restore it again.',
  },
  not_ours: {
    message: 'A database or an account of that name was made on this server by somebody else by now.',
    hint: 'It stays in the trash. What was not made here is not touched: have it removed by hand, then restore again.',
  },
  plan_limit: {
    message: 'The tenant has as many databases, database users, or connections of these, as its plan allows.',
    hint: 'It stays in the trash. Delete another, or have the plan raised by an administrator.',
  },
  not_ready: {
    message: 'The tenant this is for is not on the server.',
    hint: 'Restore the tenant first.',
  },
  database_unavailable: {
    message: 'A session or a transaction that has not ended holds a table of the database.',
    hint: 'It was tried several times. See in MariaDB who holds it, and ask again: what was done is not done twice.',
  },
  mismatch: {
    message: 'The database was removed and is still there.',
    hint: "Look at the database server's log; files that are not its own may lie in the database's folder.",
  },
};
