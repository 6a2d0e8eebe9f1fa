import { DomainId, PartId } from '../../contract/ids.ts';
import type { VerbArgs } from '../../contract/executor.ts';
import type { OperationKind } from '../../contract/operations.ts';
import { PART_SPECS, PartName } from '../../contract/site-parts.ts';
import type { PartSpec, PartType } from '../../contract/site-parts.ts';
import type { Generation } from '../../contract/ids.ts';
import { FailureError } from '../../contract/failures.ts';
import { readPartVersion } from '../../state/site-parts.ts';
import type { CallContext, Executor } from '../executor-calls.ts';
import { keepDriftOfSite } from '../keeping-drift.ts';
import type { KeepingParts } from '../keeping-drift.ts';
import { contextOf, parsed, refused } from '../task.ts';
import type { Handler, Task } from '../task.ts';
import { runToItsEnd } from './run.ts';

export interface SitePartParts extends KeepingParts {
  readonly executor: Executor;
}

/** A part as it shall be; what the executor is called with. */
export interface WantedPart<T extends PartType> {
  readonly id: PartId;
  readonly site: DomainId;
  readonly generation: Generation;
  readonly name: PartName;
  readonly spec: PartSpec<T>;
}

type PartOperation = Exclude<Extract<OperationKind, `${PartType}.${string}`>, `certificate.${string}`>;

export function createSitePartHandlers(parts: SitePartParts): Readonly<Record<PartOperation, Handler>> {
  const { executor } = parts;
  const [key, cache, cron, queue] = [
    kept(parts, 'key'),
    kept(parts, 'cache'),
    kept(parts, 'cron'),
    kept(parts, 'queue'),
  ];
  const putCache: Handler = { apply: cache.put, discard: cache.remove };
  const restart = putting(parts, 'queue', async ({ name, spec, ...place }, context) => {
    await executor.call('queue.put', { ...place, name, spec }, context);
    await executor.call('queue.restart', place, context);
  });
  const runNow = putting(parts, 'cron', async ({ name, spec, ...place }, context) => {
    await executor.call('cron.put', { ...place, name, spec }, context);
    await executor.call('cron.run', place, context);
  });
  const run = runToItsEnd(parts);
  return {
    'queue.create': { apply: queue.put, discard: queue.remove },
    'queue.update': { apply: queue.put },
    'queue.start': { apply: queue.put },
    'queue.stop': { apply: queue.put },
    'queue.restart': { apply: restart },
    'queue.delete': { apply: queue.remove },
    'cache.create': putCache,
    'cache.update': putCache,
    'cache.rotate': putCache,
    'cache.delete': { apply: cache.remove },
    'cron.create': { apply: cron.put, discard: cron.remove },
    'cron.update': { apply: cron.put },
    'cron.run': { apply: runNow },
    'cron.delete': { apply: cron.remove },
    // One that failed stays, so that it can be read what became of it.
    'run.create': { apply: putting(parts, 'run', (wanted, context, task) => run(wanted, task, context)) },
    'key.create': { apply: key.put, discard: key.remove },
    'key.delete': { apply: key.remove },
  };
}

/** What stays until it is removed, by the two verbs that each such type has. */
function kept(parts: SitePartParts, type: Exclude<PartType, 'run' | 'certificate'>) {
  const { executor } = parts;
  const [put, remove] = [`${type}.put`, `${type}.remove`] as const;
  return {
    // The verb is that of the type; the compiler cannot tie the two together.
    put: putting(parts, type, (wanted, context) =>
      executor.call(put, wanted as VerbArgs<typeof put>, context),
    ),
    remove: removing(parts, (place, context) => executor.call(remove, place, context)),
  };
}

type Put<T extends PartType> = (wanted: WantedPart<T>, context: CallContext, task: Task) => Promise<unknown>;
type Place = Pick<WantedPart<PartType>, 'id' | 'site' | 'generation'>;
type Remove = (place: Place, context: CallContext) => Promise<unknown>;

export function putting<T extends PartType>(parts: SitePartParts, type: T, put: Put<T>) {
  return async (task: Task) => {
    const { place, version } = await readVersion(parts, task);
    if (version.deleted || version.type !== type) throw refused('there is no such version of this part');
    const name = parsed(PartName, version.name);
    // The schema is that of the type; the compiler cannot tie the two together.
    const spec = parsed(PART_SPECS[type], version.spec) as PartSpec<T>;
    await keepDriftOfSite(parts, task, place.site);
    task.stillMine();
    await put({ ...place, name, spec }, contextOf(task), task);
    return 'live' as const;
  };
}

/** What the executor does not know is gone already. */
export function removing(parts: SitePartParts, remove: Remove) {
  return async (task: Task) => {
    const { place } = await readVersion(parts, task);
    await keepDriftOfSite(parts, task, place.site);
    task.stillMine();
    try {
      await remove(place, contextOf(task));
    } catch (error) {
      if (!(error instanceof FailureError) || error.failure.code !== 'not_found') throw error;
    }
    return 'deleted' as const;
  };
}

/** The version this operation is about, of a site of the same tenant on the same server. */
async function readVersion({ state }: Pick<SitePartParts, 'state'>, { operation }: Task) {
  const { resourceId, generation, tenant, server } = operation;
  const version = await readPartVersion(state, resourceId, generation);
  if (version === undefined || version.tenant !== tenant || version.server !== server)
    throw refused('there is no such version of this part');
  if (version.domainTenant !== tenant || version.domainServer !== server)
    throw refused('its domain is not one of this tenant on this server');
  const place = { id: parsed(PartId, resourceId), site: parsed(DomainId, version.domain), generation };
  return { place, version };
}
