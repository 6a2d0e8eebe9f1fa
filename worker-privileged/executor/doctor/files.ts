import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, type Stats } from 'node:fs';
import { wrong, type Check, type Found } from './finding.ts';
import type { Installed } from './installed.ts';
import { findLoose } from './loose.ts';
import { ownerOf, type People } from './people.ts';

/** Where everything is root's but for what the installation gives to somebody. */
const ROOTS = ['/etc/sculptor', '/etc/nginx/sculptor', '/etc/systemd/system', '/var/lib/sculptor-root'];

/** What the installation put in place outside of the code, with its owner, its mode and, where it is ours, its text. */
export const files: Check = async (server) => {
  const [people, installed] = [await server.people(), await server.installed()];
  const things = installed.filter(({ kind, path }) => kind !== 'code' && !path.startsWith('/usr/'));
  const said = new Set(things.map(({ path }) => path));
  return [
    ...things.flatMap((thing) => asInstalled(people, thing)),
    ...ROOTS.flatMap((path) => findLoose(people, path, said)),
  ];
};

export function asInstalled(people: People, thing: Installed): readonly Found[] {
  const { path, kind, sha256 } = thing;
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [wrong(`${path} is not there.`)];
  const kindNow = stats.isDirectory() ? 'a folder' : stats.isFile() ? 'a file' : 'neither file nor folder';
  const kindThen = kind === 'folder' ? 'a folder' : 'a file';
  if (kindNow !== kindThen) return [wrong(`${path} is ${kindNow} and should be ${kindThen}.`)];
  const another = sha256 !== null && digestOf(path) !== sha256;
  return [
    ...sameRights(people, thing, stats),
    ...(another ? [wrong(`${path} is not what was installed: its text is another.`)] : []),
  ];
}

function sameRights(people: People, { path, owner, mode }: Installed, stats: Stats): readonly Found[] {
  const is = `${ownerOf(people, stats)} ${(stats.mode & 0o7777).toString(8)}`;
  const should = `${owner} ${(mode ?? stats.mode & 0o7777).toString(8)}`;
  return is === should ? [] : [wrong(`${path} is ${is} and should be ${should}.`)];
}

function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
