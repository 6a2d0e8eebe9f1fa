import { z } from 'zod';
import { TenantId } from './ids.ts';

/**
 * What a server raises an alarm for, a subject each: a place of the disk, a service, a site. `measuring`: nothing has been
 * measured for minutes. The state's own procedure raises that one, because who measures is who is not there.
 */
export const AlarmKind = z.enum([
  'cpu',
  'memory',
  'load',
  'disk',
  'inodes',
  'service',
  'certificate',
  'stateDump',
  'siteDown',
  'siteSlow',
  'measuring',
]);
export type AlarmKind = z.infer<typeof AlarmKind>;

/** Those that a rule is for. */
export const RuledKind = AlarmKind.exclude(['measuring']);
export type RuledKind = z.infer<typeof RuledKind>;

/**
 * Raised once what is measured has been at the threshold for so many minutes, and over once it has been at `rearm`, or on the
 * good side of it, for as long: so that nothing is told twice because it trembles. `low`: less is worse.
 */
export interface AlarmRule {
  readonly threshold: number;
  readonly rearm: number;
  readonly minutes: number;
  readonly low: boolean;
}

export const DEFAULT_RULES: Readonly<Record<RuledKind, AlarmRule>> = {
  cpu: { threshold: 95, rearm: 80, minutes: 15, low: false },
  memory: { threshold: 95, rearm: 90, minutes: 10, low: false },
  /** For each processor, over five minutes. */
  load: { threshold: 4, rearm: 2, minutes: 15, low: false },
  disk: { threshold: 90, rearm: 85, minutes: 5, low: false },
  inodes: { threshold: 90, rearm: 85, minutes: 5, low: false },
  /** One that does not run. */
  service: { threshold: 1, rearm: 0, minutes: 2, low: false },
  /** Days that are left. What the server renews by itself it has tried to for two weeks by then. */
  certificate: { threshold: 14, rearm: 15, minutes: 0, low: true },
  /** Hours since the last that went well. */
  stateDump: { threshold: 36, rearm: 30, minutes: 0, low: false },
  /** No answer, or one of the server's own fault. */
  siteDown: { threshold: 1, rearm: 0, minutes: 10, low: false },
  /** Milliseconds until the answer begins. */
  siteSlow: { threshold: 5000, rearm: 3000, minutes: 15, low: false },
};

const limit = z.number().min(0).max(1_000_000_000);

function ruleSchema(kind: RuledKind) {
  const usual = DEFAULT_RULES[kind];
  const { low } = usual;
  return z
    .strictObject({
      threshold: limit.default(usual.threshold),
      rearm: limit.default(usual.rearm),
      minutes: limit.max(1440).default(usual.minutes),
    })
    .refine(({ threshold, rearm }) => (low ? rearm >= threshold : rearm <= threshold), {
      error: low ? 'a rearm at the threshold or above it' : 'a rearm at the threshold or below it',
    })
    .transform((rule): AlarmRule => ({ ...rule, low }))
    .nullable()
    .default(usual);
}

type Rules = { readonly [K in RuledKind]: ReturnType<typeof ruleSchema> };
const RULES = Object.fromEntries(RuledKind.options.map((kind) => [kind, ruleSchema(kind)])) as Rules;

/** What root may set; null for an alarm that is not to be raised. */
export const AlarmRules = z.strictObject(RULES);
export type AlarmRules = z.infer<typeof AlarmRules>;

/** /etc/sculptor/health.json. */
export const HealthSettings = z.strictObject({
  alarms: AlarmRules.prefault({}),
  /** How often a site is asked, at most; 0 for never. */
  siteCheckMinutes: z.number().min(0).max(1440).default(5),
  /** Sites that are not asked, by name. */
  uncheckedSites: z.array(z.string().max(253)).max(10_000).default([]),
});
export type HealthSettings = z.infer<typeof HealthSettings>;

/** One that is raised, or that will be where it stays so. */
export const Alarm = z.strictObject({
  kind: AlarmKind,
  /** The place, the service, or the site's id. */
  subject: z.string().max(100),
  name: z.string().max(253),
  tenant: TenantId.nullable(),
  value: z.number(),
  /** Since when it has been at the threshold. */
  since: z.iso.datetime(),
  /** Null where it has not been for long enough. */
  raisedAt: z.iso.datetime().nullable(),
});
export type Alarm = z.infer<typeof Alarm>;

export const AlarmReport = z.strictObject({
  alarms: z.array(Alarm),
  /** By which the worker goes; null before it has said so, and for an alarm that is off. */
  rules: z
    .record(
      RuledKind,
      z.strictObject({ threshold: limit, rearm: limit, minutes: limit, low: z.boolean() }).nullable(),
    )
    .nullable(),
});
export type AlarmReport = z.infer<typeof AlarmReport>;
