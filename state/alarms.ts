import { z } from 'zod';
import { AlarmKind } from '../contract/alarms.ts';
import type { Alarm } from '../contract/alarms.ts';
import { TenantId } from '../contract/ids.ts';
import type { ServerId } from '../contract/ids.ts';
import type { Sql } from './connection.ts';
import { instant } from './row-values.ts';

/** An alarm as it stands in the state. */
export interface StoredAlarm {
  readonly kind: AlarmKind;
  readonly subject: string;
  readonly name: string;
  readonly tenant: TenantId | null;
  readonly value: number;
  readonly since: Date;
  readonly seenAt: Date;
  readonly raisedAt: Date | null;
  readonly calmSince: Date | null;
}

const Stored = z.object({
  kind: AlarmKind,
  subject: z.string(),
  name: z.string(),
  tenant: TenantId.nullable(),
  value: z.number(),
  since: z.date(),
  seenAt: z.date(),
  raisedAt: z.date().nullable(),
  calmSince: z.date().nullable(),
});

const COLUMNS = `kind, subject, name, tenant, value, since, seen_at AS seenAt, raised_at AS raisedAt,
  calm_since AS calmSince`;

export async function storedAlarms(sql: Sql, server: ServerId): Promise<StoredAlarm[]> {
  return sql.rows(Stored, `SELECT ${COLUMNS} FROM alarm WHERE server = ?`, [server]);
}

/** As it is seen now. */
export async function putAlarm(sql: Sql, server: ServerId, alarm: StoredAlarm): Promise<void> {
  const { kind, subject, name, tenant, value, since, seenAt, raisedAt, calmSince } = alarm;
  await sql.run(
    `INSERT INTO alarm (server, kind, subject, name, tenant, value, since, seen_at, raised_at, calm_since)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON DUPLICATE KEY UPDATE name = VALUES(name), tenant = VALUES(tenant), value = VALUES(value), since = VALUES(since),
       seen_at = VALUES(seen_at), raised_at = VALUES(raised_at), calm_since = VALUES(calm_since)`,
    [server, kind, subject, name, tenant, value, since, seenAt, raisedAt, calmSince],
  );
}

type Named = Pick<StoredAlarm, 'kind' | 'subject'>;

/** Whether it is raised, with its row held until the transaction ends. Where there is none, `first` makes one to be held. */
export async function isRaised(
  sql: Sql,
  server: ServerId,
  { kind, subject, first }: Named & { readonly first?: StoredAlarm | undefined },
): Promise<boolean> {
  if (first !== undefined)
    await sql.run(
      `INSERT INTO alarm (server, kind, subject, name, value, since, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE value = VALUES(value)`,
      [server, kind, subject, first.name, first.value, first.since, first.seenAt],
    );
  const text = `SELECT raised_at IS NOT NULL AS raised FROM alarm
    WHERE server = ? AND kind = ? AND subject = ? FOR UPDATE`;
  const rows = await sql.rows(z.object({ raised: z.number() }), text, [server, kind, subject]);
  return rows[0]?.raised === 1;
}

export async function removeAlarm(sql: Sql, server: ServerId, { kind, subject }: Named): Promise<void> {
  await sql.run('DELETE FROM alarm WHERE server = ? AND kind = ? AND subject = ?', [server, kind, subject]);
}

/** For the API: those that are raised first. */
export async function listAlarms(sql: Sql, server: ServerId): Promise<Alarm[]> {
  const text = `SELECT kind, subject, name, tenant, value, since, raised_at AS raisedAt FROM alarm
    WHERE server = ? ORDER BY raised_at IS NULL, kind, name LIMIT 1000`;
  const Row = Stored.pick({ kind: true, subject: true, name: true, tenant: true, value: true });
  return sql.rows(Row.extend({ since: instant, raisedAt: instant.nullable() }), text, [server]);
}
