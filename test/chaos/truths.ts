import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { BAN_JAILS, type BanJail } from '../../contract/bans.ts';
import type { Domain } from '../../contract/domains.ts';
import { bringsAboutNothing, type OperationKind } from '../../contract/operations.ts';
import { api } from '../machine/agent.ts';
import { banned } from '../machine/fail2ban-here.ts';
import { rootSql, run, sql, visit } from '../machine/server.ts';
import type { Field } from './client.ts';
import { grouped } from './faults.ts';
import type { OperationRow, Truth } from './history.ts';

/* When all is quiet again: whether what the ends say is so on the server, by looking at it. */

export type Standing = 'there' | 'gone' | 'unsure';

/** How a resource must stand by its operations; `unsure` where the last to touch it failed. */
export function standingOf(rows: readonly OperationRow[]): {
  readonly standing: Standing;
  readonly last: OperationRow | null;
} {
  const changes = rows.filter(({ kind }) => !bringsAboutNothing(kind));
  const done = changes.filter(({ status }) => status === 'succeeded' || status === 'failed');
  const last = done.at(-1) ?? null;
  if (last === null) return { standing: 'gone', last };
  if (last.status === 'failed') return { standing: 'unsure', last };
  return { standing: TAKES_AWAY.test(last.kind) ? 'gone' : 'there', last };
}

const TAKES_AWAY = /\.(?:delete|unban)$/;

type Parts = { readonly operations: readonly OperationRow[]; readonly field: Field };

export async function lookAround({ operations, field }: Parts): Promise<readonly Truth[]> {
  const suspended = new Set(
    registered('tenants').flatMap(({ id, suspendedAt }) =>
      typeof suspendedAt !== 'string' ? [] : [String(id)],
    ),
  );
  const truths: Truth[] = [];
  for (const rows of grouped(operations, ({ resource }) => resource)) {
    const { standing, last } = standingOf(rows);
    if (last === null || standing === 'unsure') continue;
    truths.push(...versions(rows, last));
    if (last.resourceType === 'domain') truths.push(...(await site(last, { standing, suspended })));
    if (last.resourceType === 'database') truths.push(database(last, standing));
    if (last.resourceType === 'databaseUser') truths.push(...account(rows, { operations, field, standing }));
  }
  return [...truths, ...bans(operations)];
}

/** Each request about an address is a resource of its own; the address is what they are about. */
function bans(operations: readonly OperationRow[]): Truth[] {
  const asked = operations.filter(({ resourceType }) => resourceType === 'address');
  return [...grouped(asked, ({ name }) => name)].flatMap((rows) => {
    const { standing, last } = standingOf(rows);
    if (last === null || standing === 'unsure') return [];
    return BAN_JAILS.map((jail) => ({
      about: `address ${last.name}, of ${jail}`,
      expected: standing,
      seen: banStands(jail, last.name),
    }));
  });
}

function banStands(jail: BanJail, address: string): Standing | 'half' {
  const isListed = banned(jail).includes(address);
  const set = run('nft', ['list', 'set', 'inet', 'f2b-table', `addr-set-${jail}`]).out;
  const isKept = set.split(/[\s,{}]+/).includes(address);
  if (isListed !== isKept) return 'half';
  return isListed ? 'there' : 'gone';
}

/** Nothing newer stands than what was asked for, and for what is kept as a version, nothing older. */
const DEEDS: ReadonlySet<OperationKind> = new Set([
  'queue.restart',
  'cron.run',
  'certificate.renew',
  'run.create',
  // A site that lies in the trash has the version that it went there with.
  'domain.delete',
]);

function versions(rows: readonly OperationRow[], last: OperationRow): Truth[] {
  const entry = entryOf(last);
  if (entry === null) return [];
  const kept = rows
    .filter(({ status, kind }) => status === 'succeeded' && !DEEDS.has(kind) && !bringsAboutNothing(kind))
    .at(-1);
  if (kept === undefined) return [];
  const seen = Number(entry['generation']);
  const fits = seen >= kept.generation && seen <= last.generation;
  const about = `version of the ${last.resourceType} ${last.resource}`;
  return [{ about, expected: String(kept.generation), seen: String(fits ? kept.generation : seen) }];
}

const FOLDERS: Readonly<Record<string, string>> = { domain: 'registry', tenant: 'tenants' };
const OWN = '/var/lib/sculptor-root';

type Entry = Readonly<Record<string, unknown>>;

function entryOf({ resourceType, resource, serialKey }: OperationRow): Entry | null {
  const folder = FOLDERS[resourceType] ?? `parts/${serialKey.slice('domain:'.length)}`;
  return readEntry(`${OWN}/${folder}/${resource}.json`);
}

function readEntry(path: string): Entry | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Entry) : null;
}

function registered(folder: string): readonly Entry[] {
  const names: readonly string[] = readdirSync(`${OWN}/${folder}`);
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => readEntry(`${OWN}/${folder}/${name}`))
    .filter((entry) => entry !== null);
}

type Around = { readonly standing: Standing; readonly suspended: ReadonlySet<string> };

async function site(last: OperationRow, { standing, suspended }: Around): Promise<Truth[]> {
  const about = `site ${last.name} (${last.resource})`;
  const folder = { about: `${about}: folder`, expected: standing, seen: isThere(`/home/www/${last.name}`) };
  if (standing === 'gone') return [folder, { about, expected: 'closed', seen: await answerOf(last.name) }];
  const entry = readEntry(`${OWN}/registry/${last.resource}.json`) ?? {};
  const tenant = String(entry['tenant']);
  const { json } = await api('GET', `/v1/domains/${last.resource}`, {
    headers: { 'sculptor-tenant': tenant },
  });
  const domain = json as unknown as Domain;
  const expected = expectedOf(domain, suspended.has(tenant));
  const pages = [domain.name, ...domain.aliases].map(async (name) => ({
    about: `${about}: ${name}`,
    expected,
    seen: await answerOf(name),
  }));
  const user = domain.isolation === 'pool' ? 'www' : `s-${domain.id}`;
  const known = run('getent', ['passwd', user]).code === 0 ? 'there' : 'gone';
  return [
    folder,
    { about: `${about}: status`, expected: 'live', seen: domain.status },
    { about: `${about}: user`, expected: 'there', seen: known },
    ...(await Promise.all(pages)),
  ];
}

function expectedOf({ enabled, type, options }: Domain, isSuspended: boolean): string {
  if (!enabled || isSuspended) return '503';
  return type === 'redirect' ? `to ${new URL(options.redirect?.to ?? '').host}` : 'answers';
}

/** A program that a site has not got, and a page that is not there, are answers too. */
async function answerOf(host: string): Promise<string> {
  const answer = await visit(host);
  if (answer === 'closed') return 'closed';
  if (answer.status === 503) return '503';
  const to = answer.headers.location;
  return to === undefined ? 'answers' : `to ${new URL(to).host}`;
}

function isThere(path: string): Standing {
  return existsSync(path) ? 'there' : 'gone';
}

function database({ name, resource }: OperationRow, standing: Standing): Truth {
  const found = rootSql(`SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${name}'`);
  return {
    about: `database ${name} (${resource})`,
    expected: standing,
    seen: found.trim() === '1' ? 'there' : 'gone',
  };
}

const LOGINS: ReadonlySet<string> = new Set(['databaseUser.create', 'databaseUser.rotate']);

/** Nobody can tell from a row whether a password is the right one: who was shown it logs in. */
function account(
  rows: readonly OperationRow[],
  { operations, field, standing }: Parts & { readonly standing: Standing },
): Truth[] {
  const { name, resource, serialKey } = rows[0] as OperationRow;
  const base = operations.filter((row) => `database:${row.resource}` === serialKey);
  const ofBase = standingOf(base);
  if (ofBase.standing === 'unsure') return [];
  const expected = ofBase.standing === 'gone' ? 'gone' : standing;
  const about = `account ${name} (${resource})`;
  const found = rootSql(`SELECT COUNT(*) FROM mysql.global_priv WHERE User = '${name}'`).trim();
  const there: Truth = { about, expected, seen: found === '1' ? 'there' : 'gone' };
  const last = rows.filter(({ kind, status }) => LOGINS.has(kind) && status !== 'superseded').at(-1);
  const known = field.passwords.get(resource)?.find(({ operation }) => operation === last?.id);
  if (expected !== 'there' || last?.status !== 'succeeded' || known === undefined) return [there];
  const { code, err } = sql({ name, password: known.password }, 'SELECT 1', ofBase.last?.name ?? '');
  return [there, { about: `${about}: login`, expected: 'let in', seen: code === 0 ? 'let in' : err.trim() }];
}
