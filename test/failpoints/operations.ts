import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ENDED, OperationStatus } from '../../contract/operations.ts';
import { z } from 'zod';
import { operationId, type Answer } from '../machine/agent.ts';
import { rows } from './state-rows.ts';

export type End = z.infer<typeof Row>;

const Row = z.object({
  status: OperationStatus,
  code: z.string().nullable(),
  message: z.string().nullable(),
});

/** Each attempt may have a pause of its own before it. */
const PATIENCE_MS = 180_000;

/** By the state itself, for the API may be what died; throws where it takes for ever. */
export async function endedWhole(answer: Answer): Promise<End> {
  const id = operationId(answer);
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const text =
      'SELECT status, error_code AS code, error_message AS message FROM sculptor.operation WHERE id = ?';
    const [row] = await rows(Row, text, [id]);
    if (row !== undefined && ENDED.has(row.status)) return row;
    if (performance.now() > until)
      throw new Error(`the operation ${id} is ${row?.status ?? 'not there'} and goes on`);
    await pause(25);
  }
}

const Newest = z.object({ newest: z.coerce.number() });

export async function newestOperation(): Promise<number> {
  const text = 'SELECT COALESCE(MAX(seq), 0) AS newest FROM sculptor.operation';
  return (await rows(Newest, text))[0]?.newest ?? 0;
}

/** All that were begun after that one, in an order that is the same each time. */
export async function operationsSince(newest: number): Promise<readonly string[]> {
  const text = 'SELECT id FROM sculptor.operation WHERE seq > ? ORDER BY kind';
  return (await rows(z.object({ id: z.string() }), text, [String(newest)])).map(({ id }) => id);
}

/** Whatever was begun beside it has ended too. */
export async function allEnded(): Promise<void> {
  const text = "SELECT COUNT(*) AS open FROM sculptor.operation WHERE status IN ('queued', 'running')";
  while ((await rows(z.object({ open: z.number() }), text))[0]?.open !== 0) await pause(25);
}

/** The operation that stands for that key; undefined where the request has come to nothing. */
export async function operationOfKey(key: string): Promise<string | undefined> {
  const text = 'SELECT operation_id AS id FROM sculptor.idempotency WHERE key_sha256 = ?';
  const digest = createHash('sha256').update(key).digest('hex');
  return (await rows(z.object({ id: z.string() }), text, [digest]))[0]?.id;
}
