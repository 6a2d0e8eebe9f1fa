import { createHash, randomBytes } from 'node:crypto';
import { Scope } from '../../contract/tokens.ts';
import { unique } from '../machine/agent.ts';
import { must, rootSql } from '../machine/server.ts';
import { newId } from './forgery.ts';

/** A tenant that is nobody's yet, known on both sides, so that what is spoilt is spoilt for nobody. */
export function newTenant(): string {
  const made = JSON.parse(must('sculptorctl', ['--json', 'tenant', 'create', unique('tenant')])) as {
    tenant: { id: string };
  };
  return made.tenant.id;
}

/** A token of every scope that a tenant's may have: of one that is nobody's yet, where none is named. */
export function newToken(tenant = newTenant()): string {
  const token = `sculptor_${randomBytes(32).toString('base64url')}`;
  const digest = createHash('sha256').update(token).digest('hex');
  rootSql(`INSERT INTO sculptor.token (id, sha256, name, tenant, scopes, expires_at, made_by)
    SELECT '${newId()}', '${digest}', 'of a tenant', '${tenant}', '${JSON.stringify(Scope.options)}',
      UTC_TIMESTAMP() + INTERVAL 1 DAY, id FROM sculptor.token WHERE name = 'installation'`);
  return token;
}
