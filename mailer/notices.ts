import { isOfOperation, isWanted } from '../contract/mail-notices.ts';
import type { Notice, NoticeAnswer, NoticeRecipient, NoticesWanted } from '../contract/mail-notices.ts';
import type { Delivery } from './delivery.ts';
import type { Hourly } from './hourly.ts';
import { letterIdOf, writeNoticeLetter } from './notice-letter.ts';
import type { ReadNoticeSettings } from './notice-settings.ts';
import { writeNotices } from './notice-text.ts';
import { MailRefusedError } from './refusal.ts';
import type { ReadSettings } from './settings.ts';
import type { Spool, Waiting } from './spool.ts';
import type { Told } from './told.ts';

export type NoticesParts = {
  readonly settings: ReadSettings;
  readonly recipients: ReadNoticeSettings;
  readonly serverName: string;
  readonly hourly: Pick<Hourly, 'take' | 'secondsFull'>;
  readonly told: Told;
  readonly spool: Pick<Spool, 'add'>;
  readonly delivery: Pick<Delivery, 'add'>;
  readonly now?: () => number;
};

export type Notices = {
  readonly wanted: () => Promise<NoticesWanted>;
  /** Writes to whom it concerns; whoever was told already is not told again. */
  readonly take: (notices: readonly Notice[]) => Promise<NoticeAnswer>;
  /** What a start finds in the spool may not have been noted. */
  readonly found: (waiting: readonly Waiting[]) => Promise<void>;
};

/** Beyond what was asked for: it may be asked again then. */
export class HourIsFullError extends MailRefusedError {
  readonly seconds: number;

  constructor(most: number, seconds: number) {
    super(429, `${most} letters were written in this hour; more come together when it is over.`);
    this.seconds = seconds;
  }
}

type Planned = { readonly to: string; readonly notices: readonly Notice[] };

/** Letters of the server itself. To whom they go stands in root's file, and nobody who asks for one has a word in it. */
export function createNotices(parts: NoticesParts): Notices {
  const { settings, recipients, serverName, hourly, told, spool, delivery, now = Date.now } = parts;
  let turn: Promise<unknown> = Promise.resolve();

  async function take(notices: readonly Notice[]): Promise<NoticeAnswer> {
    const { submission, senderDomain } = await settings();
    const { perHour, recipients: all } = await recipients();
    const meant = all.map((one) => ({
      to: one.address,
      notices: notices.filter((each) => isFor(one, each)),
    }));
    const planned = meant
      .map(({ to, notices: its }) => ({ to, notices: its.filter(({ id }) => !told.has(keyOf(id, to))) }))
      .filter((one) => one.notices.length > 0);
    const repeated = meant.filter((one) => one.notices.length > 0).length - planned.length;
    if (planned.length === 0) return { letters: 0, repeated };
    if (submission === null)
      throw new MailRefusedError(503, 'No mail goes out from this server: nobody has set a host for it.');
    // What is asked for at once is one letter to each at most. Tenants whose operations fail take none from alarms.
    const of = notices.every(({ event }) => isOfOperation(event.type)) ? 'agent-operations' : 'agent';
    if (!(await hourly.take(of, { count: 1, most: perHour })))
      throw new HourIsFullError(perHour, await hourly.secondsFull(of, perHour));
    const from = `sculptor@${senderDomain ?? serverName}`;
    for (const one of planned) await write(one, from);
    return { letters: planned.length, repeated };
  }

  async function write({ to, notices }: Planned, from: string): Promise<void> {
    const keys = notices.map(({ id }) => keyOf(id, to));
    const id = letterIdOf(keys);
    const written = writeNotices(notices, serverName);
    const content = await writeNoticeLetter({ ...written, id, from, to, date: new Date(now()) });
    const size = content.length;
    const waiting: Waiting = {
      ...{ id, site: 'agent', from, to: [to], size, since: now(), attempts: 0, next: now(), keys },
    };
    // In this order: a start finds in the spool whose keys were not noted, and before they are nothing goes out.
    await spool.add(waiting, content);
    await told.add(id, keys);
    delivery.add(waiting);
  }

  return {
    wanted: async () => (await recipients()).recipients.map(({ events, since }) => ({ events, since })),
    take: (notices) => {
      const mine = turn.then(() => take(distinct(notices)));
      turn = mine.catch(() => undefined);
      return mine;
    },
    found: async (waiting) => {
      for (const { id, keys = [] } of waiting)
        if (keys.some((key) => !told.has(key))) await told.add(id, keys);
    },
  };
}

/** What somebody asked for as a test is for everybody. */
function isFor(recipient: NoticeRecipient, { event }: Notice): boolean {
  return event.type === 'mail.test' || isWanted(recipient, event);
}

function keyOf(id: string, to: string): string {
  return `${id} ${to}`;
}

function distinct(notices: readonly Notice[]): readonly Notice[] {
  return [...new Map(notices.map((notice) => [notice.id, notice])).values()];
}
