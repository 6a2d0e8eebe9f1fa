import type { SiteSpec } from '../../../../contract/domains.ts';
import type { DomainId } from '../../../../contract/ids.ts';
import type { Step } from '../../ensure.ts';
import { needsServerBlock, renderServerBlock, type ServerBlock } from '../../render/server-block.ts';
import { paths, snippetCopy } from '../../system/paths.ts';
import type { System } from '../../system/system.ts';
import { inTurn } from '../../in-turn.ts';
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
  const wanted = new Map([
    ...snippets.map(({ name, text }) => [snippetCopy(spec.id, name), text] as const),
    [paths.serverBlock(spec.id), renderServerBlock(blockOf(routed))] as const,
  ]);
  const former = async () => (await copies(system, spec.id)).filter((path) => !wanted.has(path));
  return {
    name: 'serve it by a server block of its own',
    look: async () => {
      for (const [path, text] of wanted) {
        if ((await files.read(path)) !== text) return 'the server block is another';
      }
      return (await former()).length === 0 ? null : 'a file of root that is gone is read still';
    },
    change: () =>
      nginx.apply(async () =>
        inTurn([
          ...[...wanted].map(
            ([path, text]) =>
              () =>
                files.replace(path, text, path.startsWith(paths.snippetCopies) ? 0o600 : 0o644),
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
    look: async () => ((await left()).length === 0 ? null : 'there is a server block'),
    change: () => nginx.apply(async () => inTurn((await left()).map((path) => () => files.remove(path)))),
  };
}

async function copies({ folders }: Pick<System, 'folders'>, id: DomainId): Promise<readonly string[]> {
  const names = await folders.list(paths.snippetCopies);
  return names.filter((name) => name.startsWith(`${id}-`)).map((name) => `${paths.snippetCopies}/${name}`);
}
