import { z } from 'zod';
import type { ServerId } from '../contract/ids.ts';
import type { WebhookEvent } from '../contract/webhooks.ts';
import type { Sql } from './connection.ts';

const OpenRow = z.object({ number: z.number(), id: z.string(), body: z.string(), createdAt: z.date() });
/** What the mailer has not taken yet. Of its text nothing is believed: who has the API's account may have inserted it. */
export type OpenNotice = z.infer<typeof OpenRow>;

/** How it ended. `late`: for longer than a day nobody took it. `unwanted`: nobody is told of such any more. */
export type NoticeOutcome = 'delivered' | 'unwanted' | 'refused' | 'late';

/** Once, however often it is found. */
export async function insertNotice(
  sql: Sql,
  { id, server, body }: { readonly id: string; readonly server: ServerId; readonly body: WebhookEvent },
): Promise<void> {
  const text = 'INSERT IGNORE INTO mail_notice (event_id, server, body) VALUES (?, ?, ?)';
  await sql.run(text, [id, server, JSON.stringify(body)]);
}

/** Those of a server after that number; one older than two days has ended, whatever its rows say. */
export async function openNotices(
  sql: Sql,
  { server, after, limit }: { readonly server: ServerId; readonly after: number; readonly limit: number },
): Promise<OpenNotice[]> {
  return sql.rows(
    OpenRow,
    `SELECT n.seq AS number, n.event_id AS id, n.body, n.created_at AS createdAt
     FROM mail_notice n LEFT JOIN mail_notice_end e ON e.notice = n.seq
     WHERE n.server = ? AND n.seq > ? AND n.created_at > UTC_TIMESTAMP(3) - INTERVAL 2 DAY AND e.notice IS NULL
     ORDER BY n.seq LIMIT ?`,
    [server, after, limit],
  );
}

/** Writing it down again changes nothing. */
export async function endNotice(sql: Sql, notice: number, outcome: NoticeOutcome): Promise<void> {
  await sql.run('INSERT IGNORE INTO mail_notice_end (notice, outcome) VALUES (?, ?)', [notice, outcome]);
}

const BATCH = 1000;

/** What is older than so many days, so much of it at once. */
export async function forgetNotices(sql: Sql, days: number): Promise<void> {
  for (const table of ['mail_notice', 'mail_notice_end'])
    await sql.run(
      `DELETE FROM ${table} WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY ORDER BY created_at LIMIT ${BATCH}`,
      [days],
    );
}
