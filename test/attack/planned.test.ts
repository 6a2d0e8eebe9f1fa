import { NO_PHP_LIMITS } from '../../contract/domains.ts';
import { ready } from '../machine/agent.ts';
import { rootSql } from '../machine/server.ts';
import { refused, type Attempt } from './attempt.ts';
import { CARELESS, endsOf, newId, wakeForged } from './forgery.ts';
import { newTenant } from './new-tenant.ts';
import { API, createSite, literal, sqlAs, type Site } from './thieves.ts';

/* Row 26: what whoever has become the API has planned, past every check of the API's. */

let victim: Site;
let tenant: string;
beforeAll(async () => {
  await ready();
  victim = await createSite();
  tenant = newTenant();
});

type Changes = Readonly<Record<string, unknown>>;

/** A new site of the thief's tenant, which could be planned, but for what is changed. */
function wouldBe(changes: Changes = {}): Changes {
  const id = newId();
  const site = { name: `${id}.example`, aliases: [], type: 'static', phpVersion: null, options: {} };
  const how = { publicDirectory: 'public', isolation: 'site', enabled: true, protected: false };
  const version = { ...site, ...how, phpLimits: NO_PHP_LIMITS };
  const resource = { id, name: site.name };
  return { kind: 'domain.create', resource, generation: 1, tenant, server: 'default', version, ...changes };
}

type Forged = { readonly wanted: unknown; readonly key?: string; readonly row?: Changes };

/** As one change of its own, under the key that it has by its own word. */
const of = (change: Changes): Forged => ({ wanted: { changes: [change], left: 0 } });

function keyOf(wanted: unknown): string {
  const [first] = (wanted as { changes?: { kind?: string; resource?: { id?: string } }[] }).changes ?? [];
  return `${first?.kind?.split('.')[0] ?? 'domain'}:${first?.resource?.id ?? newId()}`.slice(0, 40);
}

function insert({ wanted, key = keyOf(wanted), row = {} }: Forged): string {
  const [id, operation] = [newId(), newId(20)];
  const of = { tenant, server: 'default', ...row };
  const text = typeof wanted === 'string' ? wanted : JSON.stringify(wanted);
  const planned = { change_id: id, ...of, serial_key: key, wanted: text };
  const asked = { id: operation, kind: 'change.plan', resource_type: 'change', resource_id: id };
  const operationRow = {
    ...asked,
    resource_name: 'x',
    serial_key: key,
    generation: 1,
    ...of,
    actor: 'forged',
  };
  const statement = (table: string, columns: Changes) =>
    `INSERT INTO sculptor.${table} (${Object.keys(columns).join(', ')})
      VALUES (${Object.values(columns)
        .map((value) => literal(String(value)))
        .join(', ')})`;
  sqlAs(API, [CARELESS, statement('planned_change', planned), statement('operation', operationRow)]);
  return operation;
}

function planned(what: string, forged: Forged, audit: Attempt['audit'] = []): Attempt {
  return {
    what,
    act: async () => {
      const operation = insert(forged);
      wakeForged([operation]);
      const end = (await endsOf([operation])).get(operation);
      const found = rootSql(`SELECT COUNT(*) FROM sculptor.planned_change p JOIN sculptor.operation o
        ON o.resource_id = p.change_id WHERE o.id = '${operation}' AND p.result IS NOT NULL`);
      return { ...end, found: found.trim() };
    },
    refusal: { status: 'failed', code: 'invalid_request', audited: 1, found: '0' },
    audit,
  };
}

const theirs = (changes: Changes = {}) =>
  wouldBe({ resource: { id: victim.id, name: victim.name }, generation: 2, ...changes });

test('row 26: nothing of another tenant, of another server or of nobody is planned for a stolen API', async () => {
  const part = { domain: victim.id, name: 'anna', spec: {} };
  const domain = `domain:${victim.id}`;
  await refused(26, [
    ...['domain.create', 'domain.update', 'domain.delete', 'domain.restore'].flatMap((kind) => [
      planned(`${kind} of another tenant's`, of(theirs({ kind }))),
      planned(`${kind} of another tenant's, by its word`, of(theirs({ kind, tenant: 'default' }))),
    ]),
    ...['key', 'cache', 'certificate', 'cron', 'queue'].map((type) =>
      planned(`a ${type} of another tenant's`, {
        ...of(wouldBe({ kind: `${type}.create`, version: part })),
        key: domain,
      }),
    ),
    planned(
      "another's in the company of its own",
      {
        wanted: { changes: [wouldBe(), theirs({ kind: 'domain.delete' })], left: 0 },
      },
      // Its own is looked at, which is all that is done.
      [
        { event: 'begun', verb: 'site.put', plan: true },
        { event: 'ended', verb: 'site.put', plan: true },
      ],
    ),
    planned(
      'a tenant that is another',
      of(wouldBe({ kind: 'tenant.delete', resource: { id: 'default', name: 'x' } })),
    ),
    ...['elsewhere000', newId()].map((server) => planned('of another server', of(wouldBe({ server })))),
    ...['domain.update', 'domain.delete', 'database.delete', 'databaseUser.rotate', 'cron.delete'].map(
      (kind) => planned(`${kind} of nobody`, of(wouldBe({ kind, generation: 2 }))),
    ),
  ]);
});

test('row 26: no plan waits in the place of another, and none is what it says', async () => {
  const one = { changes: [wouldBe()], left: 0 };
  const names = ['../../etc', 'a b', 'x;id', 'default', ''];
  await refused(26, [
    ...[`domain:${victim.id}`, `tenant:default`, `database:${newId()}`, 'x', 'run:x', "x' OR 1"].map((key) =>
      planned(`under ${key}`, { wanted: one, key }),
    ),
    ...['', '{', 'null', '[]', '{}', '{"changes":[],"left":0}', '{"changes":[null],"left":0}'].map((wanted) =>
      planned(`from ${wanted}`, { wanted }),
    ),
    ...names.map((id) => planned(`of an id ${id}`, of(wouldBe({ resource: { id, name: 'x' } })))),
    ...['server.facts', 'domain.move', 'run.create', 'domain.repair', 'constructor'].map((kind) =>
      planned(`of ${kind}`, of(wouldBe({ kind }))),
    ),
    planned('more than may be', {
      wanted: { changes: Array.from({ length: 51 }, () => wouldBe()), left: 0 },
    }),
    planned('of a site without fields', of(wouldBe({ version: {} }))),
    planned(
      'of a path',
      of(wouldBe({ version: { ...(wouldBe()['version'] as object), publicDirectory: '../..' } })),
    ),
  ]);
});
