import type { Request } from 'express';
import { TenantId } from '../contract/ids.ts';
import type { Token } from '../contract/tokens.ts';
import { invalidInput, ProblemError } from './problems.ts';

/** Whether there is, or was until it went to the trash, such a tenant. */
export type IsTenant = (id: TenantId) => Promise<boolean>;

/** Names the tenant that a request of an administrator is for. */
export const TENANT_HEADER = 'Sculptor-Tenant';

/**
 * The tenant that a request is for: the token's own, or the one that an administrator names. Whoever is no
 * administrator may name their own; of others they do not learn whether they exist.
 */
export async function tenantOf(
  req: Request,
  { role, tenant }: Pick<Token, 'role' | 'tenant'>,
  isTenant: IsTenant,
): Promise<{ readonly tenant: TenantId; readonly acting: boolean }> {
  const named = req.headers[TENANT_HEADER.toLowerCase()];
  if (named === undefined) return { tenant, acting: false };
  const id = TenantId.safeParse(named);
  if (!id.success)
    throw invalidInput([
      { field: TENANT_HEADER, message: 'This header cannot be used.', expected: 'the id of a tenant, once' },
    ]);
  if (id.data === tenant) return { tenant, acting: role === 'administrator' };
  if (role !== 'administrator')
    throw new ProblemError('forbidden', 'This token is for its own tenant alone.');
  if (await isTenant(id.data)) return { tenant: id.data, acting: true };
  throw invalidInput([
    { field: TENANT_HEADER, message: 'There is no such tenant.', expected: 'the id of a tenant' },
  ]);
}
