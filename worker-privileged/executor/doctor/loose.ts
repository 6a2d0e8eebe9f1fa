import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { wrong, type Found } from './finding.ts';
import { ownerOf, type People } from './people.ts';

/** What somebody other than root owns or can write, at that path and below. What root reads as orders lies there. */
export function findLoose(
  people: People,
  path: string,
  except: ReadonlySet<string> = new Set(),
): readonly Found[] {
  return walk(path).flatMap(([each, stats]) => (except.has(each) ? [] : loose(people, each, stats)));
}

/** The same of the folders on the way to a path: who can change one can put another thing in its place. */
export function findLooseAbove(people: People, path: string): readonly Found[] {
  if (path === '/') return [];
  const folder = dirname(path);
  return [...findLooseAbove(people, folder), ...loose(people, folder, lstatSync(folder))];
}

/**
 * A path and all that is below it; no link is followed. Synchronous: thousands of files are looked at, and that is
 * several times faster.
 */
export function walk(path: string): readonly (readonly [path: string, stats: Stats])[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  const below = stats.isDirectory() ? readdirSync(path) : [];
  return [[path, stats], ...below.flatMap((name) => walk(`${path}/${name}`))];
}

function loose(people: People, path: string, stats: Stats): readonly Found[] {
  if (stats.uid !== 0) {
    const owner = ownerOf(people, stats);
    return [wrong(`${path} belongs to ${owner} and should be root's.`, `Run chown -h root:root ${path}.`)];
  }
  if (stats.isSymbolicLink()) return [];
  const mode = (stats.mode & 0o7777).toString(8);
  if ((stats.mode & 0o022) !== 0)
    return [
      wrong(`${path} has the mode ${mode}: others than root can change it.`, `Run chmod go-w ${path}.`),
    ];
  if (stats.isFile() && (stats.mode & 0o6000) !== 0)
    return [
      wrong(`${path} has the mode ${mode}: whoever starts it becomes another.`, `Run chmod ug-s ${path}.`),
    ];
  return [];
}
