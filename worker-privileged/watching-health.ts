import type { AlarmRules } from '../contract/alarms.ts';
import { daysLeft } from '../contract/certificates.ts';
import { toFailure } from '../contract/failures.ts';
import { HealthSample } from '../contract/health.ts';
import type { ServerLook, StateDump } from '../contract/health.ts';
import type { DomainId } from '../contract/ids.ts';
import { StateDumpFact } from '../contract/state-dumps.ts';
import type { Logger } from '../runtime/logger.ts';
import { forgetSamples, putSample } from '../state/health.ts';
import { putServerFact, readServerFact } from '../state/server-facts.ts';
import { certificatesOfSites, forgetChecksOfGone } from '../state/site-checks.ts';
import { AWAY, UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';
import { settleAlarms } from './raising.ts';
import type { RaisingParts, Reading } from './raising.ts';

export interface WatchingHealthParts extends RaisingParts {
  readonly executor: Pick<Executor, 'call'>;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly rules: () => Promise<AlarmRules>;
  readonly logger: Logger;
  readonly now?: () => number;
}

export interface WatchingHealth {
  /** To be called every minute: notes how the server fares, and raises or ends its alarms. Never throws. */
  readonly once: () => Promise<void>;
  /** Sites whose PHP ran in the last minute; null where that of all does; undefined where it is not known. */
  readonly awake: () => ReadonlySet<DomainId> | null | undefined;
}

/** Where nothing was measured for longer, nothing is known of between. */
const GAP_MS = 5 * 60_000;
const OF_SITES: ReadonlySet<string> = new Set(['siteDown', 'siteSlow']);
const HOUR_MS = 3_600_000;

export function createWatchingHealth(parts: WatchingHealthParts): WatchingHealth {
  const { server, state, executor, isActive, rules: readRules, logger, now = Date.now } = parts;
  let last: ServerLook['ticks'] | undefined;
  let awake: ReadonlySet<DomainId> | null | undefined;

  async function round(): Promise<void> {
    const look = await executor.call('server.look', {}, UNASKED);
    awake = look.awake === null ? null : new Set(look.awake);
    const fact = StateDumpFact.safeParse(await readServerFact(state, server, 'stateDump')).data;
    const dump = fact === undefined ? null : { at: fact.at, ok: fact.ok };
    const sample = sampleOf(look, { last, dump, at: new Date(now()).toISOString() });
    last = look.ticks;
    await putSample(state, server, sample);
    await forgetSamples(state, server);
    await forgetChecksOfGone(state);
    const rules = await readRules();
    await putServerFact(state, server, { name: 'alarmRules', value: rules });
    const readings = [
      ...readingsOf(sample, { ...parts, rules, now: now() }),
      ...(await certificateReadings(parts, new Date(now()))),
    ];
    const measured = new Set<string>(readings.map(({ kind }) => kind));
    await settleAlarms(parts, readings, {
      ...{ rules, now: now(), gapMs: GAP_MS },
      isGone: ({ kind, subject }) =>
        measured.has(kind) &&
        !OF_SITES.has(kind) &&
        !readings.some((one) => one.kind === kind && one.subject === subject),
    });
  }

  return {
    once: async () => {
      if (!isActive()) return;
      try {
        await round();
      } catch (error) {
        [last, awake] = [undefined, undefined];
        const { code } = toFailure(error);
        // An executor of before is replaced in a moment.
        if (!AWAY.has(code) && code !== 'invalid_request')
          logger.warn({ err: error }, 'the server was not measured');
      }
    },
    awake: () => awake,
  };
}

interface Beside {
  readonly last: ServerLook['ticks'] | undefined;
  readonly dump: StateDump | null;
  readonly at: string;
}

export function sampleOf(look: ServerLook, { last, dump, at }: Beside): HealthSample {
  const { cpus, ticks, memory, load, places, services, certificateEnds } = look;
  const [busy, total] = [ticks.busy - (last?.busy ?? 0), ticks.total - (last?.total ?? 0)];
  const used = memory.bytes === 0 ? 0 : (100 * (memory.bytes - memory.available)) / memory.bytes;
  return HealthSample.parse({
    ...{ at, cpus, memory, load, places, services, certificateEnds },
    ...{ stateDump: dump, memoryPercent: within(used) },
    // A server that was started anew counts from the beginning.
    cpuPercent: last === undefined || total <= 0 || busy < 0 ? null : within((100 * busy) / total),
  });
}

function within(percent: number): number {
  return Math.min(100, Math.max(0, Math.round(percent * 10) / 10));
}

interface Seen extends Pick<RaisingParts, 'server' | 'serverName'> {
  readonly rules: AlarmRules;
  readonly now: number;
}

/** What was not measured is not read: its alarm stays as it is. */
export function readingsOf(sample: HealthSample, { serverName, rules, now }: Seen): Reading[] {
  const { cpuPercent, memoryPercent, load, cpus, places, services, certificateEnds, stateDump } = sample;
  const own = { subject: 'server', name: serverName, tenant: null };
  const threshold = rules.stateDump?.threshold ?? 0;
  const hours = stateDump === null ? 0 : (now - Date.parse(stateDump.at)) / HOUR_MS;
  return [
    ...(cpuPercent === null ? [] : [{ kind: 'cpu', ...own, value: cpuPercent } as const]),
    { kind: 'memory', ...own, value: memoryPercent },
    { kind: 'load', ...own, value: load[1] / cpus },
    ...places.map(
      ({ place, percent }) =>
        ({ kind: 'disk', subject: place, name: place, tenant: null, value: percent }) as const,
    ),
    ...places.flatMap(({ place, inodesPercent }) =>
      inodesPercent === null
        ? []
        : [{ kind: 'inodes', subject: place, name: place, tenant: null, value: inodesPercent } as const],
    ),
    ...services.map(
      ({ name, well }) =>
        ({ kind: 'service', subject: name, name, tenant: null, value: well ? 0 : 1 }) as const,
    ),
    ...(certificateEnds === null
      ? []
      : [{ kind: 'certificate', ...own, value: daysLeft(certificateEnds, new Date(now)) } as const]),
    ...(stateDump === null
      ? []
      : [{ kind: 'stateDump', ...own, value: stateDump.ok ? hours : Math.max(hours, threshold) } as const]),
  ];
}

/** The tenant of a site is told of its own. */
async function certificateReadings({ state, server }: RaisingParts, now: Date): Promise<Reading[]> {
  return (await certificatesOfSites(state, server)).map(({ domain, tenant, served }) => ({
    ...{ kind: 'certificate', subject: domain, name: served.names[0] ?? domain, tenant },
    value: daysLeft(served.notAfter, now),
  }));
}
