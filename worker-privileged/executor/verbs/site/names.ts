import type { DomainId } from '../../../../contract/ids.ts';
import type { DomainName } from '../../../../contract/names.ts';
import { staying, type Step } from '../../ensure.ts';
import { paths } from '../../system/paths.ts';
import type { SiteEntry } from '../../system/registry.ts';
import type { System } from '../../system/system.ts';
import { inTurn } from '../../in-turn.ts';
import { nameTaken } from './registered.ts';
import { hasOwnServerBlock, type Routed } from './server-block.ts';
import { held, holderOf, namesOf, served, type Story } from './story.ts';

type Tools = Pick<System, 'files'>;

/**
 * Each name is this site's. The host link is the claim: the kernel makes it for one of many who ask at once.
 * It leads nowhere yet, so that nothing answers.
 */
export function namesHeld({ system: { files }, spec }: Story): Step {
  const missing = async () => {
    const names: DomainName[] = [];
    for (const name of namesOf(spec)) {
      const link = await files.readLink(paths.host(name));
      if (link === null) names.push(name);
      else if (holderOf(link) !== spec.id) throw nameTaken(name);
    }
    return names;
  };
  return {
    name: 'hold the names',
    files: async () => (await missing()).map((name) => ({ path: paths.host(name), link: held(spec.id) })),
    look: async () => ((await missing()).length === 0 ? null : 'a name is not held'),
    change: async () =>
      inTurn(
        (await missing()).map((name) => async () => {
          const undo = await files.claim(paths.host(name), held(spec.id));
          if (undo === null) throw nameTaken(name);
          return undo;
        }),
      ),
  };
}

/**
 * The names lead to the site, or nowhere where a server block of its own serves it: not before those of nginx have ended
 * that do not know of it.
 */
export function namesServed(routed: Routed): Step {
  const {
    system: { files, nginx },
    spec,
  } = routed;
  const names = namesOf(spec);
  const own = hasOwnServerBlock(routed);
  const step = namesLeadTo({ files }, own ? held(spec.id) : served(spec.id), {
    name: 'point the names at the site',
    names: () => Promise.resolve(names),
  });
  const change = async () => {
    await nginx.drained();
    return step.change();
  };
  return own ? { ...step, change } : step;
}

/** No name leads to the site any more, and all are still held: nobody else has them before its files are gone. */
export function namesClosed({ files }: Tools, { id, names }: SiteEntry): Step {
  return staying(
    namesLeadTo({ files }, held(id), {
      name: 'close the names',
      names: () => mine({ files }, id, names),
    }),
  );
}

/** Nobody holds the names that the site had and has no more, and the registry forgets them after that. */
export function namesFreed(
  { files, registry }: Pick<System, 'files' | 'registry'>,
  id: DomainId,
  kept: readonly DomainName[],
): Step {
  const former = (entry: SiteEntry | null) => entry?.names.filter((name) => !kept.includes(name)) ?? [];
  return {
    name: 'free former names',
    look: async () => (former(await registry.read(id)).length === 0 ? null : 'a former name is registered'),
    change: async () => {
      const entry = await registry.read(id);
      for (const name of await mine({ files }, id, former(entry))) await files.remove(paths.host(name));
      if (entry !== null) await registry.write({ ...entry, names: [...kept] });
      // Somebody else may have them by now.
      return null;
    },
  };
}

function namesLeadTo(
  { files }: Tools,
  target: string,
  { name, names }: { readonly name: string; readonly names: () => Promise<readonly DomainName[]> },
): Step {
  const astray = async () => {
    const found: DomainName[] = [];
    for (const host of await names()) {
      const link = await files.readLink(paths.host(host));
      if (link !== null && holderOf(link) !== holderOf(target)) throw nameTaken(host);
      if (link !== target) found.push(host);
    }
    return found;
  };
  return {
    name,
    files: async () => (await astray()).map((host) => ({ path: paths.host(host), link: target })),
    look: async () => ((await astray()).length === 0 ? null : 'a name leads elsewhere'),
    change: async () => inTurn((await astray()).map((host) => () => files.link(paths.host(host), target))),
  };
}

/** Of those, what the site holds. */
export async function mine(
  { files }: Tools,
  id: string,
  names: readonly DomainName[],
): Promise<DomainName[]> {
  const found: DomainName[] = [];
  for (const name of names) {
    const link = await files.readLink(paths.host(name));
    if (link !== null && holderOf(link) === id) found.push(name);
  }
  return found;
}
