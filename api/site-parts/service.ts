import type { Domain } from '../../contract/domains.ts';
import type { DomainId, ServerId, TenantId } from '../../contract/ids.ts';
import { PartId } from '../../contract/ids.ts';
import type { OperationKind } from '../../contract/operations.ts';
import { PART_SPECS, PartName } from '../../contract/site-parts.ts';
import type { PartBase, PartSpec, PartType } from '../../contract/site-parts.ts';
import type { Sql, State } from '../../state/connection.ts';
import { lockDomain } from '../../state/domains.ts';
import { newId } from '../../state/new-ids.ts';
import { writeOperation } from '../../state/operations.ts';
import { findPart, holdPartName, insertPartVersion, listParts } from '../../state/site-parts.ts';
import type { PartFilter, PartKind, PartRecord, PartVersion } from '../../state/site-parts.ts';
import { nextGeneration } from '../../state/versions-of.ts';
import { findDomainAt, requireStanding } from '../domains/find.ts';
import type { DomainAddress } from '../domains/find.ts';
import { requireNotMoving } from '../domains/move.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';
import { nameTaken, notFound, ProblemError } from '../problems.ts';
import type { WriteContext } from '../write-context.ts';
import type { Write, WriteAnswer, Written } from '../writer.ts';
import { requireOwnUser } from './isolation.ts';

/** A part within its domain, by id or by name; an id goes first. */
export interface PartAddress {
  readonly domain: DomainAddress;
  readonly id?: PartId | undefined;
  readonly name?: PartName | undefined;
}

/** A part with its spec's fields, as the API shows it. */
export type PartView<T extends PartType> = PartBase & PartSpec<T>;

/** What is shown in the first answer alone: a password, for instance. */
export type Once = NonNullable<Written['once']>;

/** What can be asked for about what belongs to a site, of one type. All throw ProblemErrors. */
export interface PartService<T extends PartType> {
  readonly list: (tenant: TenantId, domain: DomainAddress, filter: PartFilter) => Promise<Page<unknown>>;
  readonly read: (tenant: TenantId, address: PartAddress) => Promise<unknown>;
  readonly create: (
    context: WriteContext,
    domain: DomainAddress,
    /** What has no name is called by its id. */
    wanted: { readonly name?: PartName; readonly spec: PartSpec<T>; readonly once?: Once },
  ) => Promise<WriteAnswer>;
  /**
   * Another version of it, of the kind that is said; `change` makes its spec from the one that stands, or throws a
   * ProblemError.
   */
  readonly update: (
    context: WriteContext,
    address: PartAddress,
    update: {
      readonly kind: OperationKind;
      readonly change: (spec: PartSpec<T>, domain: Domain) => PartSpec<T>;
      readonly once?: Once;
    },
  ) => Promise<WriteAnswer>;
  /** The first version of what is not there yet, and another of what is; `kind` is that of the second. */
  readonly put: (
    context: WriteContext,
    address: { readonly domain: DomainAddress; readonly name: PartName },
    wanted: { readonly kind: OperationKind; readonly spec: PartSpec<T> },
  ) => Promise<WriteAnswer>;
  readonly remove: (context: WriteContext, address: PartAddress) => Promise<WriteAnswer>;
}

export interface PartServiceParts<T extends PartType> {
  readonly state: State;
  readonly write: Write;
  readonly server: ServerId;
  readonly type: T;
  readonly kinds: { readonly create: OperationKind; readonly delete?: OperationKind };
  /** What an operation on it waits for; its domain, where nothing else is said. */
  readonly serialKey?: (part: { readonly id: PartId; readonly domain: DomainId }) => string;
  /** Whether there may be one more of them on a domain, which is locked; throws a ProblemError where not. */
  readonly admit?: (sql: Sql, domain: DomainId) => Promise<void>;
  /** Takes for a version what nobody else may have with it; throws a ProblemError where somebody has. */
  readonly hold?: (sql: Sql, version: PartVersion, spec: PartSpec<T>) => Promise<void>;
  /** What is shown of each beside its spec: what its program reports, for instance. */
  readonly present: (sql: Sql, parts: readonly PartView<T>[]) => Promise<readonly unknown[]>;
}

export function createPartService<T extends PartType>(parts: PartServiceParts<T>): PartService<T> {
  const { state, write, server, type, kinds, present } = parts;
  const { serialKey = ({ domain }) => `domain:${domain}`, admit, hold } = parts;
  const view = (record: PartRecord) => partView(type, record);
  const lookFor = async (sql: Sql, domain: DomainId, { id, name }: Omit<PartAddress, 'domain'>) => {
    const byId = id === undefined ? undefined : await findPart(sql, { domain, type }, { id });
    return byId ?? (name === undefined ? undefined : await findPart(sql, { domain, type }, { name }));
  };
  const found = async (sql: Sql, domain: DomainId, address: PartAddress): Promise<PartRecord> => {
    const record = await lookFor(sql, domain, address);
    if (record === undefined) throw notFound(`${type} with this id or name on this domain`);
    return record;
  };
  /** Writes the version and its operation, and reads both back. */
  const put = async (
    sql: Sql,
    version: PartVersion,
    { kind, context, deleted = false, once }: Purpose,
  ): Promise<Written> => {
    const { id, name, domain, generation, tenant } = version;
    if (!deleted) await hold?.(sql, version, specOf(type, version.spec));
    await insertPartVersion(sql, version, deleted);
    const operation = await writeOperation(sql, {
      ...{ kind, resource: { id, name }, serialKey: serialKey({ id, domain }), generation, tenant, server },
      actor: context.caller.tokenId,
    });
    const [shown] = await present(sql, [view(await found(sql, domain, { domain: { id: domain }, id }))]);
    const written = { operation, body: { operation, [type]: shown } };
    return once === undefined ? written : { ...written, once };
  };
  const next = async (sql: Sql, context: WriteContext, address: PartAddress): Promise<Next> => {
    const domain = await claimDomain(sql, context, address.domain);
    const { part, spec, deleted } = await found(sql, domain.id, address);
    if (deleted && part.status !== 'failed')
      throw new ProblemError(
        'conflict',
        `${part.name} is being deleted. Wait for the end of that operation.`,
      );
    const generation = await nextGeneration(sql, type, part.id);
    return { domain, version: { ...part, type, spec, generation } };
  };
  const first = async (
    sql: Sql,
    context: WriteContext,
    { domain: address, name, spec, once }: First<T>,
  ): Promise<Written> => {
    const domain = await claimDomain(sql, context, address);
    requireOwnUser(domain, type);
    await admit?.(sql, domain.id);
    const id = PartId.parse(newId(12));
    const version = {
      ...{ id, type, domain: domain.id, tenant: domain.tenant, server, spec, generation: 1 },
      name: name ?? PartName.parse(id),
    };
    if ((await holdPartName(sql, version)) !== undefined) throw nameTaken(taken(type));
    return put(sql, version, { kind: kinds.create, context, once });
  };
  return {
    list: async (tenant, address, { after, limit }) => {
      const { domain } = await findDomainAt(state, tenant, address);
      const records = await listParts(state, { domain: domain.id, type }, { after, limit: limit + 1 });
      const page = toPage(records.map(view), limit, ({ name }) => name);
      return { ...page, items: await present(state, page.items) };
    },
    read: async (tenant, address) => {
      const { domain } = await findDomainAt(state, tenant, address.domain);
      return (await present(state, [view(await found(state, domain.id, address))]))[0];
    },
    create: (context, domain, wanted) =>
      write(context, kinds.create, (sql) => first(sql, context, { ...wanted, domain })),
    put: (context, address, { kind, spec }) =>
      write(context, kind, async (sql) => {
        const { domain } = await findDomainAt(sql, context.caller.tenant, address.domain);
        await lockDomain(sql, domain.id);
        if ((await lookFor(sql, domain.id, address)) === undefined)
          return first(sql, context, { ...address, spec });
        const { version } = await next(sql, context, address);
        return put(sql, { ...version, spec }, { kind, context });
      }),
    update: (context, address, { kind, change, once }) =>
      write(context, kind, async (sql) => {
        const { version, domain } = await next(sql, context, address);
        const spec = change(specOf(type, version.spec), domain);
        return put(sql, { ...version, spec }, { kind, context, once });
      }),
    remove: (context, address) => {
      const kind = kinds.delete;
      if (kind === undefined) throw new Error(`a ${type} is not deleted`);
      return write(context, kind, async (sql) =>
        put(sql, (await next(sql, context, address)).version, { kind, context, deleted: true }),
      );
    },
  };
}

/** What is written next of a part, and the domain that it belongs to. */
interface Next {
  readonly version: PartVersion;
  readonly domain: Domain;
}

interface First<T extends PartType> {
  readonly domain: DomainAddress;
  readonly name?: PartName;
  readonly spec: PartSpec<T>;
  readonly once?: Once;
}

interface Purpose {
  readonly kind: OperationKind;
  readonly context: WriteContext;
  readonly deleted?: boolean;
  readonly once?: Once | undefined;
}

export function partView<T extends PartType>(type: T, { part, spec }: PartRecord): PartView<T> {
  return { ...part, ...specOf(type, spec) };
}

/** The schema is that of the type; the compiler cannot tie the two together. */
function specOf<T extends PartType>(type: T, spec: unknown): PartSpec<T> {
  return PART_SPECS[type].parse(spec) as PartSpec<T>;
}

/** Locks the domain, which everything about its parts waits for, and sees that it is to stay. */
async function claimDomain(sql: Sql, { caller }: WriteContext, address: DomainAddress) {
  const { domain } = await findDomainAt(sql, caller.tenant, address);
  const { id } = domain;
  await lockDomain(sql, id);
  await requireNotMoving(sql, domain);
  const record = await findDomainAt(sql, caller.tenant, { id });
  requireStanding(record);
  return record.domain;
}

function taken(type: PartKind['type']) {
  return {
    field: 'name',
    message: `This domain has a ${type} of this name.`,
    expected: `a name that no ${type} of this domain has`,
  };
}
