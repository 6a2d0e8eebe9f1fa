import { createWriteStream } from 'node:fs';
import { open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { FailureError } from '../../../contract/failures.ts';
import { DatabaseId } from '../../../contract/ids.ts';
import { DatabaseName } from '../../../contract/names.ts';
import { because } from './because.ts';
import { CommandError, type Commands } from './command.ts';
import { draftOf, flush, requireRootsOwn } from './own-path.ts';

export type Mariadb = {
  /** The name of a database that the agent made and that is there; null for any other. */
  readonly findDatabase: (id: DatabaseId) => Promise<DatabaseName | null>;
  /** Writes the whole database to a file that only root reads; there is no file where it did not end well. Bytes. */
  readonly dump: (name: DatabaseName, file: string) => Promise<number>;
};

const DUMP_LIMIT_MS = 3.5 * 3_600_000;
const LAST_LINE = '-- Dump completed';

type Tools = { readonly commands: Pick<Commands, 'run'>; readonly socketPath: string };

export function createMariadb({ commands, socketPath }: Tools): Mariadb {
  // As root, whom MariaDB knows by the socket; no option file is read, whoever wrote it.
  const login = ['--no-defaults', '--protocol=socket', `--socket=${socketPath}`, '--user=root'];

  return {
    findDatabase: async (id) => {
      const answer = await commands
        .run({
          file: '/usr/bin/mariadb',
          args: [...login, '--batch', '--skip-column-names', '--connect-timeout=10'],
          stdin: findQuery(id),
        })
        .catch((cause: unknown) => {
          throw cause instanceof CommandError ? because(cause, unavailable()) : cause;
        });
      return answer === '' ? null : DatabaseName.parse(answer.replace(/\n$/, ''));
    },
    dump: async (name, file) => {
      await requireRootsOwn(dirname(file));
      const draft = draftOf(file);
      try {
        await dumpTo(draft, { commands, login, name });
        const { size } = await stat(draft);
        await rename(draft, file);
        await flush(dirname(file));
        return size;
      } catch (cause) {
        await unlink(draft).catch(() => undefined);
        throw cause instanceof CommandError ? because(cause, incomplete()) : cause;
      }
    },
  };
}

function findQuery(id: DatabaseId): string {
  return `SELECT d.name FROM sculptor_door.managed_database d
    JOIN information_schema.schemata s ON s.schema_name = d.name
    WHERE d.dropped_at IS NULL AND d.id = '${DatabaseId.parse(id)}';\n`;
}

async function dumpTo(
  draft: string,
  { commands, login, name }: Pick<Tools, 'commands'> & { login: readonly string[]; name: DatabaseName },
): Promise<void> {
  const tail = createTail();
  await commands.run({
    file: '/usr/bin/mariadb-dump',
    args: [
      ...login,
      // Locked, nothing changes what it is between being looked at and being read. A tenant could otherwise put a
      // view in the place of a table, and with the view's function run what it likes as root.
      '--lock-tables',
      '--quick',
      '--routines',
      '--events',
      '--triggers',
      '--hex-blob',
      '--default-character-set=utf8mb4',
      '--',
      DatabaseName.parse(name),
    ],
    timeoutMs: DUMP_LIMIT_MS,
    drain: (output: Readable) =>
      pipeline(output, tail.stream, createGzip(), createWriteStream(draft, { flags: 'wx', mode: 0o600 })),
  });
  if (!tail.text().includes(LAST_LINE)) throw incomplete();
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

function unavailable(): FailureError {
  return new FailureError(
    'database_unavailable',
    'The database server could not be asked.',
    'It is tried again by itself a few times; after that, look at MariaDB on the server.',
  );
}

function incomplete(): FailureError {
  return new FailureError(
    'not_ready',
    'The database could not be dumped in full, so it was not removed.',
    'A view or a table in it may be broken, or the disk full: mend or drop it, then ask again. The log says which.',
  );
}
