import { z } from 'zod';
import type { SiteEntry } from '../system/registry.ts';
import type { TenantEntry } from '../system/tenants.ts';
import { doorLimits } from '../verbs/tenant.ts';
import { wrong, type Check, type Found } from './finding.ts';
import { askAgain, standing } from './standing.ts';

const BACKUP = 'Take it from a backup, or find out who wrote it.';
const DOOR = `SELECT JSON_OBJECT('id', id, 'databases', most_databases, 'users', most_users,
  'connections', most_connections, 'suspended', suspended) FROM sculptor_door.managed_tenant`;
const DoorRow = z.strictObject({
  id: z.string(),
  databases: z.number().nullable(),
  users: z.number().nullable(),
  connections: z.number().nullable(),
  suspended: z.union([z.boolean(), z.number().transform((value) => value === 1)]),
});

/** Root's own word on the tenants, and whether their sites and the database server go by it. */
export const tenants: Check = async (server) => {
  const { entries, broken } = await server.tenants();
  const sites = (await server.registry()).entries;
  const door = (await server.doorSql(DOOR)).map((line) => DoorRow.parse(JSON.parse(line)));
  return [
    ...broken.map((sentence) => wrong(`${sentence}.`, BACKUP)),
    ...owners(sites, entries),
    ...atTheDoor(entries, door),
  ];
};

/** A site stands while its tenant does, and is served unless that is suspended. */
export function owners(sites: readonly SiteEntry[], tenants: readonly TenantEntry[]): readonly Found[] {
  const known = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  return standing(sites).flatMap((site) => {
    const tenant = known.get(site.tenant);
    if (tenant === undefined && site.tenant === 'default') return [];
    if (tenant === undefined || tenant.removedAt !== null)
      return [wrong(`${site.name} belongs to ${site.tenant}, who is no tenant that is here.`, BACKUP)];
    const suspended = tenant.suspendedAt !== null;
    return suspended === site.suspended
      ? []
      : [
          wrong(
            `${site.name} is ${suspended ? 'not suspended, and its tenant is' : 'suspended, and its tenant is not'}.`,
            askAgain(site),
          ),
        ];
  });
}

export function atTheDoor(
  tenants: readonly TenantEntry[],
  door: readonly z.infer<typeof DoorRow>[],
): readonly Found[] {
  const rows = new Map(door.map(({ id, ...limits }) => [id, limits]));
  return tenants
    .filter(({ removedAt }) => removedAt === null)
    .filter(({ id, plan, suspendedAt }) => {
      const { databases, users, connections, suspended } = doorLimits(plan, suspendedAt !== null);
      return JSON.stringify(rows.get(id)) !== JSON.stringify({ databases, users, connections, suspended });
    })
    .map(({ id }) =>
      wrong(
        `MariaDB goes by other limits for the tenant ${id} than its plan has.`,
        `Run sculptorctl tenant update ${id} with its plan.`,
      ),
    );
}
