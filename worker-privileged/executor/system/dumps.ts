import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
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

const LIMIT_MS = 3.5 * 3_600_000;

/** What a dump ends with, and no row of it does: there it sets back what it set at its beginning. */
const ITS_END = /SET (?:SQL_NOTES=@OLD_SQL_NOTES|NOTE_VERBOSITY=@OLD_NOTE_VERBOSITY) \*\/;\s*$/;

/** What is dumped of a database. */
export type Dumped = { readonly id: DatabaseId; readonly name: DatabaseName };

/** One run of mariadb-dump, by an account that is lent for it. */
type Part = { readonly purpose: 'routines' | 'dump'; readonly args: readonly string[] };

/**
 * Never as MariaDB's root. Asked to show a view, MariaDB works out what is constant in it and so runs functions of the
 * tenant's, with the rights of who asks. The source of routines is shown to who may read that of all: to an account that
 * sees no table and no view. They come first, for views use them.
 */
const PARTS: readonly Part[] = [
  {
    purpose: 'routines',
    args: ['--routines', '--skip-lock-tables', '--no-create-info', '--no-data', '--skip-triggers'],
  },
  // Locked, nothing changes what it is between being looked at and being read.
  { purpose: 'dump', args: ['--lock-tables', '--quick', '--hex-blob', '--events', '--triggers'] },
];

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

/** Writes the whole database to a file that only root reads; there is no file where it did not end well. Bytes. */
export function createDump(tools: Tools) {
  return async ({ id, name }: Dumped, file: string): Promise<number> => {
    await requireRootsOwn(dirname(file));
    if ((await tools.rows(endlessQuery(name))).length > 0) throw endless();
    const draft = draftOf(file);
    try {
      for (const part of PARTS) await dumpPart(tools, { id, name, draft, ...part });
      await synced(draft);
      const { size } = await stat(draft);
      await rename(draft, file);
      await flush(dirname(file));
      return size;
    } catch (cause) {
      await unlink(draft).catch(() => undefined);
      throw cause instanceof CommandError ? because(cause, incomplete()) : cause;
    }
  };
}

/** The text of a dump: archives, one after the other. */
export function readDump(file: string): readonly [Readable, Transform] {
  return [createReadStream(file), createGunzip()];
}

async function dumpPart(
  { client, call, hashOf, dumper }: Tools,
  { id, name, draft, purpose, args }: Dumped & Part & { readonly draft: string },
): Promise<void> {
  const tail = createTail();
  const account = `sculptor-${purpose}-${id}`;
  const password = newPassword();
  const command = {
    file: dumper.file,
    args: [...args, ...COMMON, ...dumper.args, '--', DatabaseName.parse(name)],
    timeoutMs: LIMIT_MS,
    drain: (output: Readable) =>
      pipeline(output, tail.stream, createGzip(), createWriteStream(draft, { flags: 'a', mode: 0o600 })),
  } as const;
  await call('lend', [id, account, hashOf(password)]);
  try {
    await client({ account, password }, command);
  } finally {
    await call('take_back', [id, account, hashOf(password)]);
  }
  if (!ITS_END.test(tail.text())) throw incomplete();
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
    'A view or a table in it may be broken, or the disk full: mend or drop it, then ask again. The log says which.',
  );
}
