import { z } from 'zod';
import { DatabaseId } from '../../../contract/ids.ts';
import { adoptAccount, adoptDatabase, type AdoptedDatabase } from '../render/adoption/database.ts';
import { adoptPart } from '../render/adoption/part.ts';
import { adoptSite } from '../render/adoption/site.ts';
import { adoptTenant } from '../render/adoption/tenant.ts';
import type { Adopted, Known } from '../render/adoption/told.ts';
import type { RootSql } from './root-sql.ts';
import type { System } from './system.ts';

type Tools = Pick<System, 'registry' | 'tenants' | 'parts' | 'databases' | 'mariadb' | 'limits'> & {
  readonly sql: RootSql;
  readonly doorSql: RootSql;
};

/**
 * A state that was put back knows less than root does: what was made, changed or removed since is on the server, and root's
 * register and the door have it. The state is told all of it, so that versions grow, no name is given twice, and each resource
 * can be managed. One transaction for each, so that one that cannot be told keeps none of the others from it.
 */
export async function adoptIntoState(tools: Tools): Promise<readonly string[]> {
  const { sql } = tools;
  const lines: string[] = [];
  const tell = async (adopted: Adopted | null) => {
    if (adopted === null) return;
    const { what, statements } = adopted;
    if (statements.length > 0) await sql(inTransaction(statements));
    lines.push(what);
  };
  const { graceHours } = await tools.limits();
  const { known, names } = await readKnown(sql);
  for (const entry of await tools.tenants.list()) {
    const named = names.get(entry.id) ?? entry.id;
    await tell(adoptTenant(entry, { known: known.get(entry.id), named }, graceHours));
  }
  for (const entry of await tools.registry.list()) {
    await tell(adoptSite(entry, known.get(entry.id), graceHours));
    if (entry.purgedAt !== null) continue;
    for (const part of await tools.parts.all(entry.id))
      await tell(adoptPart(part, known.get(part.id), entry.tenant));
  }
  for (const database of await databasesOf(tools)) {
    await tell(adoptDatabase(database, known.get(database.id), graceHours));
    for (const account of database.accounts)
      await tell(adoptAccount(account, database, known.get(account.id)));
  }
  return lines;
}

function inTransaction(statements: readonly string[]): string {
  return ['USE sculptor', 'START TRANSACTION', ...statements, 'COMMIT'].map((each) => `${each};`).join('\n');
}

const Row = z.strictObject({
  id: z.string(),
  last: z.int(),
  status: z.string().nullable(),
  name: z.string(),
});

const TABLES = [
  ['tenant_version', 'tenant_id'],
  ['domain_version', 'domain_id'],
  ['site_part_version', 'part_id'],
  ['database_version', 'database_id'],
  ['database_user_version', 'user_id'],
] as const;

async function readKnown(sql: RootSql) {
  const known = new Map<string, Known>();
  const names = new Map<string, string>();
  for (const [table, column] of TABLES) {
    // The answers of one client are bounded: a part at a time.
    for (let after = ''; ;) {
      const text =
        await sql(`SELECT JSON_OBJECT('id', v.${column}, 'last', MAX(v.generation), 'status', s.status,
          'name', MAX(v.name)) FROM sculptor.${table} v LEFT JOIN sculptor.resource_state s ON s.resource_id = v.${column}
        WHERE v.${column} > '${after}' GROUP BY v.${column} ORDER BY v.${column} LIMIT 2000;`);
      const rows = text
        .split('\n')
        .filter(Boolean)
        .map((line) => Row.parse(JSON.parse(line)));
      for (const { id, last, status, name } of rows) {
        known.set(id, { last, status });
        names.set(id, name);
      }
      if (rows.length < 2000) break;
      after = z
        .string()
        .regex(/^[a-z0-9]{1,12}$/)
        .parse(rows.at(-1)?.id);
    }
  }
  return { known, names };
}

async function databasesOf({ doorSql, mariadb, databases }: Tools): Promise<readonly AdoptedDatabase[]> {
  const text = await doorSql('SELECT id FROM sculptor_door.managed_database ORDER BY id;');
  const ids = text
    .split('\n')
    .filter(Boolean)
    .map((id) => DatabaseId.parse(id));
  const found: AdoptedDatabase[] = [];
  for (const id of ids) {
    const there = await mariadb.find(id);
    if (there === null) continue;
    const shape = there.dropped ? null : await mariadb.shape(there.name);
    const accounts = there.dropped ? [] : await mariadb.accounts(id);
    found.push({ id, there, shape, accounts, noted: await databases.read(id) });
  }
  return found;
}
