import { TenantId } from '../../contract/ids.ts';
import type { VerbResult } from '../../contract/executor.ts';
import { Plan, TenantSpec } from '../../contract/tenants.ts';
import type { Sql } from '../../state/connection.ts';
import type { Standing } from '../../state/resource-states.ts';
import { readTenantVersion } from '../../state/versions.ts';
import type { CallContext, Executor } from '../executor-calls.ts';
import type { AskPage } from '../probe.ts';
import { fewAtATime } from '../few-at-a-time.ts';
import { keepDriftOfTenant } from '../keeping-drift.ts';
import type { KeepingParts } from '../keeping-drift.ts';
import { mayPass } from '../may-pass.ts';
import { contextOf, doStep, parsed, refused } from '../task.ts';
import type { Handler, Task } from '../task.ts';

export interface TenantParts extends KeepingParts {
  readonly executor: Executor;
  readonly askPage: AskPage;
}

type TenantKinds =
  'tenant.create' | 'tenant.update' | 'tenant.suspend' | 'tenant.resume' | 'tenant.delete' | 'tenant.restore';

export function createTenantHandlers(parts: TenantParts): Readonly<Record<TenantKinds, Handler>> {
  const remove = (task: Task) => removeTenant(parts.executor, task);
  const put = { apply: bringAbout(parts, 'tenant.put'), discard: remove };
  return {
    'tenant.create': put,
    // Each brings about what one before it that it overtook was to do.
    'tenant.update': put,
    'tenant.suspend': put,
    'tenant.resume': put,
    'tenant.delete': { apply: remove },
    'tenant.restore': { apply: bringAbout(parts, 'tenant.restore'), discard: remove },
  };
}

/** Root notes what holds for the tenant from now on; then each thing it has is brought in line with that. */
function bringAbout(parts: TenantParts, verb: 'tenant.put' | 'tenant.restore') {
  return async (task: Task) => {
    const tenant = await readTenant(parts.state, task);
    // What comes back from the trash has not stood.
    if (verb === 'tenant.put') await keepDriftOfTenant(parts, task, tenant.id);
    task.stillMine();
    const standing = await parts.executor.call(verb, tenant, contextOf(task));
    await alignAll(parts, task, standing);
    return 'live' as const;
  };
}

/** One that cannot be brought in line keeps no other from it. */
async function alignAll(
  { executor, askPage }: TenantParts,
  task: Task,
  { sites, databases }: VerbResult<'tenant.put'>,
): Promise<void> {
  const works = [
    ...sites.map((id) => () => {
      const align = async (context: CallContext): Promise<void> => {
        const { probes } = await executor.call('site.align', { id }, context);
        for (const probe of probes) await askPage(probe);
      };
      return asOneStep(task, `align the site ${id}`, align);
    }),
    ...databases.map(
      (id) => () =>
        asOneStep(task, `align the database ${id}`, (context) =>
          executor.call('database.align', { id }, context),
        ),
    ),
  ];
  const failures: unknown[] = [];
  await fewAtATime(works, (work) => work().catch((cause: unknown) => failures.push(cause)));
  // What may pass is tried again, whatever else does not.
  if (failures.length > 0) throw failures.find(mayPass) ?? failures[0];
}

/** What the executor tells of its steps is summed up: nobody reads six lines for each of a hundred sites. */
function asOneStep(
  task: Task,
  name: string,
  align: (context: CallContext) => Promise<unknown>,
): Promise<void> {
  return doStep(task, name, async () => {
    let changed = false;
    await align({ ...contextOf(task), step: (step) => (changed ||= step.changed) });
    return changed;
  });
}

async function removeTenant(executor: Executor, task: Task): Promise<Standing> {
  const { resourceId, generation } = task.operation;
  const id = parsed(TenantId, resourceId);
  task.stillMine();
  const { purgeAfter } = await executor.call('tenant.remove', { id, generation }, contextOf(task));
  return purgeAfter === null ? 'deleted' : { purgeAfter: new Date(purgeAfter) };
}

export async function readTenant(state: Sql, { operation }: Task): Promise<TenantSpec> {
  const { resourceId, generation, server } = operation;
  const version = await readTenantVersion(state, resourceId, generation);
  if (version === undefined || version.deleted || version.server !== server)
    throw refused('there is no such version of this tenant');
  const plan = parsed(Plan, version.plan);
  return parsed(TenantSpec, { id: resourceId, generation, plan, suspended: version.suspended });
}
