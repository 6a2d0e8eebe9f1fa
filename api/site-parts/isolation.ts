import type { Domain } from '../../contract/domains.ts';
import type { PartType } from '../../contract/site-parts.ts';
import { ProblemError } from '../problems.ts';

const WORDS: { readonly [T in Exclude<PartType, 'certificate'>]: string } = {
  key: 'keys',
  queue: 'queues',
  cache: 'cache',
  cron: 'crons',
  run: 'commands',
};

/** The sites of the shared user are one to the system: what works for one user alone they do not have. */
export function requireOwnUser({ name, isolation }: Domain, type: PartType): void {
  // Visitors are shown it by nginx, whoever the site runs as.
  if (isolation === 'site' || type === 'certificate') return;
  throw new ProblemError(
    'conflict',
    `${name} runs as the user www that it shares, and has no ${WORDS[type]} of its own. Make a domain with the isolation site.`,
  );
}
