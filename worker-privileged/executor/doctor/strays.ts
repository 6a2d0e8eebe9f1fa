import { readdirSync } from 'node:fs';
import { paths } from '../system/paths.ts';
import type { SiteEntry } from '../system/registry.ts';
import { wrong, type Found } from './finding.ts';

/** What lies where sites lie and belongs to none. */
export function strays(entries: readonly SiteEntry[]): readonly Found[] {
  // What is being made or removed has its entry.
  const here = entries.filter(({ purgedAt }) => purgedAt === null);
  const ids = here.map(({ id }) => id);
  const places: readonly (readonly [folder: string, ours: readonly string[]])[] = [
    [paths.homes, [...here.map(({ name }) => name), '.trash']],
    [paths.sites, ids],
    [paths.hosts, here.flatMap(({ names }) => names)],
    [paths.serverBlocks, ids.map((id) => `${id}.conf`)],
    [paths.visitors, ids],
  ];
  return [
    ...places.flatMap(([folder, ours]) => unknown(folder, new Set<string>(ours))),
    ...[paths.trash, paths.snippetCopies].flatMap((folder) =>
      list(folder)
        .filter((name) => !ids.some((id) => name.startsWith(`${id}-`)))
        .map((name) => nobodys(`${folder}/${name}`)),
    ),
  ];
}

function unknown(folder: string, ours: ReadonlySet<string>): readonly Found[] {
  return list(folder)
    .filter((name) => !ours.has(name))
    .map((name) => nobodys(`${folder}/${name}`));
}

function nobodys(path: string): Found {
  return wrong(`${path} belongs to no site that is here.`, 'Look what it is, and move it away.');
}

function list(folder: string): readonly string[] {
  return readdirSync(folder);
}
