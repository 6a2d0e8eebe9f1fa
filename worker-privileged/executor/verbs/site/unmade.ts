import type { Step } from '../../ensure.ts';
import { paths } from '../../system/paths.ts';
import type { SiteEntry } from '../../system/registry.ts';
import type { System } from '../../system/system.ts';
import { holderOf } from './story.ts';

const OURS = ['public', 'private', 'tmp'];

type Tools = Pick<System, 'accounts' | 'files' | 'folders' | 'parts'>;

/**
 * Whether its creation never came to its end, and nobody has left anything since: there is no file of any kind in its
 * folder, and nothing belongs to it. What was once a site, or lies in the trash, is none of these.
 */
export async function neverStood(system: Tools, entry: SiteEntry): Promise<boolean> {
  if (entry.settings !== null || entry.removedAt !== null || entry.trash !== null) return false;
  if (!(await system.parts.isEmpty(entry.id))) return false;
  if (!(await hasHome(system, entry))) return true;
  const names = await system.folders.list(paths.home(entry.name));
  if (!names.every((name) => OURS.includes(name))) return false;
  // What cannot be looked at is not empty.
  return (await asSite(system, entry, ['!', '-type', 'd', '-print', '-quit']).catch(() => 'unknown')) === '';
}

/** Folders alone, and each only where it is empty: what came into one after it was looked at stays, and this fails. */
export function homeUnmade(system: Tools, entry: SiteEntry): Step {
  const { folders } = system;
  const home = paths.home(entry.name);
  return {
    name: 'remove the empty folders',
    look: async () => ((await hasHome(system, entry)) ? 'the folders are in place' : null),
    change: async () => {
      await asSite(system, entry, ['-depth', '-type', 'd', '-delete']);
      for (const name of await folders.list(home)) await folders.removeEmpty(`${home}/${name}`);
      await folders.removeEmpty(home);
      return null;
    },
  };
}

export function forgotten({ files }: Pick<System, 'files'>, { id }: SiteEntry): Step {
  const path = paths.registered(id);
  return {
    name: 'forget the site',
    look: async () => ((await files.read(path)) === null ? null : 'it is registered'),
    change: () => files.remove(path).then(() => null),
  };
}

/** Only while the name is held by this site is the folder its own. */
async function hasHome({ files, folders }: Tools, { id, name }: SiteEntry): Promise<boolean> {
  const link = await files.readLink(paths.host(name));
  return link !== null && holderOf(link) === id && (await folders.look(paths.home(name))) !== null;
}

/** What lies below its folders it may change at any time, and so is looked for as the site itself. */
async function asSite(
  system: Tools,
  { name, uid, gid }: SiteEntry,
  what: readonly string[],
): Promise<string> {
  const found = await system.folders.list(paths.home(name));
  if (found.length === 0) return '';
  const folders = found.map((folder) => `${paths.home(name)}/${folder}`);
  const args = ['-P', ...folders, '-mindepth', '1', ...what];
  return system.accounts.runAs({ uid, gid }, { file: '/usr/bin/find', args });
}
