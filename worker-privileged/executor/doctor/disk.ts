import { statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { warning, wrong, type Check, type Found } from './finding.ts';

const PLACES = ['/', '/home', '/var', '/var/lib/mysql', '/var/lib/sculptor-redis', '/var/log', '/tmp'];
const GIB = 1 << 30;

export type Space = { readonly path: string; readonly free: number; readonly all: number };

/** MariaDB, the audit log and the sites all need room. Each file system once. */
export const disk: Check = async () => {
  const devices = new Map(
    PLACES.map((path) => [statSync(path, { throwIfNoEntry: false })?.dev, path] as const).reverse(),
  );
  const found = await Promise.all(
    [...devices].reverse().map(async ([device, path]) => {
      if (device === undefined) return [];
      const { bavail, blocks, bsize, ffree, files } = await statfs(path);
      return [
        ...room({ path, free: bavail * bsize, all: blocks * bsize }),
        ...inodes({ path, free: ffree, all: files }),
      ];
    }),
  );
  return found.flat();
};

export function room({ path, free, all }: Space): readonly Found[] {
  const sentence = `The file system of ${path} has ${(free / GIB).toFixed(1)} GiB left of ${(all / GIB).toFixed(1)}.`;
  const mend = `Make room: du -xh --max-depth=2 ${path} | sort -h shows what takes it.`;
  if (free < all * 0.01 || free < GIB / 10) return [wrong(sentence, mend)];
  return free < all * 0.1 && free < 10 * GIB ? [warning(sentence, mend)] : [];
}

/** Some file systems have no end of them, and say 0. */
export function inodes({ path, free, all }: Space): readonly Found[] {
  if (all === 0 || free > all * 0.05) return [];
  const sentence = `The file system of ${path} has room for ${free} files more, of ${all}.`;
  const mend = `Remove files: du --inodes -x --max-depth=2 ${path} | sort -n shows where they are.`;
  return [free > all * 0.01 ? warning(sentence, mend) : wrong(sentence, mend)];
}
