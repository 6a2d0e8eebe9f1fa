import { setTimeout as pause } from 'node:timers/promises';
import type { ServerId, WebhookId } from '../contract/ids.ts';
import type { AttemptOutcome } from '../contract/webhooks.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Secret } from '../runtime/secret.ts';
import type { State } from '../state/connection.ts';
import { insertAttempt, openDeliveries } from '../state/webhook-deliveries.ts';
import type { NewAttempt, OpenDelivery } from '../state/webhook-deliveries.ts';
import { readEventBody } from '../state/webhook-events.ts';
import { findWebhook, switchOffGone } from '../state/webhooks.ts';
import type { WebhookRecord } from '../state/webhooks.ts';
import { createComplaints } from './complaining.ts';
import type { Post, Posted } from './posting.ts';
import { GIVEN_UP_AFTER_MS, nextAttempt } from './schedule.ts';
import { signedHeaders } from './signing.ts';
import { createTurns } from './turns.ts';
import type { End } from './turns.ts';
import { toWaiting } from './waiting.ts';
import type { Waiting } from './waiting.ts';

export interface DeliveringParts {
  readonly server: ServerId;
  readonly state: State;
  readonly key: Secret;
  readonly post: Post;
  readonly logger: Logger;
  readonly now?: () => number;
  readonly elapsed?: () => number;
}

export interface Delivering {
  /** Takes up what is new and begins what is due. Never throws. */
  readonly once: () => Promise<void>;
  /** Waits a little for what is under way; what it breaks off then is sent again by whoever begins next. */
  readonly stop: () => Promise<void>;
}

const PAGE = 1000;
/** A number may become visible after a later one: so far it is looked back. */
const LOOK_BACK = 100;
/** So many wait for one webhook; what comes beyond that is in the list, and is sent only when somebody asks for it. */
const MOST_WAITING = 10_000;
const AGAIN_MS = 5000;
const LAST_WORDS_MS = 5000;

/** `isSent`: how long it took says something of its receiver. */
type Made = NewAttempt & { readonly isSent: boolean };

export function createDelivering(parts: DeliveringParts): Delivering {
  const { server, state, logger, now = Date.now, elapsed = () => performance.now() } = parts;
  const waiting = new Map<number, Waiting>();
  const waitingOf = new Map<WebhookId, number>();
  const turns = createTurns();
  const complain = createComplaints(logger);
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let newest = 0;

  async function takeUp(): Promise<void> {
    let after = Math.max(0, newest - LOOK_BACK);
    for (;;) {
      const { open, last, isFull } = await openDeliveries(state, { server, after, limit: PAGE });
      for (const one of open) if (!waiting.has(one.id)) await add(one);
      newest = Math.max(newest, last ?? 0);
      if (last === undefined || !isFull) return;
      after = last;
    }
  }

  async function add(one: OpenDelivery): Promise<void> {
    const others = waitingOf.get(one.webhook) ?? 0;
    if (others >= MOST_WAITING) return insertAttempt(state, ended(one, 'too_many'));
    waitingOf.set(one.webhook, others + 1);
    waiting.set(one.id, toWaiting(one, { now, elapsed }));
  }

  function remove({ id, webhook }: Waiting): void {
    waiting.delete(id);
    const others = (waitingOf.get(webhook) ?? 1) - 1;
    if (others > 0) waitingOf.set(webhook, others);
    else waitingOf.delete(webhook);
  }

  /** The webhooks of what is due, each read once in a round. */
  async function begin(): Promise<void> {
    const records = new Map<WebhookId, WebhookRecord | undefined>();
    const full = new Set<WebhookId>();
    for (const one of waiting.values()) {
      if (one.running || one.dueAt > elapsed() || full.has(one.webhook)) continue;
      if (!records.has(one.webhook)) records.set(one.webhook, await findWebhook(state, 'all', one.webhook));
      const record = records.get(one.webhook);
      const end = turns.take({ webhook: one.webhook, tenant: record?.webhook.tenant ?? null });
      if (end === undefined) full.add(one.webhook);
      else start(one, record, end);
    }
  }

  function start(one: Waiting, record: WebhookRecord | undefined, end: End): void {
    one.running = true;
    let tookMs: number | null = null;
    const work = attempt(one, record)
      .then((made) => {
        tookMs = made.isSent ? made.durationMs : null;
        one.attempts = made.number;
        if (made.nextAt === null) remove(one);
        else one.dueAt = elapsed() + made.nextAt.getTime() - now();
      })
      .catch((error: unknown) => {
        one.dueAt = elapsed() + AGAIN_MS;
        if (!stopping.signal.aborted) complain(error, 'a delivery was not attempted');
      })
      .finally(() => {
        one.running = false;
        end(tookMs);
        running.delete(work);
      });
    running.add(work);
  }

  async function attempt(one: Waiting, record: WebhookRecord | undefined): Promise<Made> {
    const made = await send(one, record);
    await written(() => insertAttempt(state, made));
    if (made.outcome === 'gone' && record !== undefined)
      await written(() => state.transaction((sql) => switchOffGone(sql, record)));
    const { outcome, httpStatus, number, nextAt, durationMs } = made;
    const facts = {
      delivery: one.id,
      webhook: one.webhook,
      outcome,
      httpStatus,
      attempt: number,
      durationMs,
    };
    if (nextAt === null) logger.info(facts, outcome === 'delivered' ? 'delivered' : 'not delivered');
    else logger.debug({ ...facts, nextAt }, 'not delivered yet');
    return made;
  }

  async function send(one: Waiting, record: WebhookRecord | undefined): Promise<Made> {
    const body = await readEventBody(state, one.event);
    if (record?.webhook.enabled !== true || body === undefined) return unsent(one, 'off');
    if (elapsed() > one.begunAt + GIVEN_UP_AFTER_MS) return unsent(one, 'late');
    const begunAt = elapsed();
    const headers = signedHeaders(parts.key, record, {
      id: one.event,
      timestamp: Math.floor(now() / 1000),
      body,
    });
    const posted = await parts.post({ url: new URL(record.webhook.url), headers, body }, stopping.signal);
    const attempts = one.attempts + 1;
    return {
      ...{ delivery: one.id, number: attempts, outcome: posted.outcome, httpStatus: posted.httpStatus },
      durationMs: Math.round(elapsed() - begunAt),
      isSent: true,
      nextAt: nextOf(posted, { now: now(), begunAt: now() - (elapsed() - one.begunAt), attempts }),
    };
  }

  /** What was sent is known to have been: as long as it cannot be written down it holds its turn. */
  async function written(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await write();
        return;
      } catch (error) {
        complain(error, 'an attempt was not written down yet');
        await pause(1000, undefined, { signal: stopping.signal });
      }
    }
  }

  return {
    once: async () => {
      try {
        await takeUp();
        await begin();
      } catch (error) {
        complain(error, 'deliveries were not read');
      }
    },
    stop: async () => {
      await Promise.race([Promise.all(running), pause(LAST_WORDS_MS, undefined, { ref: false })]);
      stopping.abort();
      await Promise.all(running);
    },
  };
}

function nextOf(
  { outcome, retryAfterMs }: Posted,
  so: { readonly now: number; readonly begunAt: number; readonly attempts: number },
): Date | null {
  if (outcome === 'delivered' || outcome === 'gone') return null;
  return nextAttempt({ ...so, retryAfterMs });
}

function ended({ id, attempts }: OpenDelivery, outcome: AttemptOutcome): NewAttempt {
  return { delivery: id, number: attempts + 1, outcome, httpStatus: null, durationMs: 0, nextAt: null };
}

function unsent(one: OpenDelivery, outcome: AttemptOutcome): Made {
  return { ...ended(one, outcome), isSent: false };
}
