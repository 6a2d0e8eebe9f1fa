import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { OperationId } from '../../../contract/ids.ts';
import { codeOf } from './own-path.ts';

/** Which claims of operations the executors of this server were asked for, however often one of them was started anew. */
export type Claims = {
  readonly note: (operation: OperationId, epoch: number) => Promise<void>;
  /** The last that was noted; 0 where none is. */
  readonly latest: (operation: OperationId) => Promise<number>;
};

/**
 * More than there are under way, and up to FORGET_EVERY more. Of those that are forgotten, or pushed out by a flood of
 * claims, a resource's version still says what is older; a deed of the same version may then be done twice.
 */
const REMEMBERED = 4096;
const FORGET_EVERY = 256;

/**
 * An empty file for an operation's last claim, in a folder of its own; the lower ones go when it is there. So of two
 * executors that note at once neither takes back what the other has noted, as they would by writing one file. In memory:
 * a reboot ends the workers, and forgets what they claimed.
 */
export function createClaims(folder: string, remembered = REMEMBERED): Claims {
  const of = (operation: OperationId) => `${folder}/${operation}`;
  let untilForgotten = 0;
  const latest = async (operation: OperationId) => Math.max(0, ...(await notedIn(of(operation))));
  return {
    note: async (operation, epoch) => {
      if (epoch <= (await latest(operation))) return;
      if (untilForgotten <= 0) {
        untilForgotten = FORGET_EVERY;
        await mkdir(dirname(folder), { recursive: true, mode: 0o755 });
        await forget(folder, remembered);
      }
      untilForgotten -= 1;
      await mkdir(of(operation), { recursive: true, mode: 0o700 });
      await (await open(`${of(operation)}/${epoch}`, 'a', 0o600)).close();
      // However often one is claimed. Whoever notes a higher one meanwhile takes this one away, and nobody theirs.
      for (const lower of (await notedIn(of(operation))).filter((one) => one < epoch))
        await rm(`${of(operation)}/${lower}`, { force: true });
    },
    latest,
  };
}

async function notedIn(folder: string): Promise<readonly number[]> {
  return (await namesIn(folder)).map(Number);
}

async function forget(folder: string, remembered: number): Promise<void> {
  const names = await namesIn(folder);
  if (names.length <= remembered) return;
  const noted = await Promise.all(
    names.map(async (name) => ({ name, at: await changedAt(`${folder}/${name}`) })),
  );
  const oldest = noted.sort((one, other) => one.at - other.at).slice(0, names.length - remembered);
  for (const { name } of oldest) await rm(`${folder}/${name}`, { recursive: true, force: true });
}

/** 0 where another executor forgets the same. */
async function changedAt(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.mtimeMs ?? 0;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return [];
    throw cause;
  }
}
