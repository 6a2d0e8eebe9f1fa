import { DomainId } from '../../../contract/ids.ts';
import { paths } from '../system/paths.ts';
import type { System } from '../system/system.ts';
import { notThere } from './site-parts.ts';
import type { VerbHandler } from './table.ts';

/** What is kept of what a cron says, as far as it is shown. */
const SHOWN_OUTPUT = 16_384;

export function lookAtCrons({
  folders,
  parts,
  once,
}: Pick<System, 'folders' | 'parts' | 'once'>): VerbHandler<'crons.look'> {
  return async () => {
    const sites = (await folders.list(paths.parts)).flatMap((name) => DomainId.safeParse(name).data ?? []);
    const all = (await Promise.all(sites.map((site) => parts.list(site)))).flat();
    const crons = all.filter(({ type }) => type === 'cron');
    return {
      crons: await Promise.all(crons.map(async ({ id }) => ({ part: id, ...(await once.report(id)) }))),
    };
  };
}

export function cronOutput({ parts, once }: Pick<System, 'parts' | 'once'>): VerbHandler<'cron.output'> {
  return async (place) => {
    const part = await parts.read(place);
    if (part?.type !== 'cron' || part.removed) throw notThere();
    return { output: (await once.output(place.id, SHOWN_OUTPUT)).text };
  };
}
