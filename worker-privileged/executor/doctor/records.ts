import { readdirSync, readFileSync } from 'node:fs';
import { jsonOf } from '../../../contract/json-text.ts';
import { Limits } from '../system/limits.ts';
import { paths } from '../system/paths.ts';
import type { SiteEntry } from '../system/registry.ts';
import { wrong, type Check, type Found } from './finding.ts';
import { walk } from './loose.ts';

const FOLDER = '/var/lib/sculptor-root';
const BACKUP = 'Take it from a backup, or find out who wrote it.';

/** What the privileged side remembers, and what root has set. */
export const records: Check = async (server) => {
  const { entries, broken } = await server.registry();
  const brokenParts = (await server.parts()).broken;
  return [
    ...[...broken, ...brokenParts].map((sentence) => wrong(`${sentence}.`, BACKUP)),
    ...twice(entries),
    ...unreadable(),
    ...limits(),
    ...nextUid(entries),
    ...openToOthers(),
  ];
};

/** A number or a name that two sites have. */
export function twice(entries: readonly SiteEntry[]): readonly Found[] {
  const own = entries.filter(({ isolation }) => isolation === 'site');
  const held = entries.flatMap(({ id, names }) => names.map((name) => [name, id] as const));
  return [
    ...repeated(own.map(({ uid, id }) => [String(uid), id])).map(([uid, ids]) =>
      wrong(`The sites ${ids} have one user number, ${uid}.`, BACKUP),
    ),
    ...repeated(held).map(([name, ids]) =>
      wrong(
        `The sites ${ids} both hold the name ${name}.`,
        `Look where ${paths.hosts}/${name} leads; remove the other.`,
      ),
    ),
  ];
}

function repeated(pairs: readonly (readonly [key: string, id: string])[]) {
  const all = new Map<string, string[]>();
  for (const [key, id] of pairs) all.set(key, [...(all.get(key) ?? []), id]);
  return [...all].flatMap(([key, ids]) => (ids.length > 1 ? [[key, ids.join(' and ')] as const] : []));
}

function unreadable(): readonly Found[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json') && jsonIn(`${FOLDER}/${name}`) === undefined)
    .map((name) => wrong(`${FOLDER}/${name} is no JSON: what needs it is refused.`, BACKUP));
}

function limits(): readonly Found[] {
  const set = jsonIn(paths.limits, {});
  if (Limits.safeParse(set).success) return [];
  return [
    wrong(
      `${paths.limits} cannot be understood: nothing is removed or let in.`,
      'Mend or remove it; sculptorctl limit list says what may stand in it.',
    ),
  ];
}

function nextUid(entries: readonly SiteEntry[]): readonly Found[] {
  const noted = textOf(paths.nextUid);
  const used = Math.max(0, ...entries.map(({ uid }) => uid));
  if (noted === null || Number(noted) > used) return [];
  return [
    wrong(
      `${paths.nextUid} says ${noted.trim()}, and a site has ${used} already: a number could be given twice.`,
      `Run echo ${used + 1} >${paths.nextUid}.`,
    ),
  ];
}

function openToOthers(): readonly Found[] {
  return walk(FOLDER)
    .filter(([path, stats]) => stats.isFile() && path.endsWith('.log') && (stats.mode & 0o077) !== 0)
    .map(([path]) => wrong(`${path} is not root's alone.`, `Run chmod 0600 ${path}.`));
}

/** Undefined where it is none; `missing` where there is no file. */
function jsonIn(path: string, missing?: unknown): unknown {
  const text = textOf(path);
  return text === null ? missing : jsonOf(text);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
