import { FailureError } from '../../../contract/failures.ts';
import type { Undo } from '../ensure.ts';
import { renderSysusersLine, type AccountLine } from '../render/sysusers.ts';
import { asAccount } from './as-account.ts';
import { createBatch } from './batch.ts';
import type { Commands } from './command.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';
import { countProcesses } from './processes.ts';

export type Account = { readonly uid: number; readonly gid: number };

/**
 * One right that does nothing here and that no process of a site has: so that none of them, though of the same user,
 * may look into this one's memory or change it, and be in its place outside the site's limits.
 */
const UNTOUCHABLE = ['net_bind_service'];

/** The system's users and groups, read from its files and changed by its own tools. */
export type Accounts = {
  readonly find: (user: string) => Promise<Account | null>;
  readonly findGroup: (group: string) => Promise<number | null>;
  /** Those that it is in beside its own. */
  readonly groupsOf: (user: string) => Promise<readonly string[]>;
  readonly leaveGroup: (user: string, group: string) => Promise<void>;
  /** Whether a user or a group has that number. */
  readonly isTaken: (number: number) => Promise<boolean>;
  /** Makes a user that cannot log in and a group of the same name and number. */
  readonly create: (account: AccountLine) => Promise<Undo>;
  readonly isLocked: (user: string) => Promise<boolean>;
  /** No password, key or job of its own starts anything any more. */
  readonly lock: (user: string) => Promise<void>;
  /** As it was before it was locked: it never had a password. */
  readonly unlock: (user: string) => Promise<void>;
  /** Takes a user and the group of its name away. */
  readonly remove: (user: string) => Promise<void>;
  readonly hasProcesses: (uid: number) => Promise<boolean>;
  /** Ends every process of the account, however fast it makes new ones. */
  readonly killAll: (account: Account) => Promise<void>;
  readonly runAs: (account: Account, command: Parameters<Commands['run']>[0]) => Promise<string>;
};

type Tools = { readonly files: Pick<Files, 'read'>; readonly commands: Pick<Commands, 'run'> };

export function createAccounts({ files, commands }: Tools): Accounts {
  const lines = async (path: string) =>
    (await files.read(path))?.split('\n').map((line) => line.split(':')) ?? [];
  const inBatches = createBatch<AccountLine>((accounts) => makeUsers(commands, accounts));

  const findGroup = async (group: string) => {
    const found = (await lines(paths.group)).find(([name]) => name === group);
    return found ? Number(found[2]) : null;
  };
  const find = async (user: string): Promise<Account | null> => {
    const found = (await lines(paths.passwd)).find(([name]) => name === user);
    return found ? { uid: Number(found[2]), gid: Number(found[3]) } : null;
  };

  return {
    find,
    findGroup,
    groupsOf: async (user) =>
      (await lines(paths.group)).flatMap(([group = '', , , members = '']) =>
        members.split(',').includes(user) ? [group] : [],
      ),
    leaveGroup: async (user, group) => {
      await commands.run({ file: '/usr/bin/gpasswd', args: ['--delete', user, group] });
    },
    isTaken: async (number) => {
      const all = [...(await lines(paths.passwd)), ...(await lines(paths.group))];
      return all.some((fields) => fields[2] === String(number));
    },
    create: async (account) => {
      await inBatches(account);
      return () => removeUser(commands, account.user);
    },
    isLocked: async (user) => {
      const found = (await lines(paths.shadow)).find(([name]) => name === user);
      return found?.[1]?.startsWith('!') === true && found[7] === '1';
    },
    lock: async (user) => {
      await commands.run({
        file: '/usr/sbin/usermod',
        args: ['--lock', '--expiredate', '1', '--', user],
      });
    },
    unlock: async (user) => {
      await commands.run({ file: '/usr/sbin/usermod', args: ['--expiredate', '', '--', user] });
    },
    remove: async (user) => {
      if ((await find(user)) !== null) await removeUser(commands, user);
      // userdel takes the group along where the distribution says so.
      if ((await findGroup(user)) !== null)
        await commands.run({ file: '/usr/sbin/groupdel', args: ['--', user] });
    },
    hasProcesses: async (uid) => (await countProcesses(uid)) > 0,
    killAll: (account) => killAll(commands, account),
    runAs: (account, command) => commands.run(asAccount(account, command, UNTOUCHABLE)),
  };
}

/** systemd-sysusers: useradd costs 30 ms a user, and ten times that where there are thousands. */
async function makeUsers(commands: Tools['commands'], accounts: readonly AccountLine[]): Promise<void> {
  await commands.run({
    file: '/usr/bin/systemd-sysusers',
    args: ['-'],
    stdin: accounts.map(renderSysusersLine).join(''),
  });
}

async function removeUser(commands: Tools['commands'], user: string): Promise<void> {
  await commands.run({ file: '/usr/sbin/userdel', args: ['--', user] });
}

/**
 * kill(-1) as the account itself: the kernel signals all that it may signal, in one go, and no number of a
 * process can have passed to another meanwhile. The account could stop our kill with one of its own, so it
 * is tried until nothing is left.
 */
async function killAll(commands: Tools['commands'], account: Account): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    if ((await countProcesses(account.uid)) === 0) return;
    await commands
      .run(
        asAccount(
          account,
          { file: '/usr/bin/kill', args: ['-KILL', '--', '-1'], timeoutMs: 5_000 },
          UNTOUCHABLE,
        ),
      )
      .catch(() => undefined);
  }
  throw new FailureError(
    'mismatch',
    "Processes of the site's account could not be ended.",
    "Look at the account's processes on the server, then ask again.",
  );
}
