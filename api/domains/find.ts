import type { Domain } from '../../contract/domains.ts';
import { DomainId } from '../../contract/ids.ts';
import type { TenantId } from '../../contract/ids.ts';
import type { DomainName } from '../../contract/names.ts';
import { canonicalDomainName } from '../../runtime/domain-names.ts';
import type { Sql } from '../../state/connection.ts';
import { findDomain, findDomainId } from '../../state/domains.ts';
import type { DomainRecord } from '../../state/domains.ts';
import { inTrash, notFound, ProblemError } from '../problems.ts';

/** A domain's address: its id or its name. */
export type DomainAddress = { readonly id: DomainId } | { readonly name: DomainName };

const WHAT = 'domain with this id or name';

/** A name may be typed here as anywhere else. What is neither an id nor a name leads nowhere. */
export function parseDomainAddress(text: unknown): DomainAddress {
  const id = DomainId.safeParse(text);
  if (id.success) return { id: id.data };
  const typed = typeof text === 'string' ? canonicalDomainName(text) : undefined;
  if (typed === undefined || !('name' in typed)) throw notFound(WHAT);
  return { name: typed.name };
}

/** The domain at an address; throws a ProblemError when there is none. */
export async function findDomainAt(
  sql: Sql,
  tenant: TenantId,
  address: DomainAddress,
): Promise<DomainRecord> {
  const id = 'id' in address ? address.id : await findDomainId(sql, tenant, address.name);
  const record = id === undefined ? undefined : await findDomain(sql, tenant, id);
  if (record === undefined) throw notFound(WHAT);
  return record;
}

/** Throws where it lies in the trash or is on its way there. */
export function requireStanding({ domain, deleted }: DomainRecord): void {
  if (domain.status === 'trashed') throw inTrash(domain.name);
  if (deleted) throw beingDeleted(domain);
}

function beingDeleted({ name }: Domain): ProblemError {
  return new ProblemError('conflict', `${name} is being deleted. Wait for the end of that operation.`);
}
