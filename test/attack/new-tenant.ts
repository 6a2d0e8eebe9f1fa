import { unique } from '../machine/agent.ts';
import { must } from '../machine/server.ts';

/** A tenant that is nobody's yet, known on both sides, so that what is spoilt is spoilt for nobody. */
export function newTenant(): string {
  const made = JSON.parse(must('sculptorctl', ['--json', 'tenant', 'create', unique('tenant')])) as {
    tenant: { id: string };
  };
  return made.tenant.id;
}
