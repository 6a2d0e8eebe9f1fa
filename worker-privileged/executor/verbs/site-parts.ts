import type { DomainId, Generation, PartId, TenantId } from '../../../contract/ids.ts';
import { FailureError } from '../../../contract/failures.ts';
import type { PartSpec, PartType } from '../../../contract/site-parts.ts';
import { runSteps, type Run, type Step } from '../ensure.ts';
import { PartEntry } from '../system/part-register.ts';
import type { SiteEntry } from '../system/registry.ts';
import type { System } from '../system/system.ts';
import {
  letsIn,
  partSteps,
  requireToHold,
  standingOf,
  stepsToGo,
  stepsToHold,
  worksWhile,
} from './site-parts/follow.ts';
import { PART_KINDS } from './site-parts/kinds.ts';
import { refuse } from './site/registered.ts';
import { requireRoomOnDisk } from './tenant/disk.ts';
import { duringTenant, isSuspended, requireRoomForParts } from './tenant/standing.ts';

/** Programs that go on writing. Keys and commands make room where there is none. */
const WRITING: ReadonlySet<PartType> = new Set(['queue', 'cron']);

type Place = { readonly id: PartId; readonly site: DomainId; readonly generation: Generation };
type Put<T extends PartType> = Place & { readonly name: string; readonly spec: PartSpec<T> };

/** Makes a part of a site, or makes it as it is asked for now; it works when, and as far as, its site stands. */
export function putPart<T extends PartType>(system: System, type: T) {
  return async (args: Put<T>, run: Run): Promise<Record<string, never>> => {
    const { site, before, part } = await askedPart(system, type, args);
    const { id, generation } = args;
    await requireToHold(system, { site, part });
    const put = () =>
      runSteps(
        [
          noted(system, part, before === null ? site.tenant : null),
          ...stepsToHold(system, { site, part }),
          ...partSteps(system, { site, part }, worksWhile(type, standingOf(site))),
        ],
        run,
      );
    // What is there already, as it is asked for, lets nobody in who was not.
    if (before?.generation === generation || !letsIn(before, part)) await put();
    else await system.caps.letIn(`put-${id}-${generation}`, put);
    return {};
  };
}

type AskedPart = { readonly site: SiteEntry; readonly before: PartEntry | null; readonly part: PartEntry };

/** The site, the part as it is noted, and as it is to be. */
export async function askedPart<T extends PartType>(
  system: System,
  type: T,
  args: Put<T>,
): Promise<AskedPart> {
  const site = await siteOf(system, args);
  if (site.user === 'www' && !PART_KINDS[type].inPool) throw notInPool();
  const before = await readPart(system, args, type);
  // By an attempt that failed, took away what it had made, and could not write its end: asked for again, it is too late.
  if (before?.removed === true) throw removed();
  const { id, generation, name, spec } = args;
  const since = before?.since ?? system.now().toISOString();
  const part = PartEntry.parse({ id, type, site: site.id, name, spec, since, generation, removed: false });
  return { site, before, part };
}

export function removePart(system: System, type: PartType) {
  return async (place: Place, run: Run): Promise<Record<string, never>> => {
    const part = await readPart(system, place, type);
    if (part === null) return {};
    const site = await system.registry.read(place.site);
    if (site === null) throw notThere();
    const { generation } = place;
    await runSteps(
      [...stepsToGo(system, { site, part }), noted(system, { ...part, generation, removed: true })],
      run,
    );
    return {};
  };
}

/** As its tenant is by root's own record, should the site not have been brought in line with that yet. */
export async function siteOf(
  system: Pick<System, 'registry' | 'tenants'>,
  { site }: Pick<Place, 'site'>,
): Promise<SiteEntry> {
  const entry = await system.registry.read(site);
  if (entry === null || entry.purgingAt !== null || entry.removedAt !== null || entry.settings === null)
    throw notThere();
  return { ...entry, suspended: await isSuspended(system, entry.tenant) };
}

/** What is asked is asked of this very part, and of no older version of it. */
export async function readPart(
  { parts }: Pick<System, 'parts'>,
  place: Place,
  type: string,
): Promise<PartEntry | null> {
  const part = await parts.read(place);
  if (part === null) return null;
  if (part.type !== type) throw refuse('That id belongs to something else of this site.', 'Create it anew.');
  if (place.generation < part.generation)
    throw refuse('The server has a newer version of this.', 'Ask for the change again.');
  // What was asked for after a creation that failed, and took away what it had made.
  if (part.removed && part.generation !== place.generation) throw removed();
  return part;
}

/** Written before it works, so that what works is always known. One that is new is counted as its tenant's. */
export function noted(system: System, part: PartEntry, countedFor: TenantId | null = null): Step {
  const { parts } = system;
  return {
    name: part.removed ? 'note the removal' : 'register it',
    look: async () =>
      JSON.stringify(await parts.read(part)) === JSON.stringify(part) ? null : 'it is not noted so',
    change: async () => {
      if (countedFor === null) return parts.write(part);
      return duringTenant(system, countedFor, async () => {
        await requireRoomForParts(system, countedFor, [part]);
        if (WRITING.has(part.type)) await requireRoomOnDisk(system, countedFor);
        return parts.write(part);
      });
    },
  };
}

function removed(): FailureError {
  return new FailureError('not_found', 'It was removed.', 'Create it anew.');
}

export function notThere(): FailureError {
  return new FailureError(
    'not_ready',
    'The site this is for is not on the server.',
    'Create the site first, or restore it, and look at how its operation ended.',
  );
}

export function switchedOff(): FailureError {
  return new FailureError(
    'not_ready',
    'The site is switched off, and runs nothing.',
    'Enable the site, then ask again.',
  );
}

function notInPool(): FailureError {
  return refuse(
    'A site of the shared user www has no keys and no programs of its own.',
    'Make a site with the isolation `site`.',
  );
}
