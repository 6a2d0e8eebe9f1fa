import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MailSender } from '../contract/mail.ts';
import { DRAFT, writeWhole } from './whole-files.ts';

/** A message on its way: whose it is, and who is still to get it. */
export const Waiting = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9]{23}$/),
  site: MailSender,
  from: z.string(),
  to: z.array(z.string()).min(1),
  size: z.int().min(0),
  /** Milliseconds, as of Date.now(). */
  since: z.int(),
  attempts: z.int().min(0),
  next: z.int(),
  /** Who is told of what by it, where the agent writes: noted for good before it goes out. */
  keys: z.array(z.string()).optional(),
});
export type Waiting = z.infer<typeof Waiting>;

/** What was taken and not yet handed on: two files each, and the one that says to whom counts. */
export type Spool = {
  readonly load: () => Promise<{ readonly waiting: readonly Waiting[]; readonly broken: readonly string[] }>;
  readonly add: (waiting: Waiting, content: Buffer) => Promise<void>;
  readonly content: (id: string) => Promise<Buffer>;
  readonly update: (waiting: Waiting) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
};

export function createSpool(folder: string): Spool {
  const envelope = (id: string) => join(folder, `${id}.json`);
  const message = (id: string) => join(folder, `${id}.eml`);
  const write = (waiting: Waiting) => writeWhole(envelope(waiting.id), JSON.stringify(waiting));
  return {
    load: () => load(folder),
    add: async (waiting, content) => {
      await writeWhole(message(waiting.id), content);
      await write(waiting);
    },
    content: (id) => readFile(message(id)),
    update: write,
    remove: async (id) => {
      await rm(envelope(id), { force: true });
      await rm(message(id), { force: true });
    },
  };
}

export function newMessageId(): string {
  return `m${BigInt(`0x${randomBytes(16).toString('hex')}`)
    .toString(36)
    .padStart(25, '0')
    .slice(-23)}`;
}

/** Once, at the start: what nobody was told is taken is removed. */
async function load(folder: string) {
  const names = await readdir(folder);
  const waiting: Waiting[] = [];
  const broken: string[] = [];
  for (const name of names.filter((each) => each.endsWith('.json') && !DRAFT.test(each))) {
    const found = await readWaiting(join(folder, name));
    if (found === null || `${found.id}.json` !== name || !names.includes(`${found.id}.eml`))
      broken.push(name);
    else waiting.push(found);
  }
  const known = new Set(
    names.filter((name) => name.endsWith('.json')).map((name) => name.replace(/json$/, 'eml')),
  );
  const left = names.filter((name) => DRAFT.test(name) || (name.endsWith('.eml') && !known.has(name)));
  for (const name of left) await rm(join(folder, name));
  return { waiting, broken };
}

async function readWaiting(path: string): Promise<Waiting | null> {
  try {
    return Waiting.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}
