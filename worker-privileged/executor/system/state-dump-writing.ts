import { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import { because } from './because.ts';
import type { Commands } from './command.ts';
import { rootLogin, type RootSql } from './root-sql.ts';
import { compressTo, readThrough } from './state-dump-files.ts';

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly sql: RootSql;
  readonly socketPath: string;
};

/** For the largest part of the hour that the verb has. */
const LIMIT_MS = 50 * 60_000;

/** All of the state. */
export function dumpState(tools: Tools, to: string) {
  return dump(tools, { schema: 'sculptor', to, without: [] });
}

type Part = {
  readonly schema: 'sculptor' | 'sculptor_door';
  readonly to: string;
  readonly without: readonly string[];
};

/** In one transaction, so that it is of one moment, and nobody waits for it. Read back before it counts. */
async function dump({ commands, socketPath }: Tools, { schema, to, without }: Part) {
  await commands
    .run({
      file: '/usr/bin/mariadb-dump',
      args: [
        ...rootLogin(socketPath),
        ...['--single-transaction', '--quick', '--hex-blob', '--triggers', '--skip-dump-date'],
        ...['--default-character-set=utf8mb4', '--max-allowed-packet=1G'],
        ...without.map((view) => `--ignore-table=${schema}.${view}`),
        ...['--', schema],
      ],
      timeoutMs: LIMIT_MS,
      drain: (output) => compressTo(to, output),
    })
    .catch((cause: unknown) => {
      throw because(cause, incomplete());
    });
  return readThrough(to).catch((cause: unknown) => {
    throw because(cause, incomplete());
  });
}

const View = z.string().regex(/^[a-z_]{1,64}$/);

/** Its views are made anew at each installation, and when a dump is put back. */
export async function dumpDoor(tools: Tools, to: string) {
  const views = await tools.sql(
    "SELECT table_name FROM information_schema.views WHERE table_schema = 'sculptor_door';",
  );
  const without = views
    .split('\n')
    .filter(Boolean)
    .map((name) => View.parse(name));
  return dump(tools, { schema: 'sculptor_door', to, without });
}

function incomplete(): FailureError {
  return new FailureError(
    'server_broken',
    "The agent's state could not be dumped in full; those that there are were left.",
    'The log of the executor has what mariadb-dump said.',
  );
}
