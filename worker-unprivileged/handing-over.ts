import type { ServerId } from '../contract/ids.ts';
import { jsonOf } from '../contract/json-text.ts';
import { Notice } from '../contract/mail-notices.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../state/connection.ts';
import { endNotice, openNotices } from '../state/mail-notices.ts';
import type { NoticeOutcome, OpenNotice } from '../state/mail-notices.ts';
import type { HandedOver, MailerDoor } from './mailer-door.ts';
import { GIVEN_UP_AFTER_MS, nextAttempt } from './schedule.ts';

export interface MailingParts {
  readonly server: ServerId;
  readonly state: State;
  readonly mailer: MailerDoor;
  readonly logger: Logger;
  readonly now?: () => number;
}

/** As many as the mailer takes at once. */
const MOST_TOGETHER = 200;
/** A number may become visible after a later one: so far it is looked back. */
const LOOK_BACK = 100;

type Stopped = Extract<HandedOver, { readonly kind: 'full' | 'away' }>;

interface Readable extends Pick<OpenNotice, 'number' | 'createdAt'> {
  readonly notice: Notice;
}

/**
 * Hands to the mailer what is open: each by itself, or, once the hour was full, all of it together. That it was handed over is
 * noted afterwards; where that fails it is handed over again, and the mailer knows it by its id. Answers what it stopped for.
 */
export function createHandingOver(parts: MailingParts): () => Promise<Stopped | undefined> {
  const { server, state, mailer, logger, now = Date.now } = parts;
  /** What the mailer failed at: handed over by itself, with growing pauses, so that it keeps nothing else. */
  const failed = new Map<number, { readonly attempts: number; readonly until: number }>();
  let done = 0;
  let together = false;

  async function round(): Promise<Stopped | undefined> {
    let after = Math.max(0, done - LOOK_BACK);
    for (;;) {
      const open = await openNotices(state, { server, after, limit: MOST_TOGETHER });
      const last = open.at(-1)?.number;
      if (last === undefined) break;
      for (const some of inLetters(await sorted(open))) {
        const stopped = await hand(some);
        if (stopped !== undefined) return stopped;
      }
      after = last;
      if (failed.size === 0) done = last;
    }
    together = false;
    return undefined;
  }

  /** Ends what is too old, and what is nothing of ours; leaves out what is not due. */
  async function sorted(open: readonly OpenNotice[]): Promise<readonly Readable[]> {
    const good: Readable[] = [];
    for (const { number, id, body, createdAt } of open) {
      const notice = Notice.safeParse({ id, event: jsonOf(body) });
      if (now() > createdAt.getTime() + GIVEN_UP_AFTER_MS) await end([number], 'late');
      else if (!notice.success) await end([number], 'refused');
      else if (now() >= (failed.get(number)?.until ?? 0))
        good.push({ number, createdAt, notice: notice.data });
    }
    return good;
  }

  function inLetters(some: readonly Readable[]): readonly (readonly Readable[])[] {
    if (!together) return some.map((one) => [one]);
    const fresh = some.filter(({ number }) => !failed.has(number));
    const again = some.filter(({ number }) => failed.has(number)).map((one) => [one]);
    return fresh.length === 0 ? again : [fresh, ...again];
  }

  async function hand(some: readonly Readable[]): Promise<Stopped | undefined> {
    const handed = await mailer.hand(some.map(({ notice }) => notice));
    const numbers = some.map(({ number }) => number);
    switch (handed.kind) {
      case 'taken':
        await end(numbers, handed.answer.letters + handed.answer.repeated > 0 ? 'delivered' : 'unwanted');
        return undefined;
      case 'refused':
        await end(numbers, 'refused');
        return undefined;
      case 'failed':
        for (const one of some) await putOff(one);
        return undefined;
      case 'full':
        together = true;
        return handed;
      case 'away':
        return handed;
    }
  }

  async function putOff({ number, createdAt }: Readable): Promise<void> {
    const attempts = (failed.get(number)?.attempts ?? 0) + 1;
    const so = { now: now(), begunAt: createdAt.getTime(), attempts, retryAfterMs: null };
    const next = nextAttempt(so);
    if (next === null) await end([number], 'late');
    else failed.set(number, { attempts, until: next.getTime() });
  }

  async function end(numbers: readonly number[], outcome: NoticeOutcome): Promise<void> {
    for (const number of numbers) {
      await endNotice(state, number, outcome);
      failed.delete(number);
    }
    const facts = { notices: numbers, outcome };
    if (outcome === 'delivered' || outcome === 'unwanted') logger.info(facts, 'handed to the mailer');
    else logger.warn(facts, 'not handed to the mailer');
  }

  return round;
}
