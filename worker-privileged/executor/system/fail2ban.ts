import { access } from 'node:fs/promises';
import { BAN_JAILS, type BanAddress, type BanJail } from '../../../contract/bans.ts';
import { FailureError } from '../../../contract/failures.ts';
import { bansIn, isInTable, namesIn, type TimedBan } from './ban-words.ts';
import { because } from './because.ts';
import type { Commands } from './command.ts';
import type { ExecutorConfig } from './config.ts';
import type { LookAround } from './look-around.ts';
import { paths } from './paths.ts';

/**
 * SECURITY: fail2ban's own client is the one program here, and its words are these and no others: the name of a jail, of two,
 * and an address in the one spelling that the contract has for it, which no option of that client's looks like.
 */
export type Fail2ban = {
  /** Which of the agent's jails it has; none where it does not run. */
  readonly jails: () => Promise<readonly BanJail[]>;
  /** Throws where one of these is not there. */
  readonly require: (jails: readonly BanJail[]) => Promise<void>;
  /** Those that last longest first. */
  readonly bans: (jail: BanJail) => Promise<readonly TimedBan[]>;
  readonly isListed: (jail: BanJail, address: BanAddress) => Promise<boolean>;
  /** Whether the kernel has it; null where fail2ban keeps it off by other means, at which nobody looks. */
  readonly isKept: (jail: BanJail, address: BanAddress) => Promise<boolean | null>;
  readonly ban: (jail: BanJail, address: BanAddress) => Promise<void>;
  readonly unban: (jail: BanJail, address: BanAddress) => Promise<void>;
  /** Whom that jail never bans by itself: addresses, networks and names. */
  readonly ignored: (jail: BanJail) => Promise<readonly string[]>;
};

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly around: Pick<LookAround, 'banTable'>;
  readonly mode: ExecutorConfig['mode'];
  readonly isThere?: (path: string) => Promise<boolean>;
};

/** It thinks for as long as an action of its own takes. */
const CLIENT_MS = 15_000;

export function createFail2ban({ commands, around, mode, isThere = isPath }: Tools): Fail2ban {
  const client = (...args: readonly string[]) =>
    commands.run({ file: '/usr/bin/fail2ban-client', args, timeoutMs: CLIENT_MS }).catch(noAnswer);

  const jails = async () => {
    // What its jails read is systemd's journal.
    if (mode !== 'systemd' || !(await isThere(paths.fail2ban))) return [];
    const [, list = ''] = /Jail list:\s*(.*)$/m.exec(await client('status')) ?? [];
    const names = namesIn(list);
    return BAN_JAILS.filter((jail) => names.includes(jail));
  };

  /** In which table of the kernel's its action keeps them; null where it is not fail2ban's `nftables`. */
  const tableOf = (jail: BanJail) =>
    client('get', jail, 'action', 'nftables', 'table').catch(async (cause: unknown) => {
      // It does not say whether there is no such action, or something else is wrong.
      const actions = namesIn((await client('get', jail, 'actions')).split('\n').slice(1).join(' '));
      if (actions.includes('nftables')) throw cause;
      return null;
    });

  return {
    jails,
    require: async (wanted) => {
      const there = await jails();
      const missing = wanted.filter((jail) => !there.includes(jail));
      if (missing.length > 0) throw notThere(missing, there.length > 0);
    },
    bans: async (jail) => bansIn(await client('get', jail, 'banip', '--with-time')).reverse(),
    isListed: async (jail, address) => (await client('get', jail, 'banned', address)).trim() === '1',
    isKept: async (jail, address) =>
      (await tableOf(jail))?.trim() === 'f2b-table'
        ? isInTable(await around.banTable(), jail, address)
        : null,
    ban: (jail, address) => client('set', jail, 'banip', address).then(done),
    unban: (jail, address) => client('set', jail, 'unbanip', address).then(done),
    ignored: async (jail) =>
      Array.from(
        (await client('get', jail, 'ignoreip')).matchAll(/^[|`]- (\S+)$/gm),
        ([, word = '']) => word,
      ),
  };
}

function done(): void {
  // What it says of it is a count, and looked at afterwards.
}

function isPath(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function notThere(missing: readonly BanJail[], runs: boolean): FailureError {
  return new FailureError(
    'not_ready',
    runs ? `fail2ban has no jail ${missing.join(' and none ')}.` : 'fail2ban does not run on this server.',
    'Nothing was changed. On the server, install and start fail2ban, then run install.sh, which sets up its jails.',
  );
}

function noAnswer(cause: unknown): never {
  throw because(
    cause,
    new FailureError(
      'not_ready',
      'fail2ban did not do as it was asked.',
      'See that it runs: systemctl status fail2ban and fail2ban-client status, as root on the server. Then ask again.',
    ),
  );
}
