import type { System } from '../system/system.ts';
import type { VerbHandler } from './table.ts';

/** What the agent may offer on this server. */
export function serverFacts({
  phpFpm,
  hostname,
}: Pick<System, 'phpFpm' | 'hostname'>): VerbHandler<'server.facts'> {
  return async () => ({ phpVersions: [...(await phpFpm.versions())], hostname: hostname() });
}
