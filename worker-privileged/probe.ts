import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Probe } from '../contract/executor.ts';
import { FailureError } from '../contract/failures.ts';
import type { Seen } from './probe-request.ts';
import { doStep } from './task.ts';
import type { Task } from './task.ts';

/** Asks until the page answers as it should; throws `not_live` when it did not within the time there is. */
export type AskPage = (probe: Probe) => Promise<void>;

export interface AskPageParts {
  readonly ask: (probe: Probe) => Promise<Seen>;
  readonly pause?: (ms: number) => Promise<unknown>;
  readonly now?: () => number;
  /** How long to go on asking, in milliseconds. */
  readonly boundMs?: number;
}

/**
 * A sleeping site's first answer takes some 50 ms, and took 2 s on two cores that made ten sites at once. A new
 * site that is given up is taken away again, so there is time to spare.
 */
const BOUND_MS = 20_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1000;

export function createAskPage(parts: AskPageParts): AskPage {
  const { ask, pause = sleep, now = () => performance.now(), boundMs = BOUND_MS } = parts;
  return async (probe) => {
    const end = now() + boundMs;
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      const seen = await ask(probe);
      if (fits(probe, seen)) return;
      if (now() + wait > end) throw notLive(probe, seen);
      await pause(wait);
    }
  };
}

/** One step for each page, and for each certificate. */
export async function askAll(askPage: AskPage, task: Task, probes: readonly Probe[]): Promise<void> {
  for (const probe of probes) {
    const name = isOfTls(probe) ? `ask ${probe.host} over TLS` : `ask ${probe.host}`;
    await doStep(task, name, async () => {
      await askPage(probe);
      return false;
    });
  }
}

export function isOfTls({ expect }: Probe): boolean {
  return expect !== 'closed' && 'certificate' in expect;
}

function fits({ expect }: Probe, seen: Seen): boolean {
  if (expect === 'closed') return seen.answer === 'closed';
  if ('certificate' in expect)
    return seen.answer === 'certificate' && seen.fingerprint === expect.certificate;
  if (seen.answer !== 'page') return false;
  if (seen.status !== expect.status) return false;
  // A file ends with a line feed that is not part of what it says.
  return expect.body === undefined || seen.body.replace(/\n$/, '') === expect.body.replace(/\n$/, '');
}

function notLive({ host, expect }: Probe, seen: Seen): FailureError {
  return new FailureError(
    'not_live',
    `Asked for through nginx, ${host} gave ${sight(seen, expect)}.`,
    "Ask again. If it stays so, look at the web server's log and at the site's own.",
  );
}

/** Never what stood in the page: it may be anybody's. */
function sight(seen: Seen, expect: Probe['expect']): string {
  if (seen.answer === 'silent') return 'no connection';
  if (seen.answer === 'closed') return 'no answer';
  if (seen.answer === 'certificate') return 'another certificate';
  if (expect === 'closed') return `status ${seen.status} where no answer was expected`;
  if ('certificate' in expect) return 'no certificate';
  if (seen.status === expect.status) return "another page than the site's own";
  return `status ${seen.status} where status ${expect.status} was expected`;
}
