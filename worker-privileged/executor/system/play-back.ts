// A dump is what a tenant wrote. It is played back by an account of MariaDB that has rights on this one database, in a
// client that takes DELIMITER and SQL for all there is (--binary-mode), and that starts no program and opens no file
// (--sandbox, --local-infile=0).
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { FailureError } from '../../../contract/failures.ts';
import { DatabaseName } from '../../../contract/names.ts';
import { createDefinerRewriter } from '../render/definers.ts';
import { because } from './because.ts';
import { readDump } from './dumps.ts';
import type { LentClient, Login } from './lent-client.ts';
import { createLineHeads } from './line-heads.ts';
import { requireRootsOwn } from './own-path.ts';

const LIMIT_MS = 3.25 * 3_600_000;

export type PlayBack = Login & { readonly database: DatabaseName; readonly file: string };

export function createPlayBack(client: LentClient) {
  return async ({ database, account, password, file }: PlayBack): Promise<void> => {
    await requireRootsOwn(dirname(file));
    const command = {
      file: '/usr/bin/mariadb',
      args: [
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
      feed: (input: Writable) =>
        pipeline([...readDump(file), createLineHeads(createDefinerRewriter(account)), input]),
      // What it prints, whoever makes it print, is nobody's to read.
      drain: (output: Readable) => finished(output.resume()),
      timeoutMs: LIMIT_MS,
    } as const;
    await client({ account, password }, command).catch((cause: unknown) => {
      throw because(cause, refused());
    });
  };
}

function refused(): FailureError {
  return new FailureError(
    'server_broken',
    'MariaDB did not take all of the dump, so the database stays in the trash.',
    'The log of the executor has what MariaDB said. The dump is a file of root: it can be looked at by hand.',
  );
}
