import { FailureError } from '../../../contract/failures.ts';
import type { TenantId } from '../../../contract/ids.ts';
import { Plan, type TenantSpec, type TenantStanding } from '../../../contract/tenants.ts';
import { runSteps, type Run, type Step } from '../ensure.ts';
import type { System } from '../system/system.ts';
import type { TenantEntry } from '../system/tenants.ts';
import { dueAt, requireDue } from './grace.ts';
import { refuse } from './site/registered.ts';
import type { VerbHandler } from './table.ts';
import { stepsToFreeProject, stepsToLimitDisk } from './tenant/disk.ts';
import { duringTenant } from './tenant/standing.ts';

/**
 * Notes what holds for a tenant from now on, and answers what stands of it. Each of that is brought in line by a call
 * of its own: whatever is asked of one of them meanwhile goes by this note already.
 */
export function putTenant(system: System): VerbHandler<'tenant.put'> {
  return async (spec, run) => {
    const entry = await system.tenants.read(spec.id);
    if (entry !== null && entry.removedAt !== null) throw notThere();
    return put(system, { spec, entry }, run);
  };
}

/** As it was; what it owned is brought back by operations of their own. */
export function restoreTenant(system: System): VerbHandler<'tenant.restore'> {
  return async (spec, run) => {
    const entry = await system.tenants.read(spec.id);
    if (entry === null || entry.purgedAt !== null) throw notThere();
    return put(system, { spec, entry }, run);
  };
}

type Asked = { readonly spec: TenantSpec; readonly entry: TenantEntry | null };

async function put(system: System, { spec, entry }: Asked, run: Run): Promise<TenantStanding> {
  const { id, generation, plan } = spec;
  if (entry !== null && generation < entry.generation) throw outdated();
  const since = entry?.since ?? system.now().toISOString();
  const suspendedAt = spec.suspended ? (entry?.suspendedAt ?? system.now().toISOString()) : null;
  const kept = { removedAt: null, purgedAt: null };
  const project = entry?.project ?? (plan.diskBytes === null ? null : await system.tenants.nextProject());
  const wanted: TenantEntry = { id, kind: 'tenant', since, generation, plan, project, suspendedAt, ...kept };
  const steps = [noted(system, wanted), doorTold(system, wanted)];
  // A plan ends with the first of the two.
  const limits = run.plan === undefined ? [] : await stepsToLimitDisk(system, wanted);
  const write = () => runSteps([...steps, ...limits], run);
  await duringTenant(system, id, () => withinCaps(system, { wanted, entry }, write));
  // What is made from now on counts already; what is there may be millions of files, and nobody need wait for them.
  await runSteps(await stepsToLimitDisk(system, wanted), run);
  const sites = await system.registry.standingOf(id);
  return {
    sites: sites.map((site) => site.id),
    databases: [...(await system.mariadb.ofTenant(id, 'there'))],
  };
}

type Change = { readonly wanted: TenantEntry; readonly entry: TenantEntry | null };

/** Whoever has the API could switch off one tenant after the other, or raise what they may have. */
async function withinCaps(
  { caps }: Pick<System, 'caps'>,
  { wanted, entry }: Change,
  act: () => Promise<void>,
): Promise<void> {
  const key = `tenant-${wanted.id}-${wanted.generation}`;
  const suspends = wanted.suspendedAt !== null && (entry?.suspendedAt ?? null) === null;
  const raises = entry !== null && isRaised(entry.plan, wanted.plan);
  const counted = suspends ? () => caps.destroy(key, act) : act;
  await (raises ? caps.letIn(key, counted) : counted());
}

/** Whether any limit is wider than before, or is none any more. */
function isRaised(before: Plan, after: Plan): boolean {
  const limits = Plan.keyof().options;
  return limits.some((limit) => (after[limit] ?? Infinity) > (before[limit] ?? Infinity));
}

function noted({ tenants }: Pick<System, 'tenants'>, wanted: TenantEntry): Step {
  const text = JSON.stringify(wanted);
  return {
    name: 'note what holds for the tenant',
    look: async () =>
      JSON.stringify(await tenants.read(wanted.id)) === text ? null : 'something else is noted',
    change: () => tenants.write(wanted),
  };
}

/** The door counts databases and their accounts by what is written there. */
export function doorTold({ mariadb }: Pick<System, 'mariadb'>, { id, plan, suspendedAt }: TenantEntry): Step {
  const wanted = doorLimits(plan, suspendedAt !== null);
  return {
    name: 'tell the database server',
    look: async () =>
      JSON.stringify(await mariadb.readTenant(id)) === JSON.stringify(wanted) ? null : 'it goes by others',
    change: async () => {
      const before = await mariadb.readTenant(id);
      await mariadb.putTenant(id, wanted);
      return before === null ? () => mariadb.forgetTenant(id) : () => mariadb.putTenant(id, before);
    },
  };
}

/** A plan, as far as the database server keeps to it. */
export function doorLimits({ databases, databaseUsers, databaseConnections }: Plan, suspended: boolean) {
  return { databases, users: databaseUsers, connections: databaseConnections, suspended };
}

/** Notes that a tenant is no more; all that it had has gone before. */
export function removeTenant(system: System): VerbHandler<'tenant.remove'> {
  return async ({ id, generation }, run) => {
    if (id === 'default') throw refuse('The tenant default stays.', 'It is the administrators own.');
    const entry = await system.tenants.read(id);
    if (entry === null || entry.purgedAt !== null) return { purgeAfter: null };
    if (generation < entry.generation) throw outdated();
    await duringTenant(system, id, async () => {
      await requireNothingLeft(system, id);
      const removedAt = entry.removedAt ?? system.now().toISOString();
      await runSteps([noted(system, { ...entry, generation, removedAt })], run);
    });
    const { removedAt } = (await system.tenants.read(id)) ?? entry;
    return { purgeAfter: removedAt === null ? null : await dueAt(system, removedAt) };
  };
}

async function requireNothingLeft({ registry, mariadb }: System, id: TenantId): Promise<void> {
  const sites = (await registry.standingOf(id)).length;
  const databases = (await mariadb.ofTenant(id, 'there')).length;
  if (sites + databases === 0) return;
  throw new FailureError(
    'not_ready',
    `The tenant still has ${sites} sites and ${databases} databases.`,
    'Look at how their own removal ended, then delete the tenant again.',
  );
}

/** Takes the note away for good, once nothing of the tenant is left in the trash either. Its id is never given again. */
export function purgeTenant(system: System): VerbHandler<'tenant.purge'> {
  return async ({ id }, run) => {
    const entry = await system.tenants.read(id);
    if (entry === null) throw notThere();
    if (entry.purgedAt !== null) return {};
    if (entry.removedAt === null)
      throw refuse(
        'The tenant is not in the trash.',
        'Remove it first; only what lies in the trash is purged.',
      );
    await requireDue(system, entry.removedAt);
    await requireNothingKept(system, id);
    const purged = { ...entry, purgedAt: system.now().toISOString() };
    const steps = [doorForgotten(system, id), noted(system, purged)];
    await runSteps([...(await stepsToFreeProject(system, entry)), ...steps], run);
    return {};
  };
}

function doorForgotten({ mariadb }: Pick<System, 'mariadb'>, id: TenantId): Step {
  return {
    name: 'tell the database server',
    look: async () => ((await mariadb.readTenant(id)) === null ? null : 'it still goes by its limits'),
    change: async () => mariadb.forgetTenant(id).then(() => null),
  };
}

async function requireNothingKept({ registry, databases, mariadb }: System, id: TenantId): Promise<void> {
  const sites = (await registry.list()).filter(({ tenant, purgedAt }) => tenant === id && purgedAt === null);
  const entries = await Promise.all((await mariadb.ofTenant(id, 'ever')).map(databases.read));
  const dumps = entries.filter(
    (entry) => entry !== null && entry.removedAt !== null && entry.purgedAt === null,
  );
  if (sites.length + dumps.length === 0) return;
  throw new FailureError('not_due', 'What the tenant had still lies in the trash.', 'That is purged first.');
}

function outdated(): FailureError {
  return refuse('The server has a newer version of this tenant.', 'Ask for the change again.');
}

function notThere(): FailureError {
  return new FailureError('not_found', 'There is no such tenant on this server.', 'Create it anew.');
}
