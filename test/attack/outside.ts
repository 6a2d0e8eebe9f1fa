import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { must } from '../machine/server.ts';
import { count, type Row } from './attempt.ts';
import { differences, digest, type Digest } from './digest.ts';

type Named = { readonly id: string; readonly name: string };

/** What the executor writes for any site at all: its own books, and the folders and files that have all sites in them. */
const BOOKS = [
  ...[
    '/etc',
    '/etc/sculptor/sites',
    '/etc/sculptor/hosts',
    '/etc/nginx',
    '/etc/nginx/sculptor',
    '/etc/nginx/sculptor/sites',
    '/home/www',
    '/home/www/.trash',
  ],
  ...[
    '/etc/systemd/system/sockets.target.wants',
    '/etc/supervisor/conf.d',
    '/etc/.pwd.lock',
    '/run/sculptor-php',
    '/var/lib/sculptor-root',
  ],
  ...['passwd', 'group', 'shadow', 'gshadow', 'subuid', 'subgid'].flatMap((file) => [
    `/etc/${file}`,
    `/etc/${file}-`,
  ]),
  ...['registry', 'next-uid'].map((file) => `/var/lib/sculptor-root/${file}`),
];
const BOOK = new RegExp(`^(${BOOKS.map((path) => path.replaceAll('.', '\\.')).join('|')}) type `);

/** What was done in the last hour, which is counted from the first time on. */
const COUNTED = /^\/var\/lib\/sculptor-root\/(destroyed|let-in|orders)\.json type f mode 600 owner 0:0 /;

/** All of the server but what is these sites'. Of the books what counts is whose they are, and their mode. */
function outside(sites: readonly Named[]): Digest {
  const theirs = sites.flatMap(({ id, name }) => [id, name]);
  const own = sites.map(({ name }) => `/home/www/${name}`);
  return digest([...own, ...sites.map(({ id }) => `/home/www/.trash/${id}-*`)])
    .filter((line) => !COUNTED.test(line) && !theirs.some((word) => line.includes(word)))
    .map((line) => (BOOK.test(line) ? line.replace(/ size .*/, '') : line));
}

type Done = { readonly what: string; readonly sites: readonly Named[]; readonly times?: number };

/** For what the privileged side does as it is asked, in a folder that a tenant has prepared: nothing else changes. */
export async function harmless(
  row: Row,
  { what, sites, times = 1 }: Done,
  act: () => unknown,
): Promise<void> {
  const before = outside(sites);
  await act();
  expect({ what, changed: differences(before, outside(sites)) }).toEqual({ what, changed: [] });
  expect(readFileSync(`${CANARY}/file`, 'utf8')).toBe('sings');
  count(row, { refused: times, accepted: 0 });
}

/** Root's own, where no site has anything to do. */
export const CANARY = '/etc/sculptor-canary';

export function putCanary(): void {
  mkdirSync(`${CANARY}/folder/deep`, { recursive: true });
  for (const file of ['file', 'folder/file', 'folder/deep/file']) writeFileSync(`${CANARY}/${file}`, 'sings');
  must('chmod', ['0640', `${CANARY}/folder/file`]);
}

/** What a folder holds, so that it compares whole: numbers of inodes too, which a copy would not have. */
export function tree(path: string): readonly string[] {
  const format = '%i %P type %y mode %m owner %U:%G size %s written %T@ links %n to %l\\0';
  return must('find', [path, '-printf', format]).split('\0').sort();
}
