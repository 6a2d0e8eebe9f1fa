// SECURITY. What is played back is a file of root's, in a folder of root's, read through and compared with its hash before
// anything is changed. It runs as MariaDB's root, and in it is what mariadb-dump wrote of two schemas of ours.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import type { StateDumpName } from '../../../contract/state-dumps.ts';
import { sqlInteger, sqlMoment, sqlText } from '../render/sql.ts';
import type { Commands } from './command.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import { paths } from './paths.ts';
import { rootLogin, type RootSql } from './root-sql.ts';
import { createStateCarried, type StateCarried } from './state-carried.ts';
import { createStateLock, type StateLock } from './state-lock.ts';

type Schema = 'sculptor' | 'sculptor_door';

export type StateRestore = {
  /** Whether there is anything of the state, be it damaged. */
  readonly isThere: () => Promise<boolean>;
  /** Whether the door is there with the tables that all else hangs on. */
  readonly hasDoor: () => Promise<boolean>;
  /** How much of the present state is younger than that. */
  readonly youngerThan: (at: string) => Promise<Younger>;
  readonly lock: StateLock;
  readonly carried: StateCarried;
  /** In the place of what is there. */
  readonly playBack: (name: StateDumpName, schema: Schema) => Promise<void>;
  /** The migrations that the code here knows and the state has not gone through, then who may do what, and the procedures. */
  readonly bringUp: () => Promise<readonly string[]>;
  /** Those that the code here has. */
  readonly migrations: () => Promise<readonly string[]>;
  /** What is numbered goes on from numbers that nobody has seen. */
  readonly leaveNumbers: () => Promise<void>;
};

export type Younger = { readonly operations: number; readonly resources: number; readonly tokens: number };

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Pick<Files, 'read'>;
  readonly folders: Pick<Folders, 'list'>;
  readonly sql: RootSql;
  readonly socketPath: string;
};

const LIMIT_MS = 3 * 3_600_000;
/** More than are written in a day. */
const NUMBERS_LEFT = 1_000_000;
const Numbered = z.string().regex(/^[a-z_]{1,64}$/);
const AGAIN = ['accounts.sql', 'dialects/mariadb.sql', 'procedures.sql', 'procedures-root.sql'] as const;
const DOOR = ['managed_database', 'managed_user', 'setting'] as const;

export function createStateRestore(tools: Tools): StateRestore {
  const { files, folders, sql } = tools;
  const migrations = async () =>
    (await folders.list(`${paths.stateSql}/migrations`)).filter((name) => name.endsWith('.sql')).sort();
  return {
    isThere: async () => {
      const count = await sql(
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'sculptor';",
      );
      return Number(count) > 0;
    },
    hasDoor: async () => {
      const names = DOOR.map((name) => `'${name}'`).join(', ');
      const count = await sql(`SELECT COUNT(*) FROM information_schema.tables
        WHERE table_schema = 'sculptor_door' AND table_name IN (${names});`);
      return Number(count) === DOOR.length;
    },
    youngerThan: async (at) => {
      const since = `CONVERT(${sqlMoment(at)}, DATETIME(3))`;
      const line = await sql(`USE sculptor; SELECT JSON_OBJECT(
        'operations', (SELECT COUNT(*) FROM operation WHERE created_at >= ${since}),
        'resources', (SELECT COUNT(*) FROM operation WHERE created_at >= ${since} AND kind LIKE '%.create'),
        'tokens', (SELECT COUNT(*) FROM token WHERE created_at >= ${since}));`);
      return z
        .strictObject({ operations: z.int(), resources: z.int(), tokens: z.int() })
        .parse(JSON.parse(line));
    },
    lock: createStateLock(sql),
    carried: createStateCarried(sql),
    playBack: (name, schema) => playBack(tools, name, schema),
    migrations,
    bringUp: async () => {
      const applied = new Set((await sql('SELECT name FROM sculptor.migration;')).split('\n'));
      const missing = (await migrations()).filter((name) => !applied.has(name));
      for (const name of missing) await apply(tools, `migrations/${name}`, name);
      for (const name of AGAIN) await apply(tools, name, name);
      return missing;
    },
    leaveNumbers: async () => {
      // Whichever there are: a table that is new needs no word here.
      const tables = await sql(`SELECT table_name FROM information_schema.columns
        WHERE table_schema = 'sculptor' AND column_name = 'seq' AND extra LIKE '%auto_increment%';`);
      for (const line of tables.split('\n').filter(Boolean)) {
        const table = Numbered.parse(line);
        const last = await sql(`SELECT COALESCE(MAX(seq), 0) FROM sculptor.${table};`);
        await sql(
          `ALTER TABLE sculptor.${table} AUTO_INCREMENT = ${sqlInteger(Number(last) + NUMBERS_LEFT)};`,
        );
      }
    },
  };

  async function apply(to: Tools, file: string, name: string): Promise<void> {
    const text = await files.read(`${paths.stateSql}/${file}`);
    if (text === null) throw new Error(`${paths.stateSql}/${file} is not there`);
    await to.commands.run({
      file: '/usr/bin/mariadb',
      args: [
        ...rootLogin(to.socketPath),
        ...['--batch', '--skip-column-names', '--default-character-set=utf8mb4'],
        "--init-command=SET SESSION sql_mode = 'TRADITIONAL', time_zone = '+00:00'",
        '--database=sculptor',
      ],
      stdin: text,
      timeoutMs: LIMIT_MS,
    });
    const sha256 = createHash('sha256').update(text).digest('hex');
    await sql(`REPLACE INTO sculptor.migration VALUES (${sqlText(name)}, '${sha256}', UTC_TIMESTAMP(3));`);
  }
}

async function playBack(
  { commands, sql, socketPath }: Tools,
  name: StateDumpName,
  schema: Schema,
): Promise<void> {
  const file = schema === 'sculptor' ? 'state.sql.gz' : 'door.sql.gz';
  await sql(`DROP DATABASE IF EXISTS ${schema}; CREATE DATABASE ${schema} CHARACTER SET utf8mb4;`);
  await commands.run({
    file: '/usr/bin/mariadb',
    args: [
      ...rootLogin(socketPath),
      ...['--batch', '--binary-mode', '--local-infile=0', '--skip-reconnect', '--connect-timeout=10'],
      ...['--max-allowed-packet=1G', '--default-character-set=utf8mb4', `--database=${schema}`],
    ],
    feed: (input: Writable) =>
      pipeline(createReadStream(`${paths.stateDump(name)}/${file}`), createGunzip(), input),
    drain: (output: Readable) => finished(output.resume()),
    timeoutMs: LIMIT_MS,
  });
}
