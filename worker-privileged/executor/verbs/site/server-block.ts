import type { DomainId } from '../../../../contract/ids.ts';
import type { Step } from '../../ensure.ts';
import { needsServerBlock, renderServerBlock } from '../../render/server-block.ts';
import { paths } from '../../system/paths.ts';
import type { System } from '../../system/system.ts';
import { namesOf, type Story } from './story.ts';

export function hasOwnServerBlock({ spec }: Pick<Story, 'spec'>): boolean {
  return needsServerBlock({ ...spec, names: namesOf(spec) });
}

/** For a site that the generic server block cannot serve. nginx decides whether it takes it. */
export function serverBlock({ system: { files, nginx }, spec }: Story): Step {
  const { id, publicDirectory, options } = spec;
  const path = paths.serverBlock(id);
  const text = renderServerBlock({ id, names: namesOf(spec), publicDirectory, options });
  return {
    name: 'serve it by a server block of its own',
    look: async () => ((await files.read(path)) === text ? null : 'the server block is another'),
    change: () => nginx.apply(() => files.replace(path, text)),
  };
}

export function noServerBlock({ files, nginx }: Pick<System, 'files' | 'nginx'>, id: DomainId): Step {
  const path = paths.serverBlock(id);
  return {
    name: 'serve it by the common server block',
    look: async () => ((await files.read(path)) === null ? null : 'there is a server block'),
    change: () => nginx.apply(() => files.remove(path)),
  };
}
