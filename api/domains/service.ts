import { NO_PHP_LIMITS } from '../../contract/domains.ts';
import type { CreateDomain, Domain, UpdateDomain } from '../../contract/domains.ts';
import { DomainId } from '../../contract/ids.ts';
import type { Generation, ServerId, TenantId } from '../../contract/ids.ts';
import type { OperationKind } from '../../contract/operations.ts';
import type { ChangedOptions, KeptOptions } from '../../contract/site-options.ts';
import { missingForWww } from '../../contract/www.ts';
import type { Sql, State } from '../../state/connection.ts';
import { holdDomainNames } from '../../state/domain-names.ts';
import { findLastGoodVersion, insertDomainVersion, listDomains, lockDomain } from '../../state/domains.ts';
import type { DomainFilter, DomainRecord, DomainVersion } from '../../state/domains.ts';
import { insertVisitorHashes, type NewVisitor } from '../../state/visitor-hashes.ts';
import { newId } from '../../state/new-ids.ts';
import { writeOperation } from '../../state/operations.ts';
import { insertProtection } from '../../state/protection.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';
import { invalidInput, isProtected, ProblemError } from '../problems.ts';
import type { WriteContext } from '../write-context.ts';
import type { Write, WriteAnswer, Written } from '../writer.ts';
import { nameConflict } from './conflicts.ts';
import { findDomainAt, requireStanding } from './find.ts';
import type { DomainAddress } from './find.ts';
import { repeatedAliases } from './input.ts';
import { admitMove, requireNotMoving } from './move.ts';
import { choosePhpVersion } from './php-version.ts';
import { directoryFor, requireFieldsOf } from './type-fields.ts';
import { withTypeParts } from './type-parts.ts';
import { visitorsOf } from './visitors.ts';

/** What can be asked for about domains. All throw ProblemErrors. */
export interface DomainService {
  readonly list: (tenant: TenantId, filter: DomainFilter) => Promise<Page<Domain>>;
  readonly read: (tenant: TenantId, address: DomainAddress) => Promise<Domain>;
  readonly create: (context: WriteContext, wanted: CreateDomain) => Promise<WriteAnswer>;
  readonly update: (
    context: WriteContext,
    address: DomainAddress,
    change: UpdateDomain,
  ) => Promise<WriteAnswer>;
  readonly remove: (context: WriteContext, address: DomainAddress) => Promise<WriteAnswer>;
  /** As it last stood, if its names are free. */
  readonly restore: (context: WriteContext, address: DomainAddress) => Promise<WriteAnswer>;
  /** With all that belongs to it. */
  readonly move: (context: WriteContext, address: DomainAddress, to: TenantId) => Promise<WriteAnswer>;
}

export interface DomainServiceParts {
  readonly state: State;
  readonly write: Write;
  readonly server: ServerId;
}

export function createDomainService({ state, write, server }: DomainServiceParts): DomainService {
  return {
    list: async (tenant, filter) => {
      const found = await listDomains(state, tenant, { ...filter, limit: filter.limit + 1 });
      const domains = found.map(({ domain }) => domain);
      return toPage(domains, filter.limit, ({ name }) => name);
    },
    read: async (tenant, address) => (await findDomainAt(state, tenant, address)).domain,
    create: (context, wanted) =>
      write(context, 'domain.create', async (sql) => {
        const id = DomainId.parse(newId(12));
        const phpVersion = await choosePhpVersion(sql, server, { wanted });
        const { tenant } = context.caller;
        const phpLimits = { ...NO_PHP_LIMITS, ...given(wanted.phpLimits) };
        const { basicAuth, visitors } = visitorsOf(wanted.options.basicAuth, null, 1);
        const options = { ...wanted.options, basicAuth };
        const publicDirectory = directoryFor(wanted.type, wanted.publicDirectory);
        const version = {
          ...{
            ...wanted,
            options,
            phpVersion,
            phpLimits,
            publicDirectory,
            id,
            generation: 1,
            tenant,
            server,
          },
        };
        requireWwwHeld(version);
        requireFieldsOf(version);
        const written = await put(sql, { ...version, visitors }, { kind: 'domain.create', context });
        return wanted.createDefaults
          ? withTypeParts(sql, context, { written, version, start: wanted.start })
          : written;
      }),
    update: (context, address, change) =>
      write(context, 'domain.update', async (sql) => {
        const { record, generation } = await claim(sql, context, address);
        const { domain } = record;
        requireStanding(record);
        if (change.enabled === false && domain.enabled && domain.protected) throw isProtected(domain.name);
        const repeated = repeatedAliases(change.aliases ?? [], domain.name);
        if (repeated.length > 0) throw invalidInput(repeated);
        const phpVersion = await choosePhpVersion(sql, server, { wanted: change, standing: domain });
        const { options, visitors } = changedOptions(record.options, change.options ?? {}, generation);
        const phpLimits = { ...domain.phpLimits, ...given(change.phpLimits ?? {}) };
        const type = change.type ?? domain.type;
        const publicDirectory = directoryFor(type, change.publicDirectory, domain.publicDirectory);
        const version = {
          ...{ ...domain, ...given(change), options, phpLimits, phpVersion, publicDirectory, generation },
        };
        requireWwwHeld(version);
        requireFieldsOf(version);
        const written = await put(sql, { ...version, visitors }, { kind: 'domain.update', context });
        const another = type !== domain.type && change.createDefaults !== false;
        return another ? withTypeParts(sql, context, { written, version }) : written;
      }),
    remove: (context, address) =>
      write(context, 'domain.delete', (sql) => removeDomain(sql, context, address)),
    restore: (context, address) =>
      write(context, 'domain.restore', (sql) => restoreDomain(sql, context, address)),
    move: (context, address, to) =>
      write(context, 'domain.move', async (sql) => {
        const { record, generation } = await claim(sql, context, address);
        requireStanding(record);
        await admitMove(sql, record.domain, to);
        const version = { ...record.domain, options: record.options, generation };
        return put(sql, version, { kind: 'domain.move', context, movesTo: to });
      }),
  };
}

/** Writes what it takes to remove a domain; its tenant's removal does it for each. */
export async function removeDomain(
  sql: Sql,
  context: WriteContext,
  address: DomainAddress,
): Promise<Written> {
  const { record, generation } = await claim(sql, context, address);
  const { domain, deleted, options } = record;
  // A removal that failed may be asked for again; one that is under way is enough.
  if (!deleted || domain.status !== 'failed') requireStanding(record);
  if (domain.protected) throw isProtected(domain.name);
  return put(sql, { ...domain, options, generation }, { kind: 'domain.delete', context });
}

export async function restoreDomain(
  sql: Sql,
  context: WriteContext,
  address: DomainAddress,
): Promise<Written> {
  const { record, generation } = await claim(sql, context, address);
  const { domain, options } = record;
  if (domain.status !== 'trashed') throw new ProblemError('conflict', `${domain.name} is not in the trash.`);
  const before = (await findLastGoodVersion(sql, domain.id)) ?? { ...domain, options };
  return put(sql, { ...before, generation }, { kind: 'domain.restore', context });
}

interface Claimed {
  readonly record: DomainRecord;
  /** Of the version that is to be written. */
  readonly generation: Generation;
}

/** Locks the domain, and reads it as it is under the lock. */
async function claim(sql: Sql, { caller }: WriteContext, address: DomainAddress): Promise<Claimed> {
  const { domain } = await findDomainAt(sql, caller.tenant, address);
  const generation = await lockDomain(sql, domain.id);
  await requireNotMoving(sql, domain);
  return { generation, record: await findDomainAt(sql, caller.tenant, { id: domain.id }) };
}

interface Purpose {
  readonly kind: OperationKind;
  readonly context: WriteContext;
  readonly movesTo?: TenantId | null;
}

type Wanted = DomainVersion & { readonly protected?: boolean; readonly visitors?: readonly NewVisitor[] };

/** Writes the version, its names and its operation, and reads all of it back. */
async function put(sql: Sql, wanted: Wanted, { kind, context, movesTo = null }: Purpose): Promise<Written> {
  const { id, name, aliases, generation, tenant, server } = wanted;
  const deleted = kind === 'domain.delete';
  const actor = context.caller.tokenId;
  if (wanted.protected === true) await insertProtection(sql, { type: 'domain', id, actor });
  await insertDomainVersion(sql, { ...wanted, aliases: [...aliases].sort() }, { deleted, movesTo });
  await insertVisitorHashes(sql, { id, generation }, wanted.visitors ?? []);
  const conflict = deleted
    ? undefined
    : await holdDomainNames(sql, [name, ...aliases], { domain: id, tenant });
  if (conflict !== undefined) throw nameConflict(conflict, aliases);
  const operation = await writeOperation(sql, {
    ...{ kind, resource: { id, name }, serialKey: `domain:${id}`, generation, tenant, server },
    actor,
  });
  // Gone in this moment, because the worker gave up on its creation: then its names are not to be held anew.
  const { domain } = await findDomainAt(sql, tenant, { id });
  return { operation, body: { operation, domain } };
}

/** What is not named stays, a visitor's password too. */
function changedOptions(before: KeptOptions, change: ChangedOptions, generation: Generation) {
  const { basicAuth: asked, ...others } = change;
  const { basicAuth, visitors } =
    asked === undefined
      ? { basicAuth: before.basicAuth, visitors: [] }
      : visitorsOf(asked, before.basicAuth, generation);
  return { options: { ...before, ...given(others), basicAuth }, visitors };
}

/** Visitors are sent from one name to the other by what the domain holds, and to nobody else's. */
function requireWwwHeld({ name, aliases, options: { www } }: DomainVersion): void {
  const missing = missingForWww({ name, aliases, www });
  if (missing === null) return;
  const message = `${missing} is none of the names of this domain.`;
  throw invalidInput([{ field: 'options.www', message, expected: `asIs, or ${missing} among the aliases` }]);
}

/** The fields that were sent; one that was not is not there at all. */
function given<C extends object>(change: C): { [F in keyof C]?: Exclude<C[F], undefined> } {
  const fields = Object.entries(change).filter(([, value]) => value !== undefined);
  return Object.fromEntries(fields) as { [F in keyof C]?: Exclude<C[F], undefined> };
}
