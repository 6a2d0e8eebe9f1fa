import type { PhpLimits } from '../../../../contract/domains.ts';
import type { Plan } from '../../../../contract/tenants.ts';

const MIB = 1024 ** 2;
/** What every site may have of the memory, as its slice says: systemd/site-limits.conf. */
const SITE_BYTES = 1024 * MIB;
/** What all sites together may have of the server's: systemd/all-sites-limits.conf. */
const SITES_SHARE = 0.85;
/** Four requests of five are light, and one takes all that PHP lets it: the rule of thumb for workers of such a kind. */
const LIGHT = { share: 0.8, bytes: 32 * MIB };
/** PHP's own memory_limit, where nobody says another. */
const MEMORY_LIMIT = 128 * MIB;
/** With one, a page that asks its own site for another waits for itself for ever. */
const FEWEST = 2;
const MOST = 200;

type Sized = {
  readonly plan: Pick<Plan, 'phpMemoryBytes' | 'phpProcesses'>;
  readonly limits: Pick<PhpLimits, 'memoryBytes' | 'processes'>;
  /** Of the whole server. */
  readonly serverBytes: number;
};

/**
 * How many requests a site's PHP works on at once: as many as its memory holds, where neither its plan nor the site
 * itself names a number. docs/php.md has the formula, and values of it.
 */
export function poolSize({ plan, limits, serverBytes }: Sized): number {
  const most = plan.phpProcesses ?? Number.POSITIVE_INFINITY;
  if (limits.processes !== null) return Math.min(limits.processes, most);
  if (plan.phpProcesses !== null) return plan.phpProcesses;
  const memory = Math.min(plan.phpMemoryBytes ?? SITE_BYTES, SITES_SHARE * serverBytes);
  const each = LIGHT.share * LIGHT.bytes + (1 - LIGHT.share) * (limits.memoryBytes ?? MEMORY_LIMIT);
  return Math.min(Math.max(Math.floor(memory / each), FEWEST), MOST);
}
