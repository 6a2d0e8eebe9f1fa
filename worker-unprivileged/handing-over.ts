import type { ServerId } from '../contract/ids.ts';
import { jsonOf } from '../contract/json-text.ts';
import { isOfOperation, Notice } from '../contract/mail-notices.ts';
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

type Full = Extract<HandedOver, { readonly kind: 'full' }>;
type Stopped = Full | Extract<HandedOver, { readonly kind: 'away' }>;

/** What nobody asked for goes first; the mailer counts the two by themselves. */
const LINES = ['all else', 'operations'] as const;
type Line = (typeof LINES)[number];

const lineOf = ({ event }: Notice): Line => (isOfOperation(event.type) ? 'operations' : 'all else');

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
  /** Whose hour was full: what is open of it goes together. */
  const together = new Set<Line>();

  async function round(): Promise<Stopped | undefined> {
    let after = Math.max(0, done - LOOK_BACK);
    const full = new Map<Line, Full>();
    for (;;) {
      const open = await openNotices(state, { server, after, limit: MOST_TOGETHER });
      const last = open.at(-1)?.number;
      if (last === undefined) break;
      const good = await sorted(open);
      for (const line of LINES) {
        const stopped = full.has(line) ? undefined : await handLine(line, good);
        if (stopped?.kind === 'away') return stopped;
        if (stopped !== undefined) full.set(line, stopped);
      }
      after = last;
      if (failed.size === 0 && full.size === 0) done = last;
    }
    for (const line of LINES) if (!full.has(line)) together.delete(line);
    return [...full.values()].sort((one, other) => one.seconds - other.seconds)[0];
  }

  /** What one line has no room for keeps nothing of the other. */
  async function handLine(line: Line, good: readonly Readable[]): Promise<Stopped | undefined> {
    const its = good.filter(({ notice }) => lineOf(notice) === line);
    const stopped = await handEach(inLetters(its, together.has(line)));
    if (stopped?.kind === 'full') together.add(line);
    return stopped;
  }

  async function handEach(letters: readonly (readonly Readable[])[]): Promise<Stopped | undefined> {
    for (const some of letters) {
      const stopped = await hand(some);
      if (stopped !== undefined) return stopped;
    }
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

  function inLetters(some: readonly Readable[], asOne: boolean): readonly (readonly Readable[])[] {
    if (!asOne) return some.map((one) => [one]);
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
        if (some.length === 1) await end(numbers, 'refused');
        // One of them is nothing that can be told, and the others are not to be lost for it.
        else return handEach(some.map((one) => [one]));
        return undefined;
      case 'failed':
        for (const one of some) await putOff(one);
        return undefined;
      case 'full':
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
