import type { MailSender } from '../contract/mail.ts';
import type { Logger } from '../runtime/logger.ts';
import { LIFETIME_MS, pauseOfMessage } from './pauses.ts';
import type { HostWatch } from './host-watch.ts';
import type { Spool, Waiting } from './spool.ts';
import type { Said, Submit } from './submission.ts';
import type { ReadSettings } from './settings.ts';

export type Delivery = {
  /** Of what lies in the spool already. */
  readonly add: (waiting: Waiting) => void;
  readonly waitingOf: (site: MailSender) => { readonly octets: number };
  readonly octets: () => number;
  /** Starts what is due, as far as there is room; never throws. */
  readonly round: () => Promise<void>;
  /** Begins nothing more, and waits for what is under way. */
  readonly stop: () => Promise<void>;
};

export type DeliveryParts = {
  readonly spool: Spool;
  readonly submit: Submit;
  readonly settings: ReadSettings;
  readonly host: HostWatch;
  /** What a site that is gone or switched off has left stays where it is. */
  readonly isOpen: (site: MailSender) => boolean;
  readonly logger: Logger;
  readonly now?: () => number;
};

const MOST_AT_ONCE = 8;
/** So that a site with thousands of messages keeps no other waiting. */
const MOST_OF_A_SITE = 2;

export function createDelivery(parts: DeliveryParts): Delivery {
  const { spool, submit, settings, host, isOpen, logger, now = Date.now } = parts;
  const all = new Map<string, Waiting>();
  const busy = new Map<string, Promise<void>>();
  let stopped = false;

  function due(): Waiting[] {
    const bySite = new Map<MailSender, number>();
    for (const id of busy.keys()) count(bySite, all.get(id)?.site);
    const ready = [...all.values()].filter(
      ({ id, site, next }) => !busy.has(id) && next <= now() && isOpen(site),
    );
    return ready
      .sort((a, b) => a.next - b.next)
      .filter(({ site }) => count(bySite, site) <= MOST_OF_A_SITE)
      .slice(0, MOST_AT_ONCE - busy.size);
  }

  async function round(): Promise<void> {
    if (stopped || all.size === 0) return;
    try {
      await giveUpOld();
      const { submission } = await settings();
      if (submission === null || !host.mayBeAsked(submission)) return;
      for (const waiting of due()) {
        const under = deliver(waiting).finally(() => busy.delete(waiting.id));
        busy.set(waiting.id, under.then(round));
      }
    } catch (error) {
      logger.error({ err: error }, 'no mail goes out');
    }
  }

  async function deliver(waiting: Waiting): Promise<void> {
    const { id, site, from, to } = waiting;
    try {
      const { submission } = await settings();
      if (submission === null) return;
      const outcome = await submit(submission, { from, to, content: await spool.content(id) });
      host.heard(submission, outcome);
      if (outcome.kind === 'away') return;
      const { refused, later } = outcome;
      const sent = to.length - refused.length - later.length;
      if (sent > 0) logger.info({ message: id, site, recipients: sent }, 'mail handed on');
      if (refused.length > 0)
        logger.warn({ message: id, site, refused }, 'mail refused by its host for good');
      await keep(waiting, later);
    } catch (error) {
      logger.error({ err: error, message: id, site }, 'a message stays in the spool');
      all.set(id, { ...waiting, next: now() + pauseOfMessage(waiting.attempts) });
    }
  }

  async function keep(waiting: Waiting, later: readonly Said[]): Promise<void> {
    const { id, attempts } = waiting;
    if (later.length === 0) {
      await done(id);
      return;
    }
    const to = later.map(({ recipient }) => recipient);
    const again = { ...waiting, to, attempts: attempts + 1, next: now() + pauseOfMessage(attempts) };
    await spool.update(again);
    all.set(id, again);
    logger.info({ message: id, site: waiting.site, later }, 'mail put off by its host');
  }

  /** Of sites that are gone too, whose mail waits for them to come back. */
  async function giveUpOld(): Promise<void> {
    for (const { id, site, since, to } of [...all.values()]) {
      if (busy.has(id) || now() - since < LIFETIME_MS) continue;
      logger.warn({ message: id, site, recipients: to }, 'mail given up after five days');
      await done(id);
    }
  }

  async function done(id: string): Promise<void> {
    await spool.remove(id);
    all.delete(id);
  }

  const octetsOf = (some: readonly Waiting[]) => some.reduce((sum, { size }) => sum + size, 0);
  return {
    add: (waiting) => {
      all.set(waiting.id, waiting);
      void round();
    },
    waitingOf: (site) => ({ octets: octetsOf([...all.values()].filter((one) => one.site === site)) }),
    octets: () => octetsOf([...all.values()]),
    round,
    stop: async () => {
      stopped = true;
      await Promise.all(busy.values());
    },
  };
}

function count(bySite: Map<MailSender, number>, site: MailSender | undefined): number {
  if (site === undefined) return 0;
  const so = (bySite.get(site) ?? 0) + 1;
  bySite.set(site, so);
  return so;
}
