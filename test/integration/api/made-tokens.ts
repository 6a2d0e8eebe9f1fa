import { randomBytes } from 'node:crypto';
import { NO_LIMITS } from '../../../contract/tenants.ts';
import type { Plan } from '../../../contract/tenants.ts';
import { Scope } from '../../../contract/tokens.ts';
import type { Servers } from '../servers.ts';

export interface MadeToken {
  readonly id: string;
  readonly headers: { readonly authorization: string };
}

export interface WantedToken {
  readonly tenant?: string;
  readonly scopes?: readonly string[];
  readonly addresses?: readonly string[];
  /** SQL, as everything below. */
  readonly ends?: string;
  readonly made?: string;
  readonly maker?: string;
}

/** Puts a tenant's token where the API would have, with columns that it could not choose. */
export function makeToken({ sql }: Servers, wanted: WantedToken = {}): MadeToken {
  const id = `t${randomBytes(8).toString('hex').slice(0, 11)}`;
  const text = `sculptor_${randomBytes(32).toString('base64url')}`;
  const { tenant = 'default', scopes = Scope.options, addresses = [] } = wanted;
  const { ends = 'UTC_TIMESTAMP(3) + INTERVAL 1 DAY', made = 'UTC_TIMESTAMP(3)' } = wanted;
  sql(`SET check_constraint_checks = 0; SET foreign_key_checks = 0;
    INSERT INTO sculptor.token (id, sha256, name, tenant, scopes, addresses, expires_at, created_at, made_by)
    VALUES ('${id}', SHA2('${text}', 256), 'made', '${tenant}', '${JSON.stringify(scopes)}',
      '${JSON.stringify(addresses)}', ${ends}, ${made}, ${wanted.maker ?? "'tokenoftests'"})`);
  return { id, headers: { authorization: `Bearer ${text}` } };
}

export function revoke({ sql }: Servers, id: string): void {
  sql(`INSERT INTO sculptor.token_revocation (token_id, actor) VALUES ('${id}', 'tokenoftests')`);
}

export function makeTenant({ sql }: Servers, id: string, plan: Partial<Plan> = {}): void {
  sql(`INSERT INTO sculptor.tenant (id, name) VALUES ('${id}', '${id}');
    INSERT INTO sculptor.tenant_version (tenant_id, generation, server, name, plan)
      VALUES ('${id}', 1, 'default', '${id}', '${JSON.stringify({ ...NO_LIMITS, ...plan })}')`);
}
