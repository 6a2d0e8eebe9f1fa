import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { DomainId } from '../../../contract/ids.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import { isAlive } from './is-alive.ts';
import { paths } from './paths.ts';

export type Unread = {
  /** Notes how these files of a site are, before they are changed. What it gives forgets that: nginx has read them, or they are as they were. */
  readonly note: (site: DomainId, changing: readonly Changing[]) => Promise<() => Promise<void>>;
  /** To be asked by who has the site's lock: whether somebody died of changing its files, and nobody has since. */
  readonly isNoted: (site: DomainId) => Promise<boolean>;
  /** Puts back what executors were about to change that died of it: nobody knows whether nginx takes it, or has read it. */
  readonly putBack: () => Promise<void>;
};

export type Changing = { readonly path: string; readonly mode: number };

const Noted = z.strictObject({
  boot: z.string(),
  pid: z.int(),
  files: z.array(
    z.strictObject({
      path: z.string().startsWith('/etc/nginx/sculptor/'),
      mode: z.int(),
      text: z.string().nullable(),
    }),
  ),
});
type Noted = z.infer<typeof Noted>;

const NAME = /^unread-[a-z0-9]{12}\.json$/;

type Tools = {
  readonly files: Pick<Files, 'read' | 'replace' | 'remove'>;
  readonly folders: Pick<Folders, 'list'>;
  /** Which start of the system this is: after another one every number of a process is another's. */
  readonly boot?: () => Promise<string>;
};

/** One for each site, whoever made it: who changes its files with success forgets what an earlier one left. */
export function createUnread({ files, folders, boot = bootId }: Tools): Unread {
  const read = async (path: string): Promise<Noted | null> => {
    const text = await files.read(path);
    return text === null ? null : Noted.parse(JSON.parse(text));
  };
  const isLeft = async ({ boot: booted, pid }: Noted) =>
    booted !== (await boot()) || pid === process.pid || !isAlive(pid);
  const putBackOne = async (note: string) => {
    const noted = await read(note);
    if (noted === null || !(await isLeft(noted))) return;
    for (const { path, mode, text } of noted.files)
      await (text === null ? files.remove(path) : files.replace(path, text, mode));
    await files.remove(note);
  };
  return {
    note: async (site, changing) => {
      const path = paths.unread(site);
      // What stands there now may be what somebody died of: how it was before that is noted already.
      const earlier = (await read(path))?.files ?? [];
      const others = changing.filter((one) => earlier.every((noted) => noted.path !== one.path));
      const now = await Promise.all(
        others.map(async (one) => ({ path: one.path, mode: one.mode, text: await files.read(one.path) })),
      );
      const noted: Noted = { boot: await boot(), pid: process.pid, files: [...earlier, ...now] };
      await files.replace(path, `${JSON.stringify(noted)}\n`, 0o600);
      return () => files.remove(path).then(() => undefined);
    },
    isNoted: async (site) => (await files.read(paths.unread(site))) !== null,
    putBack: async () => {
      const notes = (await folders.list(paths.locks)).filter((name) => NAME.test(name));
      const done = await Promise.allSettled(notes.map((name) => putBackOne(`${paths.locks}/${name}`)));
      const failed = done.find((one) => one.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
