import { readdir } from 'node:fs/promises';
import { FailureError } from '../../../contract/failures.ts';
import { PhpVersion } from '../../../contract/names.ts';
import type { Account, Accounts } from './accounts.ts';
import { because } from './because.ts';
import { CommandError } from './command.ts';
import { paths } from './paths.ts';

export type PhpFpm = {
  /** Oldest first. */
  readonly versions: () => Promise<readonly PhpVersion[]>;
  /** Throws `config_refused` where that php-fpm does not take the file. */
  readonly check: (candidate: { version: PhpVersion; file: string; account: Account }) => Promise<void>;
};

export function createPhpFpm({ accounts }: { accounts: Pick<Accounts, 'runAs'> }): PhpFpm {
  return {
    versions: async () => installedVersions(await readdir(paths.phpMasters)),
    check: async ({ version, file, account }) => {
      try {
        // As the site's user, as which it will run: root's php-fpm would want a `user` in the pool.
        await accounts.runAs(account, {
          file: paths.phpMaster(version),
          args: ['--test', '--fpm-config', file],
        });
      } catch (cause) {
        if (!(cause instanceof CommandError) || cause.exitCode === null) throw cause;
        throw because(
          cause,
          new FailureError(
            'config_refused',
            `php-fpm ${version} does not take the site's configuration.`,
            "Look whether this version's own settings on the server are sound; the log has what it said.",
          ),
        );
      }
    },
  };
}

export function installedVersions(names: readonly string[]): PhpVersion[] {
  return names
    .filter((name) => name.startsWith('php-fpm'))
    .flatMap((name) => PhpVersion.safeParse(name.slice('php-fpm'.length)).data ?? [])
    .sort(byNumber);
}

function byNumber(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}
