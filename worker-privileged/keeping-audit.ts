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

/** After root has refused a head it is not asked again so soon. */
const ROUNDS_AFTER_REFUSAL = 60;
const MOST_PAGES = 20;

/**
 * To be called every few seconds: writes down what root's side has done, and tells root how far the audit is sealed. Never
 * throws.
 */
export function createKeepingAudit(parts: KeepingAuditParts): () => Promise<void> {
  const { state, executor, isActive, logger } = parts;
  let told = 0;
  let pause = 0;

  async function tellHead(): Promise<void> {
    const head = await lastSeal(state);
    if (head === undefined || head.number === told) return;
    pause = ROUNDS_AFTER_REFUSAL;
    await executor.call('audit.head', head, UNASKED);
    pause = 0;
    told = head.number;
  }

  return async () => {
    if (!isActive()) return;
    try {
      await copyLines(parts);
      if (pause > 0) pause -= 1;
      else await tellHead();
    } catch (error) {
      const { code } = toFailure(error);
      if (code === 'mismatch')
        logger.error({ err: error }, 'the audit is another than root has seen: run sculptorctl audit verify');
      else pause = 0;
      // Where the executor is away, others say so.
      if (code !== 'mismatch' && code !== 'executor_unavailable')
        logger.warn({ err: error }, 'the audit was not kept');
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
