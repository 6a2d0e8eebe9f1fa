import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ServerId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { WakeUps } from '../runtime/wake-ups.ts';
import type { Sql } from '../state/connection.ts';
import { overdueOperations } from '../state/open-operations.ts';
import { readServerFact } from '../state/server-facts.ts';
import { createWatch } from './watch.ts';

export interface MonitorParts {
  readonly server: ServerId;
  readonly state: Sql;
  /** Answers when the agent's Redis does, and else throws. */
  readonly askRedis: () => Promise<unknown>;
  readonly wakeUps: Pick<WakeUps, 'wake'>;
  readonly logger: Logger;
  readonly now?: () => number;
}

/** The privileged worker says every 20 s that it is at work; three times missed is too often. */
const FRESH_MS = 60_000;
/** By then its own sweep, of every 10 s, should have found it. */
const OVERDUE_SECONDS = 30;

const Heartbeat = z.object({ at: z.iso.datetime() });

/**
 * Once round: whether database, queue and privileged worker are well, each told in the log when it changes; and
 * a wake-up for what has waited too long. Never throws.
 */
export function createMonitor(parts: MonitorParts): () => Promise<void> {
  const { server, state, askRedis, wakeUps, logger, now = Date.now } = parts;
  const database = createWatch(logger, 'database');
  const queue = createWatch(logger, 'queue');
  const worker = createWatch(logger, 'worker-privileged');
  // Not the privileged worker's own prefix: what became of its jobs is what this is for.
  const prefix = `overdue-${randomBytes(6).toString('hex')}`;

  async function lookAtWorker(): Promise<void> {
    const beat = Heartbeat.safeParse(await readServerFact(state, server, 'worker'));
    if (!beat.success) worker.unwell({ lastBeat: null });
    else if (now() - Date.parse(beat.data.at) > FRESH_MS) worker.unwell({ lastBeat: beat.data.at });
    else worker.well();
  }

  async function wakeOverdue(): Promise<void> {
    for (const id of await overdueOperations(state, server, OVERDUE_SECONDS)) {
      if (!(await wakeUps.wake(id, { jobId: `${prefix}-${id}` }))) return;
    }
  }

  return async () => {
    try {
      await askRedis();
      queue.well();
    } catch (error) {
      queue.unwell({ err: error });
    }
    try {
      await lookAtWorker();
      await wakeOverdue();
      database.well();
    } catch (error) {
      database.unwell({ err: error });
    }
  };
}
