// A dump is what a tenant wrote. It is played back by an account of MariaDB that has rights on this one database, in a
// client that takes DELIMITER and SQL for all there is (--binary-mode), that starts no program and opens no file
// (--sandbox, --local-infile=0), and that runs as a number which is no user of the server.
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished, pipeline } from 'node:stream/promises';
import { FailureError } from '../../../contract/failures.ts';
import { DatabaseName } from '../../../contract/names.ts';
import { createDefinerRewriter } from '../render/definers.ts';
import { asAccount } from './as-account.ts';
import { because } from './because.ts';
import type { Commands } from './command.ts';
import { readDump } from './dumps.ts';
import { createLineHeads } from './line-heads.ts';
import { draftOf, requireRootsOwn } from './own-path.ts';
import { paths } from './paths.ts';

/** Below the numbers of sites, above those that the system gives. */
const NOBODY = { uid: 65_999, gid: 65_999 };

const LIMIT_MS = 3.25 * 3_600_000;

export type PlayBack = {
  readonly database: DatabaseName;
  readonly account: string;
  /** Of this hour; letters and digits. */
  readonly password: string;
  readonly file: string;
};

type Tools = { readonly commands: Pick<Commands, 'run'>; readonly socketPath: string };

export function createPlayBack({ commands, socketPath }: Tools) {
  return async ({ database, account, password, file }: PlayBack): Promise<void> => {
    await requireRootsOwn(dirname(file));
    const login = await namelessFile(`[client]\nuser=${account}\npassword=${password}\n`);
    try {
      await commands.run(
        asAccount(NOBODY, {
          file: '/usr/bin/mariadb',
          args: [
            '--defaults-file=/proc/self/fd/3',
            '--protocol=socket',
            `--socket=${socketPath}`,
            '--batch',
            '--binary-mode',
            '--sandbox',
            '--local-infile=0',
            '--skip-reconnect',
            '--connect-timeout=10',
            '--max-allowed-packet=1G',
            '--default-character-set=utf8mb4',
            `--database=${DatabaseName.parse(database)}`,
          ],
          descriptor3: login.fd,
          feed: (input) =>
            pipeline([...readDump(file), createLineHeads(createDefinerRewriter(account)), input]),
          // What it prints, whoever makes it print, is nobody's to read.
          drain: (output) => finished(output.resume()),
          timeoutMs: LIMIT_MS,
        }),
      );
    } catch (cause) {
      throw because(cause, refused());
    } finally {
      await login.close();
    }
  };
}

/** A file without a name, for the client alone to read: it is gone when both have let go of it. */
async function namelessFile(text: string): Promise<FileHandle> {
  const path = draftOf(`${paths.locks}/login`);
  await requireRootsOwn(dirname(path));
  const file = await open(path, 'wx', 0o400);
  try {
    await unlink(path);
    await file.writeFile(text);
    await file.chown(NOBODY.uid, NOBODY.gid);
  } catch (cause) {
    await file.close();
    throw cause;
  }
  return file;
}

function refused(): FailureError {
  return new FailureError(
    'server_broken',
    'MariaDB did not take all of the dump, so the database stays in the trash.',
    'The log of the executor has what MariaDB said. The dump is a file of root: it can be looked at by hand.',
  );
}
