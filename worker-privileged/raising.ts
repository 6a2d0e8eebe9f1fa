import type { AlarmRules, RuledKind } from '../contract/alarms.ts';
import type { ServerId, TenantId } from '../contract/ids.ts';
import { isRaised, putAlarm, removeAlarm, storedAlarms } from '../state/alarms.ts';
import type { StoredAlarm } from '../state/alarms.ts';
import type { Sql, State } from '../state/connection.ts';
import { insertAlarm } from '../state/notifications.ts';
import { overWords, raisedWords, unwatchedWords } from './alarm-words.ts';
import { evaluate } from './evaluating.ts';
import type { Evaluated, Standing } from './evaluating.ts';

/** What was measured of one subject. `tenant` where it is a site. */
export interface Reading {
  readonly kind: RuledKind;
  readonly subject: string;
  readonly name: string;
  readonly tenant: TenantId | null;
  readonly value: number;
  /** So much longer than others it was not measured because it was not its turn. */
  readonly waitedMs?: number;
}

export interface RaisingParts {
  readonly state: State;
  readonly server: ServerId;
  readonly serverName: string;
}

export interface Round {
  readonly rules: AlarmRules;
  readonly now: number;
  readonly gapMs: number;
  /** Whether an alarm that nothing was read of is over, because its subject is no more. */
  readonly isGone: (alarm: StoredAlarm) => boolean;
}

/**
 * Raises, follows and ends alarms by what was read. What is told stands in the transaction that writes that it was: a worker
 * that is killed tells it once.
 */
export async function settleAlarms(
  parts: RaisingParts,
  readings: readonly Reading[],
  round: Round,
): Promise<void> {
  const known = new Map((await storedAlarms(parts.state, parts.server)).map((one) => [keyOf(one), one]));
  const faults: unknown[] = [];
  const each = (act: Promise<void>) => act.catch((error: unknown) => void faults.push(error));
  for (const reading of readings) {
    const before = known.get(keyOf(reading));
    known.delete(keyOf(reading));
    await each(settle(parts, { reading, before }, round));
  }
  for (const alarm of known.values())
    if (isRuled(alarm) && (round.rules[alarm.kind] === null || round.isGone(alarm)))
      await each(drop(parts, alarm));
  // One that cannot be told keeps no other from it.
  if (faults.length > 0) throw faults[0];
}

type Ruled = StoredAlarm & { readonly kind: RuledKind };

function isRuled(alarm: StoredAlarm): alarm is Ruled {
  return alarm.kind !== 'measuring';
}

async function settle(
  parts: RaisingParts,
  { reading, before }: { readonly reading: Reading; readonly before: StoredAlarm | undefined },
  { rules, now, gapMs }: Round,
): Promise<void> {
  const { kind, name, value, waitedMs = 0 } = reading;
  const rule = rules[kind];
  if (rule === null) {
    if (before !== undefined) await drop(parts, before);
    return;
  }
  const { standing, told } = evaluate(rule, standingOf(before), { value, now, gapMs: gapMs + waitedMs });
  if (standing === null && before === undefined) return;
  const words = { name, value, rule };
  await write(parts, reading, {
    ...{ standing, told },
    message: told === 'alarm' ? raisedWords(kind, words) : overWords(kind, words),
  });
}

/** Told where it was raised, because somebody waits for its end. */
async function drop(parts: RaisingParts, alarm: StoredAlarm): Promise<void> {
  const told = alarm.raisedAt === null ? null : 'alarm_over';
  await write(parts, alarm, { standing: null, told, message: unwatchedWords(alarm.name) });
}

type Subject = Pick<StoredAlarm, 'kind' | 'subject' | 'name' | 'tenant'>;

async function write(
  { state, server, serverName }: RaisingParts,
  { kind, subject, name, tenant }: Subject,
  { standing, told, message }: Evaluated & { readonly message: string },
): Promise<void> {
  const one = { kind, subject, name, tenant };
  const row = standing === null ? undefined : { ...one, ...rowOf(standing) };
  const put = (sql: Sql) => (row === undefined ? removeAlarm(sql, server, one) : putAlarm(sql, server, row));
  if (told === null) return put(state);
  await state.transaction(async (sql) => {
    // Another worker of this server, that was held up, may have told it.
    if ((await isRaised(sql, server, { ...one, first: row })) !== (told === 'alarm_over')) return;
    await put(sql);
    const resource =
      tenant === null
        ? { type: 'server', id: server, name: serverName }
        : { type: 'domain', id: subject, name };
    await insertAlarm(sql, { kind: told, server, resource, tenant, message });
  });
}

function keyOf({ kind, subject }: Pick<StoredAlarm, 'kind' | 'subject'>): string {
  return `${kind} ${subject}`;
}

function standingOf(stored: StoredAlarm | undefined): Standing | null {
  if (stored === undefined) return null;
  const { since, seenAt, raisedAt, calmSince, value } = stored;
  return {
    ...{ since: since.getTime(), seenAt: seenAt.getTime(), value },
    ...{ raisedAt: raisedAt?.getTime() ?? null, calmSince: calmSince?.getTime() ?? null },
  };
}

function rowOf({ since, seenAt, raisedAt, calmSince, value }: Standing) {
  return {
    ...{ since: new Date(since), seenAt: new Date(seenAt), value },
    raisedAt: raisedAt === null ? null : new Date(raisedAt),
    calmSince: calmSince === null ? null : new Date(calmSince),
  };
}
