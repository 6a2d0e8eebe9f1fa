import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MailSettings } from '../../../contract/mail.ts';
import { Notice, NoticeSettings } from '../../../contract/mail-notices.ts';
import { createHourly } from '../../../mailer/hourly.ts';
import { createNotices, type Notices } from '../../../mailer/notices.ts';
import { createSpool, type Spool, type Waiting } from '../../../mailer/spool.ts';
import { loadTold } from '../../../mailer/told.ts';

/* The mailer's own side of what the server writes, on a disk, with a clock of the test's and no host. */

export const HOUR = 3_600_000;
export const BEGUN = Date.parse('2026-01-02T03:00:00Z');
const HOST = { host: 'mail.example', port: 587, security: 'starttls', login: null };

export function noticeWorld() {
  const folder = mkdtempSync(join(tmpdir(), 'notices-'));
  for (const name of ['spool', 'told', 'counts']) mkdirSync(join(folder, name));
  const clock = { now: BEGUN };
  const now = () => clock.now;
  const set = {
    mail: MailSettings.parse({ submission: HOST, senderDomain: 'sent.example' }),
    notices: NoticeSettings.parse({}),
  };
  const written: Waiting[] = [];
  const spool = createSpool(join(folder, 'spool'));
  const hourly = createHourly(join(folder, 'counts'), now);

  /** A process of the mailer's; the one before is gone. */
  async function start(change: Partial<Spool> = {}): Promise<Notices> {
    const notices = createNotices({
      settings: () => Promise.resolve(set.mail),
      recipients: () => Promise.resolve(set.notices),
      serverName: 'host.example',
      ...{ hourly, now },
      told: await loadTold(join(folder, 'told'), now),
      spool: { ...spool, ...change },
      delivery: { add: (waiting) => void written.push(waiting) },
    });
    const { waiting } = await spool.load();
    await notices.found(waiting);
    return notices;
  }

  return {
    ...{ folder, clock, set, written, spool, start },
    tell: (...recipients: readonly object[]) => {
      const since = '2026-01-01T00:00:00.000Z';
      const all = recipients.map((one) => ({ events: ['*'], since, ...one }));
      set.notices = NoticeSettings.parse({ ...set.notices, recipients: all });
    },
    end: () => rmSync(folder, { recursive: true }),
  };
}

export function alarm(number: number, change: object = {}): Notice {
  return Notice.parse({
    id: `notification_${number}_1`,
    event: {
      type: 'notification.alarm',
      timestamp: '2026-01-02T03:04:05.678Z',
      data: {
        ...{ notification: number, kind: 'alarm', operation: null, message: 'cron is failed (dead).' },
        resource: { type: 'server', id: 'default', name: 'host.example' },
        ...{ tenant: null, server: 'default' },
        ...change,
      },
    },
  });
}

export function ended(status: 'failed' | 'succeeded', change: object = {}): Notice {
  return Notice.parse({
    id: 'operation_oq2m4r8c0xv6tnzd1k7w',
    event: {
      type: `operation.${status}`,
      timestamp: '2026-01-02T03:04:05.678Z',
      data: {
        ...{ operation: 'oq2m4r8c0xv6tnzd1k7w', kind: 'domain.create', status },
        error: status === 'failed' ? 'not_live' : null,
        resource: { type: 'domain', id: 'd5b9wq3hk2fd', name: 'shop.example' },
        ...{ tenant: 'default', server: 'default' },
        ...change,
      },
    },
  });
}
