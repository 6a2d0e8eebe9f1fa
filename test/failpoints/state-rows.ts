import { createPool, type RowDataPacket } from 'mysql2/promise';
import { z } from 'zod';
import { SOCKET_OF_MARIADB } from '../machine/server.ts';

/* What MariaDB has of ours: the state, the door's own notes, every account with its rights, every schema. */

const pool = createPool({
  socketPath: SOCKET_OF_MARIADB,
  user: 'root',
  connectionLimit: 2,
  dateStrings: true,
});

export const closeStateRows = (): Promise<void> => pool.end();

/** Told of by the clock, or of how often something was tried; the rest has to be the same however it came about. */
const LEFT_OUT = new Set([
  ...[
    'server',
    'server_fact',
    'operation_step',
    'part_report',
    'cron_report',
    'domain_size',
    'database_size',
  ],
  ...['health_sample', 'alarm', 'site_check'],
  ...['token', 'token_use', 'migration', 'setting', 'audit_seal', 'next_row'],
]);
/** And what an API has answered: that a repetition is answered the same is looked at by itself. */
const COUNTING = new Set(['epoch', 'attempt', 'started_at', 'ended_at', 'response']);

/**
 * Root's own log, of which the state has a copy, says each attempt; that somebody asked again is no effect; and the server may be
 * busy while it is looked at.
 */
const ONLY = new Map([
  ['sculptor.audit', "WHERE actor NOT IN ('executor', 'root') AND outcome <> 'replayed'"],
  ['sculptor.notification', "WHERE kind NOT IN ('alarm', 'alarm_over')"],
]);

type Table = { readonly name: string; readonly columns: readonly string[] };

export async function rows<S extends z.ZodType>(
  schema: S,
  text: string,
  values: readonly string[] = [],
): Promise<readonly z.infer<S>[]> {
  const [found] = await pool.query<RowDataPacket[]>(text, [...values]);
  return found.map((row) => schema.parse(row));
}

const Column = z.object({ name: z.string(), col: z.string(), extra: z.string() });

let tables: readonly Table[] | undefined;

async function findTables(): Promise<readonly Table[]> {
  const found = await rows(
    Column,
    `SELECT CONCAT(table_schema, '.', table_name) AS name, column_name AS col, extra
       FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
       WHERE table_schema IN ('sculptor', 'sculptor_door') AND table_type = 'BASE TABLE' ORDER BY 1, ordinal_position`,
  );
  const columns = new Map<string, string[]>();
  for (const { name, col, extra } of found) {
    if (LEFT_OUT.has(name.split('.')[1] ?? '')) continue;
    const own = columns.get(name) ?? [];
    columns.set(name, own);
    if (!COUNTING.has(col) && !extra.includes('auto_increment')) own.push(`\`${col}\``);
  }
  return [...columns].map(([name, its]) => ({ name, columns: its }));
}

const ACCOUNTS = ['global_priv', 'db', 'tables_priv', 'columns_priv', 'procs_priv', 'roles_mapping'];

export async function stateRows(): Promise<string[]> {
  tables ??= await findTables();
  const all = [
    ...tables,
    ...ACCOUNTS.map((name) => ({ name: `mysql.${name}`, columns: ['*'] })),
    { name: 'information_schema.schemata', columns: ['*'] },
  ];
  const found = await Promise.all(
    all.map(async ({ name, columns }) =>
      (await rows(z.unknown(), `SELECT ${columns.join(', ')} FROM ${name} ${ONLY.get(name) ?? ''}`)).map(
        (row) => `row of ${name} ${JSON.stringify(row)}`,
      ),
    ),
  );
  return found.flat();
}
