import type { SiteSpec } from '../../../../contract/domains.ts';
import type { DomainId } from '../../../../contract/ids.ts';
import type { Step } from '../../ensure.ts';
import { needsServerBlock, renderServerBlock, type ServerBlock } from '../../render/server-block.ts';
import { paths, snippetCopy } from '../../system/paths.ts';
import type { System } from '../../system/system.ts';
import { inTurn } from '../../in-turn.ts';
import { lookAtFiles } from '../../look-at-files.ts';
import type { WantedFile } from '../../wanted-files.ts';
import { namesOf, type Story } from './story.ts';

/** What of a story says how nginx serves it. */
export type Routed = Pick<Story, 'snippets'> & {
  readonly system: Pick<System, 'files' | 'folders' | 'nginx'>;
  readonly spec: Pick<SiteSpec, 'id' | 'type' | 'name' | 'aliases' | 'publicDirectory' | 'options'>;
};

function blockOf({ spec, snippets }: Pick<Routed, 'spec' | 'snippets'>): ServerBlock {
  const { id, type, publicDirectory, options } = spec;
  const names = namesOf(spec);
  return { id, type, names, publicDirectory, options, snippets: snippets.map(({ name }) => name) };
}

export function hasOwnServerBlock(routed: Pick<Routed, 'spec' | 'snippets'>): boolean {
  return needsServerBlock(blockOf(routed));
}

/**
 * For a site that the generic server block cannot serve. nginx decides whether it takes it, together with root's own
 * lines. Those are copied first: what root changes is nginx's once it was asked for it, and a mistake in it stops nothing.
 */
export function serverBlock(routed: Routed): Step {
  const { system, spec, snippets } = routed;
  const { files, nginx } = system;
  const wanted = [
    ...snippets.map(({ name, text }) => ({ ...copy(snippetCopy(spec.id, name)), text, mode: 0o600 })),
    { path: paths.serverBlock(spec.id), text: renderServerBlock(blockOf(routed)), mode: 0o644 },
  ];
  const former = async () =>
    (await copies(system, spec.id)).filter((path) => wanted.every((file) => file.path !== path));
  return {
    name: 'serve it by a server block of its own',
    files: async () => [...wanted, ...(await former()).map(gone)],
    look: async () => {
      const words = await lookAtFiles(files, wanted, 'the server block is another');
      if (words !== null) return words;
      if ((await former()).length > 0) return 'a file of root that is gone is read still';
      return (await nginx.isUnread(spec.id)) ? UNREAD : null;
    },
    change: async () =>
      nginx.apply({ site: spec.id, changing: [...wanted, ...(await former()).map(asCopy)] }, async () =>
        inTurn([
          ...wanted.map(
            ({ path, text, mode }) =>
              () =>
                files.replace(path, text, mode),
          ),
          ...(await former()).map((path) => () => files.remove(path)),
        ]),
      ),
  };
}

export function noServerBlock(system: Routed['system'], id: DomainId): Step {
  const { files, nginx } = system;
  const left = async () => {
    const block = paths.serverBlock(id);
    return [...((await files.read(block)) === null ? [] : [block]), ...(await copies(system, id))];
  };
  return {
    name: 'serve it by the common server block',
    files: async () => (await left()).map(gone),
    look: async () => {
      if ((await left()).length > 0) return 'there is a server block';
      return (await nginx.isUnread(id)) ? UNREAD : null;
    },
    change: async () =>
      nginx.apply(
        {
          site: id,
          changing: [{ path: paths.serverBlock(id), mode: 0o644 }, ...(await copies(system, id)).map(asCopy)],
        },
        async () => inTurn((await left()).map((path) => () => files.remove(path))),
      ),
  };
}

/** Who wrote them died of it. */
const UNREAD = 'nginx may not have read its files';

const asCopy = (path: string) => ({ path, mode: 0o600 });

/** Root's own lines may hold what nobody else is to read. */
function copy(path: string) {
  return { path, secret: true as const };
}

function gone(path: string): WantedFile {
  return path.startsWith(paths.snippetCopies) ? { ...copy(path), gone: true } : { path, gone: true };
}

async function copies({ folders }: Pick<System, 'folders'>, id: DomainId): Promise<readonly string[]> {
  const names = await folders.list(paths.snippetCopies);
  return names.filter((name) => name.startsWith(`${id}-`)).map((name) => `${paths.snippetCopies}/${name}`);
}
