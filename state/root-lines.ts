import { z } from 'zod';
import { detailOf } from '../contract/audit.ts';
import type { RootLine } from '../contract/audit.ts';
import type { ServerId } from '../contract/ids.ts';
import { insertWorkersAudit } from './audit.ts';
import type { Sql, State } from './connection.ts';
import { putServerFact, putServerFactOnce, readServerFact } from './server-facts.ts';

const FACT = 'root-audit';
const Copied = z.object({ line: z.int().min(0) });

/** The last line of root's log on this server that stands in the audit. */
export async function copiedUpTo(sql: Sql, server: ServerId): Promise<number> {
  const fact = await readServerFact(sql, server, FACT);
  return fact === undefined ? 0 : Copied.parse(fact).line;
}

/** Each once, whoever does it how often. */
export async function copyRootLines(
  state: State,
  server: ServerId,
  {
    lines,
    after,
    last,
  }: { readonly lines: readonly RootLine[]; readonly after: number; readonly last: number },
): Promise<void> {
  await state.transaction(async (sql) => {
    // Whoever is first has the row until these lines stand there.
    await putServerFactOnce(sql, server, { name: FACT, value: { line: 0 } });
    if ((await copiedUpTo(sql, server)) !== after) return;
    await putServerFact(sql, server, { name: FACT, value: { line: last } });
    for (const one of lines) {
      const { actor, action, resource, outcome } = one;
      const about = { actor, action, resource, outcome, detail: detailOf(one) };
      await insertWorkersAudit(sql, { ...about, address: server });
    }
  });
}
