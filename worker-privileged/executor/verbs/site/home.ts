import { FailureError } from '../../../../contract/failures.ts';
import type { Step } from '../../ensure.ts';
import { octal } from '../../octal.ts';
import type { Folder } from '../../system/folders.ts';
import { paths, stampOf } from '../../system/paths.ts';
import type { SiteEntry } from '../../system/registry.ts';
import type { System } from '../../system/system.ts';
import { inTurn } from '../../in-turn.ts';
import { nginxGroup } from '../../system/nginx-group.ts';
import { notOurs } from './registered.ts';
import { accountOf, entryOf, holderOf, type Story } from './story.ts';

const HOME: Folder = { uid: 0, gid: 0, mode: 0o755 };

/** The folder that carries the site's name. It is root's, so that nobody can swap what lies in it. */
export function home(story: Story): Step {
  const { system, spec } = story;
  const path = paths.home(spec.name);
  return {
    name: 'make the folder',
    look: async () => {
      const entry = await system.registry.read(spec.id);
      const found = await system.folders.look(path);
      if (found === null) return 'there is no folder';
      if (entry?.home !== true) return 'the folder is not registered';
      return wordsOf(path, found, HOME);
    },
    change: async () => {
      const entry = await entryOf(story);
      // A folder that is not registered can be our own, of a moment ago, if that is all there is of it.
      const found = await system.folders.look(path);
      if (found !== null && !entry.home && (await system.folders.list(path)).length > 0) {
        throw notOurs(`The folder ${path} is there already`, 'Move the folder away');
      }
      return inTurn([
        async () => {
          const undo = await system.folders.ensure(path, HOME);
          // A new one that is not empty any more holds something of somebody's.
          return found === null ? () => undo().catch(() => throwAway(system, entry)) : undo;
        },
        () => system.registry.write({ ...entry, home: true }),
      ]);
    },
  };
}

/** What the site has in its folder: what is served, what is not, and a place for passing things. */
export function homeFolders(story: Story): Step {
  const { system, spec } = story;
  const wanted = async () => {
    const { uid, gid } = await accountOf(story);
    const own: Folder = { uid, gid, mode: 0o700 };
    const open: Folder = { uid, gid: await nginxGroup(system.accounts), mode: 0o2750 };
    return Object.entries({ public: open, private: own, tmp: own }).map(([folder, owner]) => ({
      path: `${paths.home(spec.name)}/${folder}`,
      owner,
    }));
  };
  return {
    name: 'make what lies in it',
    look: async () => {
      if ((await system.registry.read(spec.id)) === null) return 'there is no account';
      for (const { path, owner } of await wanted()) {
        const found = await system.folders.look(path);
        if (found === null) return `${path} is missing`;
        const words = wordsOf(path, found, owner);
        if (words !== null) return words;
      }
      return null;
    },
    change: async () =>
      inTurn(
        (await wanted()).map(
          ({ path, owner }) =>
            () =>
              system.folders.ensure(path, owner),
        ),
      ),
  };
}

/** The files out of the way and kept. Only while the name is held by this site is the folder its own. */
export function homeTrashed(system: System, { id, name, home: registered }: SiteEntry): Step {
  return {
    name: 'move the files to the trash',
    look: async () => {
      const link = await system.files.readLink(paths.host(name));
      if (!registered || link === null || holderOf(link) !== id) return null;
      return (await system.folders.look(paths.home(name))) === null ? null : 'the files are in place';
    },
    change: async () => {
      const entry = await system.registry.read(id);
      const trash = entry?.trash ?? stampOf(system.now());
      // Noted first, so that they are found again whatever happens now.
      if (entry !== null) await system.registry.write({ ...entry, trash });
      await system.folders.move(paths.home(name), paths.trashed(id, trash));
      return null;
    },
  };
}

/** The same folder with all that is in it, back where it was. */
export function homeRestored({ folders }: System, { id, name, trash }: SiteEntry): Step {
  const kept = async () => (trash === null ? null : folders.look(paths.trashed(id, trash)));
  return {
    name: 'bring the files back',
    look: async () => {
      const [inTrash, inPlace] = [await kept(), await folders.look(paths.home(name))];
      if (inTrash === null && inPlace === null) throw nothingKept();
      if (inTrash === null) return null;
      if (inPlace === null) return 'the files are in the trash';
      throw notOurs(`The folder ${paths.home(name)} is there already`, 'Move the folder away');
    },
    change: () => folders.move(paths.trashed(id, trash ?? ''), paths.home(name)),
  };
}

function nothingKept(): FailureError {
  return new FailureError('not_found', 'The files of this site are not in the trash.', 'Create it anew.');
}

/** Undone, the site is forgotten: see nobodys-trash.ts. */
async function throwAway({ folders, now }: System, { id, name }: SiteEntry): Promise<void> {
  await folders.move(paths.home(name), paths.trashed(id, stampOf(now())));
}

/** What of a folder is not so; null where all is. */
export function wordsOf(path: string, found: Folder, wanted: Folder): string | null {
  const [is, shall] = [found, wanted].map(({ uid, gid, mode }) => `${uid}:${gid} ${octal(mode)}`);
  return is === shall ? null : `${path} is ${is} instead of ${shall}`;
}
