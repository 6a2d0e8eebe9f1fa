import type { Domain } from '../../contract/domains.ts';
import type { TenantId } from '../../contract/ids.ts';
import type { Sql } from '../../state/connection.ts';
import { lockRoots, relatedName } from '../../state/domain-names.ts';
import { countParts, isMoving } from '../../state/moves.ts';
import { countOwned } from '../../state/owned.ts';
import { findTenant } from '../../state/tenants.ts';
import type { TenantRecord } from '../../state/tenants.ts';
import { invalidInput, isProtected, planLimit, ProblemError } from '../problems.ts';

/** Whether a domain may become that tenant's; throws a ProblemError where not. Root asks the same again. */
export async function admitMove(sql: Sql, domain: Domain, to: TenantId): Promise<void> {
  if (to === domain.tenant) throw otherTenant('This domain is that tenant’s already.');
  if (domain.protected) throw isProtected(domain.name);
  requireServed(await findTenant(sql, domain.tenant));
  const target = await findTenant(sql, to);
  if (target === undefined) throw otherTenant('There is no such tenant.');
  requireServed(target);
  await requireRoom(sql, domain, target.tenant);
  const names = [domain.name, ...domain.aliases];
  await lockRoots(sql, names);
  const related = await relatedName(sql, names, { domain: domain.id, tenant: to });
  if (related === undefined) return;
  throw new ProblemError('conflict', `${related} belongs under or over a name of another tenant.`);
}

export async function requireNotMoving(sql: Sql, { id, name }: Domain): Promise<void> {
  if (!(await isMoving(sql, id))) return;
  throw new ProblemError(
    'conflict',
    `${name} is being given to another tenant. Wait for the end of that operation.`,
  );
}

/** A suspension stays with what it was meant for, and none is brought about by the way. */
function requireServed(record: TenantRecord | undefined): void {
  if (record === undefined) return;
  const { tenant, deleted } = record;
  if (deleted || tenant.status === 'trashed')
    throw new ProblemError('conflict', `The tenant ${tenant.name} is deleted.`);
  if (tenant.suspended !== null)
    throw new ProblemError('conflict', `The tenant ${tenant.name} is suspended. Resume it first.`);
}

async function requireRoom(
  sql: Sql,
  { id }: Domain,
  { id: tenant, plan }: TenantRecord['tenant'],
): Promise<void> {
  const parts = await countParts(sql, id);
  const coming = {
    domains: 1,
    queues: parts.get('queue') ?? 0,
    crons: parts.get('cron') ?? 0,
    keys: parts.get('key') ?? 0,
  };
  for (const kind of ['domains', 'queues', 'crons', 'keys'] as const) {
    const most = plan[kind];
    if (most === null || coming[kind] === 0) continue;
    const had = await countOwned(sql, tenant, kind);
    if (had + coming[kind] > most) throw planLimit(kind, { most, had });
  }
}

function otherTenant(message: string): ProblemError {
  return invalidInput([{ field: 'tenant', message, expected: 'the id of another tenant' }]);
}
