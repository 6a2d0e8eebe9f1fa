import { z } from 'zod';
import { WebhookId } from '../contract/ids.ts';
import type { ServerId } from '../contract/ids.ts';
import { AttemptOutcome, DeliveryId } from '../contract/webhooks.ts';
import type { WebhookDelivery } from '../contract/webhooks.ts';
import type { Sql } from './connection.ts';
import { instant } from './row-values.ts';

const LAST_ATTEMPT = `LEFT JOIN webhook_attempt a ON a.delivery = d.seq
  AND a.number = (SELECT MAX(n.number) FROM webhook_attempt n WHERE n.delivery = d.seq)`;

/** More than anybody makes: what is beyond was made up. */
const MOST_ATTEMPTS = 100;

const OpenRow = z.object({
  id: DeliveryId,
  webhook: WebhookId,
  event: z.string(),
  attempts: z
    .number()
    .max(MOST_ATTEMPTS)
    .nullable()
    .transform((number) => number ?? 0),
  /** When the last attempt was, and when the next one is. */
  attemptedAt: z.date().nullable(),
  nextAt: z.date().nullable(),
  createdAt: z.date(),
});
/** A delivery that has not ended. */
export type OpenDelivery = z.infer<typeof OpenRow>;

/** What nobody of ours can have written is no delivery, and holds up no other. */
const AnyOpen = z.looseObject({ id: z.number() });

export interface OpenPage {
  readonly open: readonly OpenDelivery[];
  /** The number that the next page begins after; undefined where there is none. */
  readonly last: number | undefined;
  readonly isFull: boolean;
}

/** Those of a server's webhooks after that number; one older than two days has ended, whatever its rows say. */
export async function openDeliveries(
  sql: Sql,
  { server, after, limit }: { readonly server: ServerId; readonly after: number; readonly limit: number },
): Promise<OpenPage> {
  const rows = await sql.rows(
    AnyOpen,
    `SELECT d.seq AS id, d.webhook_id AS webhook, d.event_id AS event, a.number AS attempts,
       a.created_at AS attemptedAt, a.next_at AS nextAt, d.created_at AS createdAt
     FROM webhook_delivery d JOIN webhook_version v ON v.webhook_id = d.webhook_id AND v.generation = 1
     ${LAST_ATTEMPT}
     WHERE v.server = ? AND d.seq > ? AND d.created_at > UTC_TIMESTAMP(3) - INTERVAL 2 DAY
       AND (a.delivery IS NULL OR a.next_at IS NOT NULL) ORDER BY d.seq LIMIT ?`,
    [server, after, limit],
  );
  const open = rows.flatMap((row) => OpenRow.safeParse(row).data ?? []);
  return { open, last: rows.at(-1)?.id, isFull: rows.length === limit };
}

export interface NewAttempt {
  readonly delivery: number;
  readonly number: number;
  readonly outcome: AttemptOutcome;
  readonly httpStatus: number | null;
  readonly durationMs: number;
  readonly nextAt: Date | null;
}

/** Writing it down again changes nothing. */
export async function insertAttempt(sql: Sql, attempt: NewAttempt): Promise<void> {
  const { delivery, number, outcome, httpStatus, durationMs, nextAt } = attempt;
  await sql.run(
    `INSERT IGNORE INTO webhook_attempt (delivery, number, outcome, http_status, duration_ms, next_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
    [delivery, number, outcome, httpStatus, durationMs, nextAt],
  );
}

const Row = z.object({
  id: DeliveryId,
  webhook: WebhookId,
  event: z.string(),
  type: z.string(),
  sending: z.number(),
  createdAt: instant,
});

const COLUMNS = `d.seq AS id, d.webhook_id AS webhook, d.event_id AS event, e.type, d.sending, d.created_at AS createdAt
  FROM webhook_delivery d JOIN webhook_event e ON e.event_id = d.event_id`;

export interface DeliveryFilter {
  /** The number that the page begins before, counting down. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Of one webhook, the newest first. */
export async function listDeliveries(
  sql: Sql,
  webhook: WebhookId,
  { before = Number.MAX_SAFE_INTEGER, limit }: DeliveryFilter,
): Promise<WebhookDelivery[]> {
  const text = `SELECT ${COLUMNS} WHERE d.webhook_id = ? AND d.seq < ? ORDER BY d.seq DESC LIMIT ?`;
  return withAttempts(sql, await sql.rows(Row, text, [webhook, before, limit]));
}

export async function findDelivery(
  sql: Sql,
  webhook: WebhookId,
  id: number,
): Promise<WebhookDelivery | undefined> {
  const text = `SELECT ${COLUMNS} WHERE d.webhook_id = ? AND d.seq = ?`;
  return (await withAttempts(sql, await sql.rows(Row, text, [webhook, id])))[0];
}

/** The newest of an event: what was just written, for one. */
export async function newestSending(
  sql: Sql,
  webhook: WebhookId,
  event: string,
): Promise<{ readonly id: number; readonly sending: number } | undefined> {
  const text = `SELECT seq AS id, sending FROM webhook_delivery WHERE webhook_id = ? AND event_id = ?
    ORDER BY sending DESC LIMIT 1`;
  return (await sql.rows(z.object({ id: DeliveryId, sending: z.number() }), text, [webhook, event]))[0];
}

/** How many were asked for by hand in the last hour: sent again, or as a test. */
export async function countAskedFor(sql: Sql, webhook: WebhookId, testType: string): Promise<number> {
  const text = `SELECT COUNT(*) AS count FROM webhook_delivery d JOIN webhook_event e ON e.event_id = d.event_id
    WHERE d.webhook_id = ? AND d.created_at > UTC_TIMESTAMP(3) - INTERVAL 1 HOUR AND (d.sending > 1 OR e.type = ?)`;
  return (await sql.rows(z.object({ count: z.number() }), text, [webhook, testType]))[0]?.count ?? 0;
}

const AnyAttempt = z.looseObject({});
const AttemptRow = z.object({
  delivery: DeliveryId,
  at: instant,
  outcome: AttemptOutcome,
  httpStatus: z.number().nullable(),
  durationMs: z.number(),
  nextAt: instant.nullable(),
});

async function withAttempts(sql: Sql, rows: readonly z.infer<typeof Row>[]): Promise<WebhookDelivery[]> {
  if (rows.length === 0) return [];
  const found = await sql.rows(
    AnyAttempt,
    `SELECT delivery, created_at AS at, outcome, http_status AS httpStatus, duration_ms AS durationMs,
       next_at AS nextAt FROM webhook_attempt WHERE delivery IN (${rows.map(() => '?').join(', ')})
     ORDER BY delivery, number`,
    rows.map(({ id }) => id),
  );
  const attempts = found.flatMap((row) => AttemptRow.safeParse(row).data ?? []);
  return rows.map(({ id, webhook, event, type, createdAt }) => {
    const own = attempts.filter(({ delivery }) => delivery === id);
    const last = own.at(-1);
    const waits = last === undefined || last.nextAt !== null;
    return {
      ...{ id, webhook, event, type },
      status: waits ? 'waiting' : last.outcome === 'delivered' ? 'delivered' : 'failed',
      attempts: own.map(({ at, outcome, httpStatus, durationMs }) => ({
        at,
        outcome,
        httpStatus,
        durationMs,
      })),
      nextAttemptAt: last?.nextAt ?? null,
      createdAt,
    };
  });
}
