import type { Logger } from '../runtime/logger.ts';
import { forgetAudit, highestAudit, sealRows } from '../state/audit-seals.ts';
import { isDuplicate } from '../state/connection.ts';
import type { State } from '../state/connection.ts';

export interface SealingAuditParts {
  readonly state: State;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
  readonly now?: () => number;
}

const MOST_ROWS = 200;
const MOST_PAGES = 20;
/** No transaction of the API's lasts longer: a row whose number lies below has been seen by then. */
const LATE_MS = 60_000;
const FIRST_LOOK = 10_000;
/** What is looked through again for rows that came about below, however they did. */
const SWEPT = 20_000;
const SWEEP_EVERY_MS = 10_000;
const FORGET_EVERY_MS = 3_600_000;

/** To be called every second: seals what has come into the audit, in the order in which it is found. Never throws. */
export function createSealingAudit(parts: SealingAuditParts): () => Promise<void> {
  const { state, isActive, logger, now = Date.now } = parts;
  let marks: { readonly at: number; readonly highest: number }[] = [];
  let first: number | undefined;
  let swept = 0;
  let sweepAt = 0;
  let forgetAt = 0;
  let failing = false;

  async function sealNew(): Promise<number> {
    const highest = await highestAudit(state);
    first ??= Math.max(0, highest - FIRST_LOOK);
    // The newest of those that are old enough, and what came after it.
    const old = marks.filter(({ at }) => at <= now() - LATE_MS).at(-1);
    const isDone = await sealAll(state, old?.highest ?? first, highest);
    // As long as something is left it looks from the same place.
    if (isDone)
      marks = [...marks.filter((mark) => old === undefined || mark.at >= old.at), { at: now(), highest }];
    return highest;
  }

  async function sweep(highest: number): Promise<void> {
    if (now() < sweepAt) return;
    if (await sealAll(state, swept, swept + SWEPT)) swept = swept + SWEPT >= highest ? 0 : swept + SWEPT;
    sweepAt = now() + SWEEP_EVERY_MS;
  }

  async function forget(): Promise<void> {
    if (now() < forgetAt) return;
    forgetAt = now() + FORGET_EVERY_MS;
    await forgetAudit(state);
  }

  return async () => {
    if (!isActive()) return;
    try {
      await sweep(await sealNew());
      await forget();
      failing = false;
    } catch (error) {
      // Another worker gave that number first, by mistake: it is theirs. One line until it goes again.
      if (!failing && !isDuplicate(error)) logger.warn({ err: error }, 'the audit was not sealed');
      failing = true;
    }
  };
}

/** In as many transactions as it takes; what is more than some thousand is for the next round: whether nothing is left. */
async function sealAll(state: State, after: number, to: number): Promise<boolean> {
  for (let page = 0; page < MOST_PAGES; page += 1)
    if ((await sealRows(state, { after, to, most: MOST_ROWS })) < MOST_ROWS) return true;
  return false;
}
