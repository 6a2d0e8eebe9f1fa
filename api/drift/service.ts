import type { Drift, DriftSummary } from '../../contract/drift.ts';
import { Generation } from '../../contract/ids.ts';
import type { DatabaseId, DomainId, ServerId, TenantId } from '../../contract/ids.ts';
import type { Sql, State } from '../../state/connection.ts';
import { lockDatabase } from '../../state/databases.ts';
import { lockDomain } from '../../state/domains.ts';
import { findStanding, listDrift, readDrift } from '../../state/drift.ts';
import type { Looked } from '../../state/drift.ts';
import { writeOperation } from '../../state/operations.ts';
import { findTenant, lockTenant } from '../../state/tenants.ts';
import type { Caller } from '../caller.ts';
import { findAt } from '../databases/find.ts';
import type { DatabaseAddress } from '../databases/find.ts';
import { findDomainAt } from '../domains/find.ts';
import type { DomainAddress } from '../domains/find.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';
import { notFound, ProblemError } from '../problems.ts';
import type { WriteContext } from '../write-context.ts';
import type { Write, WriteAnswer } from '../writer.ts';

/** Whose drift: by its address, within what the caller sees. */
export type DriftTarget =
  | { readonly type: 'domain'; readonly address: DomainAddress }
  | { readonly type: 'database'; readonly address: DatabaseAddress }
  | { readonly type: 'tenant'; readonly address: TenantId };

export interface DriftFilter {
  readonly after?: string | undefined;
  readonly limit: number;
}

/** What on the server is not as it was asked for. All throw ProblemErrors. */
export interface DriftService {
  /** Of all tenants. */
  readonly list: (filter: DriftFilter) => Promise<Page<DriftSummary>>;
  readonly read: (caller: Caller, target: DriftTarget) => Promise<Drift>;
  /** `drift`: has somebody look now. `repair`: and make it as it was. */
  readonly begin: (
    context: WriteContext,
    target: DriftTarget,
    what: 'drift' | 'repair',
  ) => Promise<WriteAnswer>;
}

export interface DriftServiceParts {
  readonly state: State;
  readonly write: Write;
  readonly server: ServerId;
}

export function createDriftService({ state, write, server }: DriftServiceParts): DriftService {
  return {
    list: async ({ after, limit }) => {
      const found = await listDrift(state, server, { after, limit: limit + 1 });
      return toPage(found, limit, ({ resource }) => resource.id);
    },
    read: async (caller, target) => readDrift(state, await find(state, { caller, server }, target)),
    begin: (context, target, what) =>
      write(context, `${target.type}.${what}`, async (sql) => {
        const { type, id } = await find(sql, { caller: context.caller, server }, target);
        await LOCKS[type](sql, id);
        const standing = await findStanding(sql, { type, id });
        if (standing === undefined)
          throw new ProblemError(
            'conflict',
            'It does not stand: what was asked of it last did not come about.',
          );
        const { name, tenant, generation } = standing;
        const operation = await writeOperation(sql, {
          ...{ kind: `${type}.${what}`, resource: { id, name }, serialKey: `${type}:${id}` },
          ...{ generation: Generation.parse(generation), tenant, server, actor: context.caller.tokenId },
        });
        return { operation, body: { operation } };
      }),
  };
}

const LOCKS: Readonly<Record<Looked['type'], (sql: Sql, id: string) => Promise<unknown>>> = {
  domain: (sql, id) => lockDomain(sql, id as DomainId),
  database: (sql, id) => lockDatabase(sql, id as DatabaseId),
  tenant: (sql, id) => lockTenant(sql, id as TenantId, 'alone'),
};

interface Seen {
  readonly caller: Caller;
  readonly server: ServerId;
}

async function find(
  sql: Sql,
  { caller, server }: Seen,
  target: DriftTarget,
): Promise<Omit<Looked, 'generation'>> {
  const { type, address } = target;
  if (type === 'domain') {
    const { id, name, tenant } = (await findDomainAt(sql, caller.tenant, address)).domain;
    return { type, id, name, tenant, server };
  }
  if (type === 'database') {
    const { id, name, tenant } = (await findAt(sql, { tenant: caller.tenant, server, address })).database;
    return { type, id, name, tenant, server };
  }
  const found = await findTenant(sql, address);
  if (found === undefined) throw notFound('tenant with this id');
  return { type, id: address, name: found.tenant.name, tenant: address, server };
}
