import { TENANT_HEADER } from '../acting.ts';
import type { Caller } from '../caller.ts';
import { ProblemError } from '../problems.ts';

/** What is done to the server stands among the administrators' own operations, where no tenant reads it. */
export function requireNoTenant({ acting, tenant }: Caller): void {
  if (acting && tenant !== 'default')
    throw new ProblemError('forbidden', `The server is no tenant's: name none in ${TENANT_HEADER}.`);
}
