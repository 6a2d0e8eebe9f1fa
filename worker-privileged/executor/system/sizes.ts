import { statfs } from 'node:fs/promises';
import { z } from 'zod';
import type { DomainId } from '../../../contract/ids.ts';
import type { Commands } from './command.ts';
import { CommandError } from './command.ts';
import type { Files } from './files.ts';
import { lookAt } from './own-path.ts';
import { paths } from './paths.ts';

/** What the files of a site took of the disk, and when. */
export const Size = z.strictObject({ octets: z.int().min(0), at: z.iso.datetime() });
export type Size = z.infer<typeof Size>;

export type Sizes = {
  /** As it was noted last; null while it never was. */
  readonly read: (id: DomainId) => Promise<Size | null>;
  readonly write: (id: DomainId, size: Size) => Promise<void>;
  readonly forget: (id: DomainId) => Promise<void>;
  /** What lies in a folder of root's takes of its file system; null where there is no such folder. */
  readonly measure: (path: string) => Promise<number | null>;
};

/** A site may hold millions of files. */
const LIMIT_MS = 600_000;
/** What Linux calls the file system of a container. */
const OVERLAY = 0x79_4c_76_30;

/**
 * Reads names and sizes alone, and changes nothing, so that whatever a tenant does meanwhile can but make the count
 * wrong. du follows no link, counts what has several names once, stays on one file system, and walks by descriptors,
 * however deep; only when nobody else wants the disk or the processor.
 */
export function createSizes({ commands, files }: Tools): Sizes {
  return {
    read: async (id) => {
      const text = await files.read(paths.size(id));
      return text === null ? null : Size.parse(JSON.parse(text));
    },
    write: async (id, size) => {
      await files.replace(paths.size(id), `${JSON.stringify(size)}\n`, 0o600);
    },
    forget: async (id) => {
      await files.remove(paths.size(id));
    },
    measure: async (path) => {
      if ((await lookAt(path))?.isDirectory() !== true) return null;
      const idle = ['-n', '19', '/usr/bin/ionice', '-c', '3'];
      // In an overlay a file is on another device than its folder, so that du would pass all of them over.
      const one = (await statfs(path)).type === OVERLAY ? [] : ['--one-file-system'];
      const args = [...idle, '/usr/bin/du', '--summarize', '--block-size=1', ...one, '--', path];
      let counted = '';
      // What is removed while it is counted lets du end with 1, and it counts the rest all the same.
      const drain = async (output: AsyncIterable<unknown>) => {
        for await (const chunk of output) counted = (counted + String(chunk)).slice(0, 8192);
      };
      await commands
        .run({ file: '/usr/bin/nice', args, timeoutMs: LIMIT_MS, drain })
        .catch((cause: unknown) => {
          if (!(cause instanceof CommandError) || cause.exitCode !== 1) throw cause;
        });
      const octets = /^([0-9]{1,16})\t/.exec(counted)?.[1];
      if (octets === undefined) throw new Error(`${path} could not be measured`);
      return Number(octets);
    },
  };
}

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Pick<Files, 'read' | 'replace' | 'remove'>;
};
