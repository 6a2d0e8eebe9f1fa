import type { TenantEntry } from '../../system/tenants.ts';
import { sqlInteger, sqlMoment, sqlText } from '../sql.ts';
import { flag, insert, json, SERVER } from './rows.ts';
import { filled, gone, standing, told, tooMany, type Adopted, type Known } from './told.ts';

/** `named`: what the state knows it by, or its id where it knows it not. */
export function adoptTenant(
  entry: TenantEntry,
  { known, named }: { readonly known: Known | undefined; readonly named: string },
  graceHours: number,
): Adopted | null {
  const { id, generation } = entry;
  const of = { table: 'tenant', id, name: named, tenant: 'default', serialKey: `tenant:${id}` };
  if (entry.purgedAt !== null)
    return known === undefined || known.status === 'deleted' ? null : gone(of, known);
  const version = (each: number, deleted: boolean) =>
    insert('tenant_version', {
      ...{ tenant_id: sqlText(id), generation: sqlInteger(each), server: SERVER, name: sqlText(named) },
      plan: json(entry.plan),
      suspended_reason: entry.suspendedAt === null ? 'NULL' : sqlText('as root has noted it'),
      suspended_since: entry.suspendedAt === null ? 'NULL' : sqlMoment(entry.suspendedAt),
      deleted: flag(deleted),
    });
  const first = `INSERT IGNORE INTO tenant (id, name) VALUES (${sqlText(id)}, ${sqlText(named)})`;
  if (entry.removedAt !== null) {
    if (known?.status === 'trashed' || known?.status === 'deleted') return null;
    const last = Math.max(generation, (known?.last ?? 0) + 1);
    const versions = filled(known, last, (each) => version(each, each === last));
    const trashed = standing(id, { status: 'trashed', generation: last, since: entry.removedAt, graceHours });
    return versions === null
      ? tooMany(of)
      : told(of, known, {
          kind: 'tenant.delete',
          generation: last,
          statements: [first, ...versions, trashed],
        });
  }
  if (known !== undefined && known.last >= generation) return null;
  const versions = filled(known, generation, (each) => version(each, false));
  if (versions === null) return tooMany(of);
  const statements = [first, ...versions, standing(id, { status: 'live', generation })];
  return told(of, known, {
    kind: known === undefined ? 'tenant.create' : 'tenant.update',
    generation,
    statements,
  });
}
