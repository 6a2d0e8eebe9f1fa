import { FailureError } from '../../../contract/failures.ts';
import type { DomainName } from '../../../contract/names.ts';
import { because } from './because.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import { ForeignPathError, lookAt } from './own-path.ts';
import { paths } from './paths.ts';

/** A file of root's own, with lines for the server block of one site. */
export type Snippet = { readonly name: string; readonly text: string };

/** By the site's name, sorted. Throws where somebody else than root could have written one. */
export type Snippets = (site: DomainName) => Promise<readonly Snippet[]>;

/** What an editor leaves beside them is passed over. */
export const SNIPPET_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]|\.(?!\.)){0,90}\.conf$/;

type Tools = { readonly files: Pick<Files, 'read'>; readonly folders: Pick<Folders, 'look' | 'list'> };

export function createSnippets({ files, folders }: Tools): Snippets {
  const read = async (site: DomainName) => {
    const folder = paths.snippets(site);
    if ((await folders.look(folder)) === null) return [];
    const names = (await folders.list(folder)).filter((name) => SNIPPET_NAME.test(name)).sort();
    const found: Snippet[] = [];
    for (const name of names) {
      await requireRootsFile(`${folder}/${name}`);
      found.push({ name, text: (await files.read(`${folder}/${name}`)) ?? '' });
    }
    return found;
  };
  return async (site) => {
    try {
      return await read(site);
    } catch (cause) {
      if (!(cause instanceof ForeignPathError)) throw cause;
      throw because(cause, notRootsAlone(site));
    }
  };
}

/** In a folder of root's alone a file can still have been given away. */
async function requireRootsFile(path: string): Promise<void> {
  const stats = await lookAt(path);
  if (stats === null || (stats.uid === 0 && (stats.mode & 0o022) === 0)) return;
  throw new ForeignPathError(path, 'could be changed by others than root');
}

function notRootsAlone(site: DomainName): FailureError {
  const folder = paths.snippets(site);
  return new FailureError(
    'server_broken',
    `Others than root could have written what lies in ${folder}.`,
    `On the server, look what it says, then: chown -R root:root ${folder}; chmod -R go-w ${folder}`,
  );
}
