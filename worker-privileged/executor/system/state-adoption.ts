import { DatabaseId } from '../../../contract/ids.ts';
import { adoptAccount, adoptGoneAccount, type KnownAccount } from '../render/adoption/account.ts';
import { adoptDatabase, type AdoptedDatabase } from '../render/adoption/database.ts';
import { adoptPart } from '../render/adoption/part.ts';
import { adoptSite } from '../render/adoption/site.ts';
import { adoptTenant } from '../render/adoption/tenant.ts';
import type { RootSql } from './root-sql.ts';
import { readDoorIds, readKnown, readKnownAccounts, type KnownResource } from './state-known.ts';
import type { System } from './system.ts';
import { createTelling, type Adoption, type Telling } from './telling-state.ts';

type Tools = Pick<System, 'registry' | 'tenants' | 'parts' | 'databases' | 'mariadb' | 'limits'> & {
  readonly sql: RootSql;
  readonly doorSql: RootSql;
};

type Adopting = Tools & {
  readonly telling: Telling;
  readonly known: ReadonlyMap<string, KnownResource>;
  readonly accounts: ReadonlyMap<string, KnownAccount>;
  readonly graceHours: number;
};

/**
 * A state that was put back knows less than root does: what was made, changed or removed since is on the server, and root's
 * register and the door have it. The state is told all of it, so that versions grow, no name is given twice, and each resource
 * can be managed. One transaction for each, so that one that cannot be told keeps none of the others from it.
 */
export async function adoptIntoState(tools: Tools): Promise<Adoption> {
  const { sql } = tools;
  const telling = createTelling(sql);
  const adopting = {
    ...{ ...tools, telling, graceHours: (await tools.limits()).graceHours },
    known: await readKnown(sql),
    accounts: await readKnownAccounts(sql),
  };
  await telling.during('what tenants there are', () => adoptTenants(adopting));
  await telling.during('what sites there are', () => adoptSites(adopting));
  await telling.during('what databases there are', () => adoptDatabases(adopting));
  return telling.adoption;
}

async function adoptTenants({ tenants, telling, known, graceHours }: Adopting): Promise<void> {
  for (const entry of await tenants.list()) {
    const of = known.get(entry.id);
    const named = of?.name ?? entry.id;
    await telling.tell(`tenant ${named}`, () => adoptTenant(entry, { known: of, named }, graceHours));
  }
}

async function adoptSites({ registry, parts, telling, known, graceHours }: Adopting): Promise<void> {
  for (const entry of await registry.list()) {
    const { id, name, tenant, purgedAt } = entry;
    await telling.tell(`domain ${name} (${id})`, () => adoptSite(entry, known.get(id), graceHours));
    if (purgedAt !== null) continue;
    await telling.during(`what belongs to ${name} (${id})`, async () => {
      for (const part of await parts.all(id))
        await telling.tell(`${part.type} ${part.name} (${part.id})`, () =>
          adoptPart(part, known.get(part.id), tenant),
        );
    });
  }
}

async function adoptDatabases(adopting: Adopting): Promise<void> {
  const { doorSql, telling, accounts } = adopting;
  /** What of those becomes that are not there is not told: they come back with their database, or nobody knows. */
  const waiting = new Set<string>();
  for (const id of await readDoorIds(doorSql, 'managed_database')) {
    waiting.add(id);
    await telling.during(`database ${id}`, async () => {
      const database = await readDatabase(adopting, DatabaseId.parse(id));
      if (database !== null) await adoptWithAccounts(adopting, database);
      const noted = database?.noted ?? null;
      if (noted?.removedAt === undefined || noted.removedAt === null || noted.purgedAt !== null)
        waiting.delete(id);
    });
  }
  const letIn = new Set(await readDoorIds(doorSql, 'managed_user WHERE dropped_at IS NULL'));
  for (const account of accounts.values())
    await telling.tell(`databaseUser ${account.name} (${account.id})`, () =>
      adoptGoneAccount(account, letIn.has(account.id) || waiting.has(account.database)),
    );
}

async function readDatabase(
  { mariadb, databases }: Adopting,
  id: DatabaseId,
): Promise<AdoptedDatabase | null> {
  const there = await mariadb.find(id);
  if (there === null) return null;
  const shape = there.dropped ? null : await mariadb.shape(there.name);
  const accounts = there.dropped ? [] : await mariadb.accounts(id);
  return { id, there, shape, accounts, noted: await databases.read(id) };
}

async function adoptWithAccounts(
  { telling, known, accounts, graceHours }: Adopting,
  database: AdoptedDatabase,
): Promise<void> {
  const { id, there } = database;
  await telling.tell(`database ${there.name} (${id})`, () =>
    adoptDatabase(database, known.get(id), graceHours),
  );
  for (const account of database.accounts)
    await telling.tell(`databaseUser ${account.name} (${account.id})`, () =>
      adoptAccount(account, database, accounts.get(account.id)),
    );
}
