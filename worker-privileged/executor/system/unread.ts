import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import { isAlive } from './is-alive.ts';
import { paths } from './paths.ts';

export type Unread = {
  /** Notes how these files are, before they are changed. What it gives forgets that: nginx has read them, or they are as they were. */
  readonly note: (changing: readonly Changing[]) => Promise<() => Promise<void>>;
  /** Puts back what executors were about to change that died of it: nobody knows whether nginx takes it, or has read it. */
  readonly putBack: () => Promise<void>;
};

export type Changing = { readonly path: string; readonly mode: number };

const Noted = z.array(
  z.strictObject({
    path: z.string().startsWith('/etc/nginx/sculptor/'),
    mode: z.int(),
    text: z.string().nullable(),
  }),
);

const NAME = /^unread-([0-9a-f-]{36})-([1-9][0-9]{0,9})-[0-9]+\.json$/;

type Tools = {
  readonly files: Pick<Files, 'read' | 'replace' | 'remove'>;
  readonly folders: Pick<Folders, 'list'>;
  /** Which start of the system this is: after another one every number of a process is another's. */
  readonly boot?: () => Promise<string>;
};

export function createUnread({ files, folders, boot = bootId }: Tools): Unread {
  let count = 0;
  const isLeft = async (name: string) => {
    const [, booted, pid] = NAME.exec(name) ?? [];
    if (booted === undefined) return false;
    return booted !== (await boot()) || Number(pid) === process.pid || !isAlive(Number(pid));
  };
  const putBackOne = async (note: string) => {
    for (const { path, mode, text } of Noted.parse(JSON.parse((await files.read(note)) ?? '[]')))
      await (text === null ? files.remove(path) : files.replace(path, text, mode));
    await files.remove(note);
  };
  return {
    note: async (changing) => {
      const noted = await Promise.all(
        changing.map(async ({ path, mode }) => ({ path, mode, text: await files.read(path) })),
      );
      const note = paths.unread(`${await boot()}-${process.pid}-${(count += 1)}`);
      await files.replace(note, `${JSON.stringify(noted)}\n`, 0o600);
      return () => files.remove(note).then(() => undefined);
    },
    putBack: async () => {
      for (const name of await folders.list(paths.locks))
        if (await isLeft(name)) await putBackOne(`${paths.locks}/${name}`);
    },
  };
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
