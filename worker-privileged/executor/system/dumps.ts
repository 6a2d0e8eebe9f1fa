import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, stat, truncate, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import type { PasswordHash } from '../../../contract/databases.ts';
import type { DatabaseId } from '../../../contract/ids.ts';
import { DatabaseName } from '../../../contract/names.ts';
import { because } from './because.ts';
import { CommandError } from './command.ts';
import type { TenantsServer } from './config.ts';
import type { DoorSql } from './door-sql.ts';
import type { LentClient } from './lent-client.ts';
import { newPassword } from './passwords.ts';
import { draftOf, flush, requireRootsOwn } from './own-path.ts';
import { listViews, shownViews } from './views.ts';

/** However large a database is, its dump ends; one that is not is no reason to take longer. */
const MOST_MS = 3.5 * 3_600_000;
const LEAST_MS = 15 * 60_000;
const MS_PER_MIB = 1000;

/** What a dump ends with, and no row of it does: there it sets back what it set at its beginning. */
const ITS_END = /SET (?:SQL_NOTES=@OLD_SQL_NOTES|NOTE_VERBOSITY=@OLD_NOTE_VERBOSITY) \*\/;\s*$/;

/** What is dumped of a database. */
export type Dumped = { readonly id: DatabaseId; readonly name: DatabaseName };

/** The views that could not be kept: MariaDB itself cannot show them. */
export type Dump = { readonly leftOut: readonly string[] };

/**
 * One run of mariadb-dump, by an account that is lent for it. Never as MariaDB's root. Asked to show a view, MariaDB works
 * out what is constant in it and so runs functions of the tenant's, with the rights of who asks. The source of routines is
 * shown to who may read that of all: to an account that sees no table and no view. They come first, for views use them;
 * views come last, by themselves, so that none that errs or never answers keeps the tables from being dumped.
 */
type Part = {
  readonly purpose: 'routines' | 'dump' | 'views';
  readonly args: readonly string[];
  readonly only?: readonly string[];
};

const ROUTINES: Part = {
  purpose: 'routines',
  args: ['--routines', '--skip-lock-tables', '--no-create-info', '--no-data', '--skip-triggers'],
};

/** Locked, nothing changes what it is between being looked at and being read. */
function tablesWithout(name: DatabaseName, views: readonly string[]): Part {
  const ignored = views.map((view) => `--ignore-table=${name}.${view}`);
  return {
    purpose: 'dump',
    args: ['--lock-tables', '--quick', '--hex-blob', '--events', '--triggers', ...ignored],
  };
}

function viewsAlone(only: readonly string[]): Part {
  return { purpose: 'views', args: ['--skip-lock-tables', '--no-data', '--skip-triggers'], only };
}

const COMMON: readonly string[] = [
  // They repeat names, and a name may hold a line that is a command to who plays the dump back.
  '--skip-comments',
  '--default-character-set=utf8mb4',
  '--max-allowed-packet=1G',
];

type Tools = { readonly client: LentClient; readonly hashOf: (password: string) => PasswordHash } & Pick<
  TenantsServer,
  'dumper'
> &
  DoorSql;

type Dumping = Dumped & { readonly draft: string; readonly limitMs: number };

/** Writes the database to a file that only root reads; there is no file where it did not end well. */
export function createDump(tools: Tools) {
  return async ({ id, name }: Dumped, file: string): Promise<Dump> => {
    await requireRootsOwn(dirname(file));
    if ((await tools.rows(endlessQuery(name))).length > 0) throw endless();
    const draft = draftOf(file);
    try {
      const views = await listViews(tools, name);
      const dumping = { id, name, draft, limitMs: await limitFor(tools, name) };
      await dumpPart(tools, dumping, ROUTINES);
      await dumpPart(tools, dumping, tablesWithout(name, views));
      const leftOut = await dumpViews(tools, dumping, views);
      await synced(draft);
      await rename(draft, file);
      await flush(dirname(file));
      return { leftOut };
    } catch (cause) {
      await unlink(draft).catch(() => undefined);
      throw cause instanceof CommandError ? because(cause, incomplete()) : cause;
    }
  };
}

/** A function that stands in a view can show it once and not again: after a second time none of them is kept. */
const TIMES = 2;

/** All that can be shown, and answers which cannot. */
async function dumpViews(
  tools: Tools,
  dumping: Dumping,
  views: readonly string[],
): Promise<readonly string[]> {
  const { size } = await stat(dumping.draft);
  for (let time = 0; time < TIMES; time += 1) {
    const shown = await shownViews(tools, dumping, views);
    if (shown.length === 0) break;
    try {
      await dumpPart(tools, dumping, viewsAlone(shown));
      return views.filter((view) => !shown.includes(view));
    } catch (cause) {
      if (!(cause instanceof CommandError)) throw cause;
      await truncate(dumping.draft, size);
    }
  }
  return views;
}

/** The text of a dump: archives, one after the other. */
export function readDump(file: string): readonly [Readable, Transform] {
  return [createReadStream(file), createGunzip()];
}

async function dumpPart(
  { client, call, hashOf, dumper }: Tools,
  { id, name, draft, limitMs }: Dumping,
  { purpose, args, only = [] }: Part,
): Promise<void> {
  const tail = createTail();
  const account = `sculptor-${purpose}-${id}`;
  const password = newPassword();
  const command = {
    file: dumper.file,
    args: [...args, ...COMMON, ...dumper.args, '--', DatabaseName.parse(name), ...only],
    timeoutMs: limitMs,
    drain: (output: Readable) =>
      pipeline(output, tail.stream, createGzip(), createWriteStream(draft, { flags: 'a', mode: 0o600 })),
  } as const;
  if (Buffer.byteLength(command.args.join('\0')) > MOST_ARGS_BYTES) throw tooManyViews();
  const begun = performance.now();
  await call('lend', [id, account, hashOf(password)]);
  try {
    await client({ account, password }, command);
  } catch (cause) {
    throw performance.now() - begun >= limitMs ? because(cause, tooSlow(limitMs)) : cause;
  } finally {
    await call('take_back', [id, account, hashOf(password)]);
  }
  if (!ITS_END.test(tail.text())) throw incomplete();
}

/** A system takes two megabytes at most. */
const MOST_ARGS_BYTES = 1_000_000;

/** As long as its tables are large, as InnoDB notes it of each. */
async function limitFor({ rows }: Pick<Tools, 'rows'>, name: DatabaseName): Promise<number> {
  const [octets] =
    await rows(`SELECT CAST(COALESCE(SUM(clustered_index_size), 0) * @@innodb_page_size AS UNSIGNED)
    FROM mysql.innodb_table_stats WHERE database_name = '${DatabaseName.parse(name)}'`);
  return Math.min(MOST_MS, LEAST_MS + (z.number().parse(octets) / 1024 ** 2) * MS_PER_MIB);
}

async function synced(draft: string): Promise<void> {
  const file = await open(draft, 'r');
  await file.sync().finally(() => file.close());
}

/** Passes everything on and remembers the end of it. */
function createTail(): { readonly stream: Transform; readonly text: () => string } {
  let last = Buffer.alloc(0);
  const stream = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      last = Buffer.concat([last, chunk]).subarray(-200);
      done(null, chunk);
    },
  });
  return { stream, text: () => last.toString('latin1') };
}

/** At an event with two semicolons in a row mariadb-dump, of whatever version, looks for another delimiter for ever. */
function endlessQuery(name: DatabaseName): string {
  return `SELECT JSON_QUOTE('event') FROM sculptor_door.server_event
    WHERE db = '${DatabaseName.parse(name)}' AND INSTR(CONCAT(name, comment, body), ';;') LIMIT 1`;
}

function endless(): FailureError {
  return new FailureError(
    'not_ready',
    'An event in the database has two semicolons in a row, at which mariadb-dump would never end.',
    'Change or drop that event, then ask again. The database was not removed.',
  );
}

function incomplete(): FailureError {
  return new FailureError(
    'not_ready',
    'The database could not be dumped in full, so it was not removed.',
    'A table in it may be broken, or the disk full: mend or drop it, then ask again. The log says which.',
  );
}

function tooSlow(limitMs: number): FailureError {
  return new FailureError(
    'not_ready',
    `The database could not be dumped within ${Math.round(limitMs / 60_000)} minutes, so it was not removed.`,
    'For its size that is more than enough: look what holds its tables, or keeps the server busy, then ask again.',
  );
}

function tooManyViews(): FailureError {
  return new FailureError(
    'not_ready',
    'The database has more views than a dump can name, so it was not removed.',
    'Drop some of its views, then ask again.',
  );
}
