import { z } from 'zod';
import { SeenBans } from '../../contract/bans.ts';
import { knownCollations } from '../../contract/collations.ts';
import type { ServerId } from '../../contract/ids.ts';
import { PhpVersion } from '../../contract/names.ts';
import { SeenUpdates } from '../../contract/updates.ts';
import type { Sql } from '../../state/connection.ts';
import { readServerFact } from '../../state/server-facts.ts';
import { unavailable } from '../problems.ts';

/** The PHP versions installed on a server, oldest first; `default` is what a domain gets that names none. */
export const PhpFact = z.object({ versions: z.array(PhpVersion), default: PhpVersion.nullable() });
export type PhpFact = z.infer<typeof PhpFact>;

/** What the database server of a server has, and lets one account have. */
export const DatabasesFact = z.object({
  collations: z.array(z.string()).transform(knownCollations),
  connectionsPerAccount: z.int().min(1),
});
export type DatabasesFact = z.infer<typeof DatabasesFact>;

/** Throws a ProblemError while the server's worker has not said anything yet. */
export async function readDatabasesFact(sql: Sql, server: ServerId): Promise<DatabasesFact> {
  return known(DatabasesFact.safeParse(await readServerFact(sql, server, 'databases')));
}

/** Throws a ProblemError while the server's worker has not said anything yet. */
export async function readPhpFact(sql: Sql, server: ServerId): Promise<PhpFact> {
  return known(PhpFact.safeParse(await readServerFact(sql, server, 'php')));
}

/** Throws a ProblemError while the server's worker has not said anything yet. */
export async function readUpdatesFact(sql: Sql, server: ServerId): Promise<SeenUpdates> {
  return known(SeenUpdates.safeParse(await readServerFact(sql, server, 'updates')));
}

/** Throws a ProblemError while the server's worker has not said anything yet. */
export async function readBansFact(sql: Sql, server: ServerId): Promise<SeenBans> {
  return known(SeenBans.safeParse(await readServerFact(sql, server, 'bans')));
}

function known<T>(parsed: z.ZodSafeParseResult<T>): T {
  if (!parsed.success)
    throw unavailable(
      'What is installed on this server is not known yet: its worker has not reported. Ask again.',
    );
  return parsed.data;
}
