import type { AlarmRule } from '../contract/alarms.ts';

/** What is remembered of a subject that has been at its threshold; times in milliseconds. */
export interface Standing {
  /** Since when it has been, without a gap. */
  readonly since: number;
  /** When it was measured last. */
  readonly seenAt: number;
  /** When it was raised; null where it has not been there for long enough. */
  readonly raisedAt: number | null;
  /** Since when it has been well again; null where it is not. */
  readonly calmSince: number | null;
  readonly value: number;
}

export interface Evaluated {
  /** Null where nothing is to be remembered. */
  readonly standing: Standing | null;
  readonly told: 'alarm' | 'alarm_over' | null;
}

export interface Measured {
  readonly value: number;
  readonly now: number;
  /** Of longer than that nothing is known where nothing was measured. */
  readonly gapMs: number;
}

const MINUTE_MS = 60_000;

/**
 * What a measurement makes of an alarm. Only what was seen counts: across a gap, or a clock that went back, the minutes begin
 * anew. What is raised stays so until it has been well for as long as it took to be raised.
 */
export function evaluate(rule: AlarmRule, before: Standing | null, measured: Measured): Evaluated {
  const { value, now } = measured;
  const isUnbroken = before !== null && now >= before.seenAt && now - before.seenAt <= measured.gapMs;
  if (before !== null && before.raisedAt !== null)
    return evaluateRaised(rule, before, { ...measured, isUnbroken });
  if (!isAt(rule, value)) return { standing: null, told: null };
  const since = isUnbroken ? before.since : now;
  const isDue = now - since >= rule.minutes * MINUTE_MS;
  const standing = { since, seenAt: now, raisedAt: isDue ? now : null, calmSince: null, value };
  return { standing, told: isDue ? 'alarm' : null };
}

function evaluateRaised(
  rule: AlarmRule,
  before: Standing,
  { value, now, isUnbroken }: Measured & { readonly isUnbroken: boolean },
): Evaluated {
  const seen = { ...before, seenAt: now, value };
  if (!isWell(rule, value)) return { standing: { ...seen, calmSince: null }, told: null };
  const calmSince = isUnbroken && before.calmSince !== null ? before.calmSince : now;
  if (now - calmSince >= rule.minutes * MINUTE_MS) return { standing: null, told: 'alarm_over' };
  return { standing: { ...seen, calmSince }, told: null };
}

export function isAt({ threshold, low }: AlarmRule, value: number): boolean {
  return low ? value <= threshold : value >= threshold;
}

function isWell({ rearm, low }: AlarmRule, value: number): boolean {
  return low ? value >= rearm : value <= rearm;
}
