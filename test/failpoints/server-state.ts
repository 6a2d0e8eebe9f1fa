import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, type BigIntStats } from 'node:fs';
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { must, run } from '../machine/server.ts';
import { stateRows } from './state-rows.ts';

/** All that lasts on the server, a line for each thing. */
export type ServerState = readonly string[];

const FOLDERS = [
  ...[
    '/etc',
    '/home/www',
    '/var/lib/sculptor-root',
    '/var/lib/sculptor-mail/sites',
    '/var/lib/sculptor-nginx',
  ],
  ...['/var/lib/sculptor-acme', '/var/log/sculptor/programs', '/var/spool/cron', '/run/systemd/system'],
  ...['/run/sculptor-php', '/run/sculptor-relay'],
];

/**
 * What changes by itself, or counts what was tried: executors note what they are asked and measure each minute, and
 * numbers that were taken for an attempt that died are not given again.
 */
const NOTES = new Set([
  // Read line by line.
  ...['passwd', 'group', 'shadow', 'gshadow'].flatMap((name) => [`/etc/${name}`, `/etc/${name}-`]),
  '/etc/.pwd.lock',
  ...[
    'audit.log',
    'audit',
    'locks',
    'sizes',
    'state-dumps',
    'next-uid',
    'next-project',
    'moves',
    'update-run',
    'update-run.log',
  ].map((name) => `/var/lib/sculptor-root/${name}`),
]);

export async function serverState(): Promise<ServerState> {
  const found: string[] = [];
  for (const folder of FOLDERS) walk(folder, found);
  return [...found, ...users(), ...units(), ...processes(), ...bans(), ...(await stateRows())];
}

/** What the second has that the first had not, and the other way round: of each line as often as it has it more. */
export function changes(before: ServerState, after: ServerState): readonly string[] {
  return [
    ...beyond(before, after)
      .filter((line) => !COUNTS.some((start) => line.startsWith(start)))
      .map((line) => `- ${line}`),
    ...beyond(after, before).map((line) => `+ ${line}`),
  ];
}

function beyond(these: ServerState, those: ServerState): readonly string[] {
  const left = new Map<string, number>();
  for (const line of those) left.set(line, (left.get(line) ?? 0) + 1);
  return these.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

/** What all sites share, of which each has its part. */
const SHARED = [
  ...[
    'destroyed.json',
    'let-in.json',
    'repaired.json',
    'upgraded.json',
    'banned.json',
    'orders.json',
    'cache/',
  ].map((name) => `/var/lib/sculptor-root/${name}`),
  '/etc/sculptor/cache/',
];
/** What was counted an hour ago goes from there by itself. */
const COUNTS = [...SHARED.slice(0, 5), 'row of sculptor_door.counted '];

/** A file that was not changed since is not read again. */
const known = new Map<string, { readonly changed: bigint; readonly lines: readonly string[] }>();

function walk(path: string, found: string[]): void {
  if (NOTES.has(path)) return;
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return;
  const before = known.get(path);
  const its = before?.changed === stats.ctimeNs ? before.lines : linesOf(path, stats);
  known.set(path, { changed: stats.ctimeNs, lines: its });
  found.push(...its);
  if (!stats.isDirectory()) return;
  for (const name of namesIn(path)) walk(`${path}/${name}`, found);
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

function linesOf(path: string, stats: BigIntStats): readonly string[] {
  if (!stats.isFile() || !SHARED.some((shared) => path.startsWith(shared))) return [lineOf(path, stats)];
  const its = partsOf(path).map((part) => `${path}: ${part}`);
  // Whoever is counted first makes the file.
  return COUNTS.includes(path) ? its : [headOf(path, stats), ...its];
}

/** The lines of a text, or the elements of a list. */
function partsOf(path: string): readonly string[] {
  const text = readFileSync(path, 'utf8');
  if (!path.endsWith('.json')) return lines(text).filter((line) => !line.startsWith('maxmemory '));
  const list = z.array(z.unknown()).parse(JSON.parse(text));
  // What broke off counts once, and so does what was done: that is all the difference there is.
  return list.map((element) => JSON.stringify(element).replace(/,"finished":(?:true|false)/, ''));
}

function headOf(path: string, stats: BigIntStats): string {
  return `${path} ${(Number(stats.mode) & 0o7777).toString(8)} ${stats.uid}:${stats.gid}`;
}

function lineOf(path: string, stats: BigIntStats): string {
  const head = headOf(path, stats);
  if (stats.isSymbolicLink()) return `${head} -> ${readlinkSync(path)}`;
  if (stats.isFile()) return `${head} ${contentOf(path, stats)}`;
  return stats.isDirectory() ? `${head} folder` : `${head} other`;
}

function contentOf(path: string, { size }: BigIntStats): string {
  try {
    const content = readFileSync(path);
    // Compressed, it holds the time and says nothing to who reads a difference.
    if (path.endsWith('.gz')) return size > 0n ? 'compressed' : 'empty';
    if (size > 50_000n) return createHash('sha256').update(content).digest('hex');
    return JSON.stringify(content.toString('latin1'));
  } catch {
    return 'gone';
  }
}

function users(): string[] {
  return ['passwd', 'group', 'shadow'].flatMap((database) =>
    lines(readFileSync(`/etc/${database}`, 'utf8')).map((line) => `${database} ${line}`),
  );
}

/**
 * What looks, and changes nothing: which updates wait and what runs of files that were replaced is asked now and then, and who
 * is here by ssh at each ban.
 */
const BY_THEMSELVES = new Set([
  'sculptor-pending-updates.service',
  'sculptor-replaced.service',
  'sculptor-look-around.service',
]);

function units(): string[] {
  const options = ['--all', '--plain', '--no-legend', 'sculptor-*'];
  const all = lines(must('systemctl', ['list-units', ...options]));
  return all.flatMap((line) => {
    const [name = '', load = '', active = '', sub = ''] = line.trim().split(/\s+/);
    return BY_THEMSELVES.has(name) ? [] : [`unit ${name} ${load} ${active} ${sub}`];
  });
}

/** Whom fail2ban keeps off, where it runs, and the kernel for it. */
function bans(): string[] {
  if (!existsSync('/run/fail2ban/fail2ban.sock')) return [];
  const { code, out } = run('fail2ban-client', ['banned']);
  if (code !== 0) return [];
  const table = run('nft', ['list', 'table', 'inet', 'f2b-table']).out;
  const kept = (text: string) =>
    Array.from(text.matchAll(/\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b/g), ([one]) => one);
  return [...kept(out).map((one) => `banned ${one}`), ...kept(table).map((one) => `kept off ${one}`)];
}

/** What runs as a site, and does not end just now; how many children a php-fpm has is its own affair. */
function processes(): string[] {
  const ours = lines(must('ps', ['-e', '-o', 'user:40=,args='])).filter(
    (line) => line.startsWith('s-') && !line.includes('php-fpm: pool') && !/ \[[^ ]+\]/.test(line),
  );
  return ours.map((line) => `process ${line.replace(/\s+/g, ' ')}`);
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}

/** Once nothing changes any more by itself: what was prepared a moment ago may be on its way still. */
export async function atRest(): Promise<ServerState> {
  for (let before = await serverState(); ;) {
    await pause(300);
    const after = await serverState();
    if (changes(before, after).length === 0) return after;
    before = after;
  }
}
