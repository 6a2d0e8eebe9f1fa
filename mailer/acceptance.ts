import { statfs } from 'node:fs/promises';
import type { MailSite } from '../contract/mail.ts';
import type { Delivery } from './delivery.ts';
import type { Hourly } from './hourly.ts';
import { writeLetter, type Handed } from './letter.ts';
import { MailRefusedError } from './refusal.ts';
import type { ReadSettings } from './settings.ts';
import { createTally, isWithin } from './shares.ts';
import { newMessageId, type Spool, type Waiting } from './spool.ts';

/** What may lie in the spool; and what has to be free on its disk. */
const MOST_WAITING = { ofSite: 100 * 2 ** 20, ofAll: 2 * 2 ** 30 };
const FREE = 512 * 2 ** 20;

export type AcceptanceParts = {
  readonly settings: ReadSettings;
  readonly serverName: string;
  readonly hourly: Pick<Hourly, 'left' | 'take'>;
  readonly spool: Pick<Spool, 'add'>;
  readonly delivery: Pick<Delivery, 'add' | 'waitingOf' | 'octets'>;
  readonly folder: string;
  readonly now?: () => number;
};

export type Acceptance = {
  /** Before its body is read: throws what would keep any message of the site from being taken. */
  readonly admit: (site: MailSite, length: number) => Promise<void>;
  /** Takes a message: from here on it is this side's to see to. Answers its id. */
  readonly accept: (site: MailSite, handed: Handed) => Promise<Accepted>;
};

export type Accepted = { readonly id: string; readonly recipients: number; readonly size: number };

export function createAcceptance(parts: AcceptanceParts): Acceptance {
  const { settings, serverName, hourly, spool, delivery, folder, now = Date.now } = parts;

  async function permitted(site: MailSite) {
    const { submission, senderDomain, perHour, perHourOf } = await settings();
    if (submission === null)
      throw new MailRefusedError(403, 'No mail goes out from this server: nobody has set a host for it.');
    const most = (site === 'pool' ? undefined : perHourOf[site]) ?? perHour;
    return { senderDomain: senderDomain ?? serverName, most };
  }

  /** What is being written to the spool, and does not wait in it yet. */
  const coming = createTally();

  async function requireRoom(site: MailSite, more: number): Promise<void> {
    const { bavail, bsize } = await statfs(folder);
    const { mine, all } = coming.of(site);
    const octets = {
      mine: delivery.waitingOf(site).octets + mine + more,
      all: delivery.octets() + all + more,
    };
    if (!isWithin(octets, MOST_WAITING) || bavail * bsize < FREE + more)
      throw new MailRefusedError(503, 'Too much mail waits for its host already.');
  }

  async function keep(
    waiting: Waiting & { readonly site: MailSite },
    content: Buffer,
    most: number,
  ): Promise<void> {
    const { site, size, to } = waiting;
    coming.add(site, size);
    try {
      await requireRoom(site, 0);
      if (!(await hourly.take(site, { count: to.length, most }))) throw overLimit(most);
      await spool.add(waiting, content);
      delivery.add(waiting);
    } finally {
      coming.add(site, -size);
    }
  }

  return {
    admit: async (site, length) => {
      const { most } = await permitted(site);
      if ((await hourly.left(site, most)) === 0) throw overLimit(most);
      await requireRoom(site, length);
    },
    accept: async (site, handed) => {
      const { senderDomain, most } = await permitted(site);
      const id = newMessageId();
      const { from, to, content } = writeLetter(handed, { id, site, senderDomain, now: new Date(now()) });
      const size = content.length;
      await keep(
        { id, site, from, to: [...to], size, since: now(), attempts: 0, next: now() },
        content,
        most,
      );
      return { id, recipients: to.length, size };
    },
  };
}

function overLimit(most: number): MailRefusedError {
  return new MailRefusedError(429, `This site may write to ${most} recipients an hour, and has.`);
}
