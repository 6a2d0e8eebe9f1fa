import { toFailure } from '../contract/failures.ts';
import type { ServerId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import { lastSeal } from '../state/audit-seals.ts';
import type { State } from '../state/connection.ts';
import { copiedUpTo, copyRootLines } from '../state/root-lines.ts';
import { UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

export interface KeepingAuditParts {
  readonly server: ServerId;
  readonly state: State;
  readonly executor: Pick<Executor, 'call'>;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
}

/** After root has found another audit than it knows it is not asked again so soon. */
const ROUNDS_AFTER_MISMATCH = 60;
const MOST_PAGES = 20;

/**
 * To be called every few seconds: writes down what root's side has done, and tells root how far the audit is sealed. Never
 * throws.
 */
export function createKeepingAudit(parts: KeepingAuditParts): () => Promise<void> {
  const { state, executor, isActive, logger } = parts;
  let told = 0;

  async function tellHead(): Promise<void> {
    const head = await lastSeal(state);
    if (head === undefined || head.number === told) return;
    await executor.call('audit.head', head, UNASKED);
    told = head.number;
  }

  // Neither waits for the other.
  const works = [() => copyLines(parts), tellHead].map((work) => unlessRefused(work, logger));
  return async () => {
    if (isActive()) for (const work of works) await work();
  };
}

function unlessRefused(work: () => Promise<void>, logger: Logger): () => Promise<void> {
  let pause = 0;
  return async () => {
    if (pause > 0) {
      pause -= 1;
      return;
    }
    try {
      await work();
    } catch (error) {
      const { code } = toFailure(error);
      if (code === 'mismatch') {
        pause = ROUNDS_AFTER_MISMATCH;
        logger.error({ err: error }, 'the audit is another than root has seen: run sculptorctl audit verify');
      } else if (code === 'invalid_request') {
        // A former executor, until it is restarted.
        logger.info('the executor keeps no audit yet');
        // Where it is away, others say so.
      } else if (code !== 'executor_unavailable') logger.warn({ err: error }, 'the audit was not kept');
    }
  };
}

async function copyLines({ server, state, executor }: KeepingAuditParts): Promise<void> {
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const after = await copiedUpTo(state, server);
    const { lines, last } = await executor.call('audit.lines', { after }, UNASKED);
    if (last <= after) return;
    await copyRootLines(state, server, { lines, after, last });
  }
}
