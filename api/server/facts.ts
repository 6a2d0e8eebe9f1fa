import { z } from 'zod';
import type { ServerId } from '../../contract/ids.ts';
import { PhpVersion } from '../../contract/names.ts';
import type { Sql } from '../../state/connection.ts';
import { readServerFact } from '../../state/server-facts.ts';
import { unavailable } from '../problems.ts';

/** The PHP versions installed on a server, oldest first; `default` is what a domain gets that names none. */
export const PhpFact = z.object({ versions: z.array(PhpVersion), default: PhpVersion.nullable() });
export type PhpFact = z.infer<typeof PhpFact>;

/** Throws a ProblemError while the server's worker has not said anything yet. */
export async function readPhpFact(sql: Sql, server: ServerId): Promise<PhpFact> {
  const parsed = PhpFact.safeParse(await readServerFact(sql, server, 'php'));
  if (!parsed.success)
    throw unavailable(
      'What is installed on this server is not known yet: its worker has not reported. Ask again.',
    );
  return parsed.data;
}
