import { statfs } from 'node:fs/promises';
import type { MailSite } from '../contract/mail.ts';
import type { Delivery } from './delivery.ts';
import type { Hourly } from './hourly.ts';
import { writeLetter, type Handed } from './letter.ts';
import { MailRefusedError } from './refusal.ts';
import type { ReadSettings } from './settings.ts';
import { newMessageId, type Spool } from './spool.ts';

/** What may lie in the spool, of one site and of all; and what has to be free on its disk. */
const MOST_OF_A_SITE = 100 * 2 ** 20;
const MOST_OF_ALL = 2 * 2 ** 30;
const FREE = 512 * 2 ** 20;

export type AcceptanceParts = {
  readonly settings: ReadSettings;
  readonly serverName: string;
  readonly hourly: Hourly;
  readonly spool: Pick<Spool, 'add'>;
  readonly delivery: Pick<Delivery, 'add' | 'waitingOf' | 'octets'>;
  readonly folder: string;
  readonly now?: () => number;
};

export type Acceptance = {
  /** Before its body is read: throws what would keep any message of the site from being taken. */
  readonly admit: (site: MailSite) => Promise<void>;
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

  async function requireRoom(site: MailSite): Promise<void> {
    const full = delivery.waitingOf(site).octets >= MOST_OF_A_SITE || delivery.octets() >= MOST_OF_ALL;
    const { bavail, bsize } = await statfs(folder);
    if (full || bavail * bsize < FREE)
      throw new MailRefusedError(503, 'Too much mail waits for its host already.');
  }

  return {
    admit: async (site) => {
      const { most } = await permitted(site);
      if ((await hourly.left(site, most)) === 0) throw overLimit(most);
      await requireRoom(site);
    },
    accept: async (site, handed) => {
      const { senderDomain, most } = await permitted(site);
      const id = newMessageId();
      const { from, to, content } = writeLetter(handed, { id, site, senderDomain, now: new Date(now()) });
      if (!(await hourly.take(site, { count: to.length, most }))) throw overLimit(most);
      const size = content.length;
      const waiting = { id, site, from, to: [...to], size, since: now(), attempts: 0, next: now() };
      await spool.add(waiting, content);
      delivery.add(waiting);
      return { id, recipients: to.length, size };
    },
  };
}

function overLimit(most: number): MailRefusedError {
  return new MailRefusedError(429, `This site may write to ${most} recipients an hour, and has.`);
}
