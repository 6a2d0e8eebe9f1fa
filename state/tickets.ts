import { z } from 'zod';
import { failpoint } from '../contract/failpoint.ts';
import { OperationId, ServerId } from '../contract/ids.ts';
import type { Failure } from '../contract/failures.ts';
import type { Sql, SqlValue, State } from './connection.ts';
import { insertNotification } from './notifications.ts';
import { lockOpenOperations } from './open-operations.ts';
import type { ClaimedOperation } from './open-operations.ts';

/** The right to write about an operation: whoever claimed it later has a higher epoch, and ours is void. */
export type Ticket = Pick<ClaimedOperation, 'id' | 'epoch' | 'serialKey' | 'server'>;

/** Ends every statement that writes about an operation; its values are the ticket's id and epoch. */
export const STILL_HELD = "id = ? AND epoch = ? AND status = 'running'";

/** Back in the queue, for a later attempt. False when the ticket is void. */
export async function putBack(state: State, ticket: Ticket): Promise<boolean> {
  return state.transaction((sql) => queueAgain(sql, ticket));
}

/**
 * Back in the queue because it may not be done now: nothing was changed, so the attempt does not count, and why it
 * waits is shown. False when the ticket is void.
 */
export async function holdBack(
  state: State,
  operation: ClaimedOperation,
  { code, message, hint }: Failure,
): Promise<boolean> {
  return state.transaction(async (sql) => {
    const besides = ', attempt = attempt - 1, error_code = ?, error_message = ?, error_hint = ?';
    const queued = await queueAgain(sql, operation, { besides, values: [code, message, hint] });
    if (queued) await insertNotification(sql, { kind: 'limit_reached', operation, message });
    return queued;
  });
}

/**
 * Back in the queue because whoever does it has to stop. That counts for no attempt, but for the first, which may have
 * changed something: it shall not look like one that never began. False when the ticket is void.
 */
export async function handBack(state: State, ticket: Ticket): Promise<boolean> {
  const besides = ', attempt = GREATEST(attempt - 1, 1)';
  return state.transaction((sql) => queueAgain(sql, ticket, { besides, values: [] }));
}

interface Changes {
  /** What else is set, as it follows the status in an UPDATE. */
  readonly besides: string;
  readonly values: readonly SqlValue[];
}

async function queueAgain(
  sql: Sql,
  ticket: Ticket,
  { besides, values }: Changes = { besides: '', values: [] },
): Promise<boolean> {
  await lockOpenOperations(sql, ticket);
  const text = `UPDATE operation SET status = 'queued'${besides} WHERE ${STILL_HELD}`;
  const written = await sql.run(text, [...values, ticket.id, ticket.epoch]);
  failpoint('put back: to be committed', ticket.id);
  return written === 1;
}

const Running = z.object({ id: OperationId, epoch: z.number(), serialKey: z.string(), server: ServerId });

/**
 * What is `running` and carried out by nobody goes back in the queue: a crash left it, or its end could not be
 * written. Only whoever holds the worker's lock may ask for this. Returns how many there were.
 */
export async function putBackOrphans(
  state: State,
  server: ServerId,
  isCarriedOut: (id: string) => boolean,
): Promise<number> {
  const running = await state.rows(
    Running,
    "SELECT id, epoch, serial_key AS serialKey, server FROM operation WHERE server = ? AND status = 'running'",
    [server],
  );
  let count = 0;
  // Asked after the rows were read: what has been claimed since has another epoch.
  for (const row of running) {
    if (isCarriedOut(row.id)) continue;
    if (await putBack(state, row)) count += 1;
  }
  return count;
}
