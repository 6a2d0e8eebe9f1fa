import { readFile } from 'node:fs/promises';
import { asAccount } from './as-account.ts';
import { CommandError, type Commands } from './command.ts';
import type { Files } from './files.ts';
import type { Locks } from './locks.ts';
import { lookAt } from './own-path.ts';
import { paths } from './paths.ts';

/** What the kernel counts and holds for a project, in octets; `limit` is null where it is told of none. */
export type Held = { readonly used: number; readonly limit: number | null };

/** A site's folder, which is root's, and the account whose files are in it. */
export type Tree = { readonly home: string; readonly uid: number; readonly gid: number };

/** Project quotas of the file system that the sites are on; see docs/adr/0022. */
export type Quotas = {
  /** Whether the kernel holds limits there. Where not, nothing else is to be asked. */
  readonly inForce: () => Promise<boolean>;
  readonly read: (project: number) => Promise<Held>;
  readonly set: (project: number, limit: number | null) => Promise<void>;
  /** What of the folder is not counted for the project; null where all that was made since it was is. */
  readonly look: (project: number, home: string) => Promise<string | null>;
  /** Lets all that is in the folder, and all that will be, count for the project. */
  readonly takeIn: (project: number, tree: Tree) => Promise<void>;
};

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Pick<Files, 'read' | 'replace'>;
  readonly locks: Locks;
  readonly mode: 'systemd' | 'supervisor';
  /** Of this process, as Linux tells it. */
  readonly mounts?: () => Promise<string>;
};

/** Millions of files take their time. */
const LIMIT_MS = 3_300_000;
const INNER = ['public', 'private', 'tmp'] as const;

export function createQuotas(tools: Tools): Quotas {
  const { files, locks, commands } = tools;
  const mounts = tools.mounts ?? (() => readFile('/proc/self/mountinfo', 'utf8'));
  /** Tells the kernel what is written there, and reads what it holds then. */
  const settle = (wanted: string, project: number) =>
    locks.during('quotas', async () => {
      await files.replace(paths.quotasWanted, wanted, 0o600);
      await commands.run(toSettle(tools.mode));
      return heldOf((await files.read(paths.quotasHeld)) ?? '', project);
    });
  return {
    inForce: async () => holdsProjects(await mounts()),
    read: (project) => settle('', project),
    set: async (project, limit) => {
      await settle(`${project} ${limit === null ? '0 0' : boundsOf(limit)}\n`, project);
    },
    look: (project, home) => countsFor(commands, project, home),
    takeIn: async (project, { home, uid, gid }) => {
      await commands.run({ file: CHATTR, args: ['-p', String(project), '+P', '--', home] });
      const inner = (await present(home)).filter((path) => path !== home);
      if (inner.length === 0) return;
      // As the site: a link, or what is swapped meanwhile, leads it to nothing that is not the site's already.
      const command = { file: FIND, args: walk(project, inner), timeoutMs: LIMIT_MS } as const;
      await commands.run(asAccount({ uid, gid }, command, ['dac_read_search'])).catch(passOver);
    },
  };
}

/** What went meanwhile, or has no room in the project: the rest is taken in, and what is measured tells. */
function passOver(cause: unknown): void {
  if (!(cause instanceof CommandError) || cause.exitCode !== 1) throw cause;
}

const CHATTR = '/usr/bin/chattr';
const FIND = '/usr/bin/find';

/** quotactl(2) wants CAP_SYS_ADMIN, which the executor has not: the program is a unit of its own. */
function toSettle(mode: Tools['mode']) {
  return mode === 'systemd'
    ? ({
        file: '/usr/bin/systemctl',
        args: ['--no-ask-password', 'start', '--', 'sculptor-disk-quota.service'],
      } as const)
    : ({ file: '/usr/lib/sculptor/disk-quota', args: [] } as const);
}

/** Folders hand the project on to what is made in them; only they can be told to. */
function walk(project: number, folders: readonly string[]): readonly string[] {
  const number = String(project);
  return [
    ...folders,
    '-xdev',
    ...['-type', 'd', '-exec', CHATTR, '-f', '-p', number, '+P', '--', '{}', '+'],
    ...['-o', '-type', 'f', '-exec', CHATTR, '-f', '-p', number, '--', '{}', '+'],
  ];
}

/** In KiB; and as many files as there are blocks of the usual size, so that those that hold nothing have an end too. */
function boundsOf(limit: number): string {
  const kib = Math.floor(limit / 1024);
  return `${kib} ${Math.max(Math.floor(kib / 4), 1)}`;
}

async function present(home: string): Promise<readonly string[]> {
  const found = [home];
  for (const name of INNER)
    if ((await lookAt(`${home}/${name}`))?.isDirectory() === true) found.push(`${home}/${name}`);
  return found;
}

/** What of a site's folder is not counted for the project; null where all that is made in it is. */
export async function countsFor(
  commands: Pick<Commands, 'run'>,
  project: number,
  home: string,
): Promise<string | null> {
  for (const path of await present(home))
    if ((await projectOf(commands, path)) !== project) return `${path} is not counted for its tenant`;
  return null;
}

/** Null where the folder does not hand it on. */
async function projectOf(commands: Pick<Commands, 'run'>, path: string): Promise<number | null> {
  const line = await commands.run({ file: '/usr/bin/lsattr', args: ['-pd', '--', path] });
  const [, project, flags = ''] = /^ *([0-9]{1,10}) +(\S+) /.exec(line) ?? [];
  return project !== undefined && flags.includes('P') ? Number(project) : null;
}

/** Whether sites lie on a file system that is mounted with quotas of projects, and holds them. */
export function holdsProjects(mountinfo: string): boolean {
  const found = mountinfo
    .split('\n')
    .map((line) => /^\S+ \S+ \S+ \S+ (\S+) .* - (\S+) \S+ (\S+)$/.exec(line))
    .filter((mount) => mount !== null && isAbove(mount[1] ?? ''))
    // The deepest, and of several there the last.
    .reduce<RegExpExecArray | null>(
      (best, mount) => ((mount?.[1] ?? '').length >= (best?.[1] ?? '').length ? mount : best),
      null,
    );
  const [type = '', options = ''] = found?.slice(2) ?? [];
  return (
    ['ext4', 'xfs', 'f2fs'].includes(type) &&
    options.split(',').some((option) => ['prjquota', 'pquota'].includes(option))
  );
}

function isAbove(mount: string): boolean {
  return mount === '/' || `${paths.homes}/`.startsWith(`${mount}/`);
}

/** Each line: a project, what it has, what it may have at most (0: all), both in KiB. */
function heldOf(report: string, project: number): Held {
  const [, used = '0', most = '0'] =
    new RegExp(`^${project} ([0-9]{1,16}) ([0-9]{1,16})$`, 'm').exec(report) ?? [];
  return { used: Number(used) * 1024, limit: most === '0' ? null : Number(most) * 1024 };
}
