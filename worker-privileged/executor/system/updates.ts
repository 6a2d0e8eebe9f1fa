import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { paths } from './paths.ts';

/**
 * What apt, dpkg and /usr/lib/sculptor/update-hook tell of packages that are being replaced. A mark alone says nothing: after a
 * kill it stays. A lock alone neither: it is held while somebody reads a question.
 */
export type Updates = {
  /** Whether packages are being replaced now. `idle`: nothing is under way, and nothing is begun, which the hook waits for. */
  readonly meet: (idle: boolean) => Promise<boolean>;
};

/** Between a hook that has told of it and dpkg's lock. */
const WITHOUT_LOCK_MS = 30_000;
/** After the last call of dpkg: whoever leaves a question of it unanswered does not keep operations from being done. */
const AT_MOST_MS = 30 * 60_000;

type Parts = {
  readonly folder: string;
  readonly locks: readonly string[];
  readonly proc: string;
  readonly now: () => number;
};

const HERE: Parts = {
  folder: paths.updates,
  locks: ['/var/lib/dpkg/lock-frontend', '/var/lib/dpkg/lock'],
  proc: '/proc',
  now: Date.now,
};

export function createUpdates({ folder, locks, proc, now }: Parts = HERE): Updates {
  // A mark from the future is of before somebody set the clock back, and says nothing either.
  const ageOf = async (name: string) =>
    Math.abs(now() - ((await stat(`${folder}/${name}`).catch(() => null))?.mtimeMs ?? 0));
  const remove = async (...names: readonly string[]) => {
    for (const name of names) await rm(`${folder}/${name}`, { force: true });
  };

  const isUnderWay = async () => {
    if ((await ageOf('mark')) > AT_MOST_MS) return false;
    if ((await ageOf('fresh')) < WITHOUT_LOCK_MS) return true;
    return isLocked(proc, locks);
  };

  /** A hook that is called meanwhile has left its mark before the second look, or finds nobody idle and waits. */
  const isOver = async () => {
    if (await isUnderWay()) return false;
    await remove('idle');
    if (await isUnderWay()) return false;
    await remove('mark', 'fresh', 'waited');
    return true;
  };

  return {
    meet: async (idle) => {
      await mkdir(folder, { recursive: true, mode: 0o755 });
      const over = await isOver();
      if (!over && idle) await writeFile(`${folder}/idle`, '');
      else if (!over) await remove('idle');
      await touch(`${folder}/met`, now());
      return !over;
    },
  };
}

async function touch(path: string, at: number): Promise<void> {
  await writeFile(path, '');
  await utimes(path, at / 1000, at / 1000);
}

/**
 * A device's number is not compared, which an overlay shows otherwise than the file has it: so a file of a tenant's could have
 * the same one of its own, and only what root has started counts.
 */
async function isLocked(proc: string, files: readonly string[]): Promise<boolean> {
  const inodes = await Promise.all(files.map(async (file) => (await stat(file).catch(() => null))?.ino));
  for (const { holder, inode } of writersIn(await readFile(`${proc}/locks`, 'utf8'))) {
    if (inodes.includes(inode) && (await isOfRoot(`${proc}/${holder}`))) return true;
  }
  return false;
}

/** By who started it: a lock outlives the start of a program that runs as root for whoever calls it. */
async function isOfRoot(process: string): Promise<boolean> {
  const status = await readFile(`${process}/status`, 'utf8').catch(() => '');
  return /^Uid:\t0\t/m.test(status);
}

export function writersIn(locks: string): readonly { readonly holder: number; readonly inode: number }[] {
  const lines = locks.matchAll(/^\d+: POSIX +ADVISORY +WRITE (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /gm);
  return Array.from(lines, ([, holder, inode]) => ({ holder: Number(holder), inode: Number(inode) }));
}
