import type { SiteSpec } from '../../../contract/domains.ts';
import { FailureError } from '../../../contract/failures.ts';
import type { TenantId } from '../../../contract/ids.ts';
import { runSteps, type Run, type Step } from '../ensure.ts';
import type { SiteEntry } from '../system/registry.ts';
import type { System } from '../system/system.ts';
import { allAnswersOf, putSite, stepsToPut } from './site.ts';
import { destroys, refuseIfProtected } from './site/destruction.ts';
import { admit, requireAsRead } from './site/registered.ts';
import { entryOf, type Story } from './site/story.ts';
import { storyOf } from './site/told.ts';
import { requireType } from './site/type.ts';
import type { VerbHandler } from './table.ts';
import { countedForNobody, countedForTenant, requireRoomOnDisk } from './tenant/disk.ts';
import { duringTenant, isSuspended, requireRoomForParts, requireRoomForSite } from './tenant/standing.ts';

/**
 * A site becomes another tenant's, with all that belongs to it, and goes by that one's plan. Counted as what lets in: its
 * new owner may put files there and run programs.
 */
export function moveSite(system: System): VerbHandler<'site.move'> {
  return async ({ to, ...spec }, run) => {
    const entry = await system.registry.read(spec.id);
    // Done already, and the answer was lost.
    if (entry?.tenant === to) return finish(system, { ...spec, tenant: to }, run);
    if (entry === null) throw new FailureError('not_found', 'There is no such site.', 'Create it first.');
    await admit(await storyOf(system, spec));
    await requireType(system, spec);
    refuseIfProtected(entry);
    const story = await storyOf(system, { ...spec, tenant: to });
    const steps = [handedOver(story, entry), countedForNobody(system, story.spec), ...stepsToPut(story)];
    const move = () => runSteps(steps, run);
    const key = `move-${spec.id}-${spec.generation}`;
    await system.caps.letIn(key, () => (destroys(entry, spec) ? system.caps.destroy(key, move) : move()));
    return { probes: await allAnswersOf(story) };
  };
}

/** What broke off after it was handed over. It is the new tenant's by then, whatever comes of the rest. */
async function finish(system: System, spec: SiteSpec, run: Run): ReturnType<VerbHandler<'site.move'>> {
  await runSteps([countedForNobody(system, spec)], run);
  return putSite(system)(spec, run).catch((cause: unknown) => {
    if (!(cause instanceof FailureError)) throw cause;
    const { code, message, hint: why } = cause.failure;
    const hint = `${why} The server has the site as its new tenant's: ask for the move again after that.`;
    throw new FailureError(code, message, hint);
  });
}

/** From here on it counts for its new tenant, whose plan has room for it and for what belongs to it. */
function handedOver(story: Story, { tenant: from }: SiteEntry): Step {
  const { system, spec } = story;
  const to = spec.tenant;
  return {
    name: 'hand the site over',
    look: async () => ((await entryOf(story)).tenant === to ? null : 'it is another tenant’s'),
    change: () =>
      duringBoth(system, [from, to], async () => {
        const entry = await entryOf(story);
        await refuseSuspended(system, [from, to]);
        await requireRoom(story);
        await requireAsRead(story);
        const undo = await system.registry.giveTo(entry, to);
        return async () => {
          await undo();
          await countAgain(system, { id: spec.id, tenant: from });
        };
      }),
  };
}

/** Undone, its files count again for whom they did. */
async function countAgain(system: System, owned: Pick<SiteEntry, 'id' | 'tenant'>): Promise<void> {
  for (const { look, change } of [countedForTenant(system, owned), countedForNobody(system, owned)])
    if ((await look()) !== null) await change();
}

/** In the same order for everybody, so that two moves do not wait for each other. */
function duringBoth<T>(
  system: Pick<System, 'locks'>,
  tenants: readonly [TenantId, TenantId],
  act: () => Promise<T>,
): Promise<T> {
  const [first, second] = [...tenants].sort() as [TenantId, TenantId];
  return duringTenant(system, first, () => duringTenant(system, second, act));
}

async function requireRoom({ system, spec }: Story): Promise<void> {
  await requireRoomForSite(system, spec);
  await requireRoomForParts(system, spec.tenant, await system.parts.list(spec.id));
  await requireRoomOnDisk(system, spec.tenant);
}

/** A suspension stays with what it was meant for, and none is brought about by the way. */
async function refuseSuspended(system: System, tenants: readonly SiteSpec['tenant'][]): Promise<void> {
  for (const tenant of tenants) {
    if (!(await isSuspended(system, tenant))) continue;
    throw new FailureError(
      'not_ready',
      'One of the two tenants is suspended.',
      'Resume it first; then ask for the move again.',
    );
  }
}
