import type { AlarmRule, HealthSettings } from '../contract/alarms.ts';
import { runsPhp } from '../contract/domains.ts';
import type { SiteCheck } from '../contract/health.ts';
import type { DomainId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import { certificatesOfSites, putSiteCheck, sitesToCheck } from '../state/site-checks.ts';
import type { CheckableSite } from '../state/site-checks.ts';
import { chooseSites } from './choosing-sites.ts';
import type { Chosen } from './choosing-sites.ts';
import { fewAtATime } from './few-at-a-time.ts';
import type { Seen } from './probe-request.ts';
import { createQueueingSites } from './queueing-sites.ts';
import { settleAlarms } from './raising.ts';
import type { RaisingParts, Reading } from './raising.ts';
import type { SiteAnswer } from './site-request.ts';

export interface CheckingSitesParts extends RaisingParts {
  readonly settings: () => Promise<HealthSettings>;
  /** Sites whose PHP runs; null where that of all does; undefined where it is not known. */
  readonly awake: () => ReadonlySet<DomainId> | null | undefined;
  readonly ask: (host: string) => Promise<SiteAnswer | null>;
  readonly askCertificate: (host: string) => Promise<Seen>;
  /** Whether this is the server's only worker, and no packages are being replaced. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
  readonly now?: () => number;
  readonly elapsed?: () => number;
}

/** In a round: of thousands each has its turn in an hour or two, and a second asks for one page. */
const IN_A_ROUND = 15;
const MINUTE_MS = 60_000;
/** Where a site was not seen for longer, its minutes begin anew; how long it waited for its turn comes on top. */
const LEAST_GAP_MS = 30 * MINUTE_MS;

/**
 * To be called every quarter of a minute: asks a few sites, those that were asked longest ago, and before them some that were not
 * well, after a minute. One that sleeps is left asleep: its visitors wake it, and it would cost memory from then on. Never throws.
 */
export function createCheckingSites(parts: CheckingSitesParts): () => Promise<void> {
  const { server, state, settings, isActive, logger, now = Date.now, elapsed } = parts;
  const queueing = createQueueingSites(elapsed ?? (() => performance.now()));

  async function round(): Promise<void> {
    const { siteCheckMinutes: minutes, uncheckedSites, alarms: rules } = await settings();
    const awake = parts.awake();
    if (awake === undefined) return;
    const all = minutes === 0 ? [] : await sitesToCheck(state, server);
    const watched = all.filter(({ name }) => !uncheckedSites.includes(name));
    const due = watched.filter((site) => isAwake(site, awake) && isDue(site, { minutes, now: now() }));
    const waited = queueing.waited(due.map(({ id }) => id));
    const found = await checkAll(parts, chooseSites(due, IN_A_ROUND), rules.siteSlow);
    const readings = found.map((reading) => ({ ...reading, waitedMs: waited.get(reading.subject) ?? 0 }));
    const ids = new Set<string>(watched.map(({ id }) => id));
    await settleAlarms(parts, readings, {
      ...{ rules, now: now(), gapMs: Math.max(LEAST_GAP_MS, 3 * minutes * MINUTE_MS) },
      isGone: ({ kind, subject }) => (kind === 'siteDown' || kind === 'siteSlow') && !ids.has(subject),
    });
  }

  return async () => {
    if (!isActive()) return;
    try {
      await round();
    } catch (error) {
      logger.warn({ err: error }, 'sites were not checked');
    }
  };
}

function isAwake({ id, type }: CheckableSite, awake: ReadonlySet<DomainId> | null): boolean {
  return awake === null || !runsPhp(type) || awake.has(id);
}

function isDue(
  { checkedAt, well }: CheckableSite,
  { minutes, now }: { readonly minutes: number; readonly now: number },
): boolean {
  if (checkedAt === null) return true;
  const age = now - checkedAt.getTime();
  // One that was asked in the future was asked by another clock.
  return age < 0 || age >= MINUTE_MS * (well === false ? Math.min(1, minutes) : minutes);
}

async function checkAll(
  parts: CheckingSitesParts,
  { unwell, others }: Chosen,
  slow: AlarmRule | null,
): Promise<Reading[]> {
  const sites = [...unwell, ...others];
  const shown = new Map(
    (
      await certificatesOfSites(
        parts.state,
        parts.server,
        sites.map(({ id }) => id),
      )
    ).map(({ domain, served }) => [domain, served]),
  );
  const readings: Reading[] = [];
  const away: CheckableSite[] = [];
  const check = async (site: CheckableSite): Promise<void> => {
    if (away.length > 0) return;
    const answer = await parts.ask(site.name);
    // Without nginx no site answers, which is one alarm and not thousands.
    if (answer === null) away.push(site);
    else readings.push(...(await note(parts, { site, answer, slow, served: shown.get(site.id) })));
  };
  // In lanes of their own: those that answer late hold up none that was well.
  await Promise.all([fewAtATime(unwell, check), fewAtATime(others, check)]);
  return away.length === 0 ? readings : [];
}

interface Checked {
  readonly site: CheckableSite;
  readonly answer: SiteAnswer;
  readonly slow: AlarmRule | null;
  readonly served: { readonly notAfter: string; readonly fingerprint: string } | undefined;
}

async function note(
  { state, askCertificate }: CheckingSitesParts,
  { site, answer, slow, served }: Checked,
): Promise<Reading[]> {
  const { id, name, tenant } = site;
  const { status, milliseconds } = answer;
  const seen = served === undefined ? undefined : await askCertificate(name);
  const certificate =
    served === undefined
      ? null
      : ({
          ends: served.notAfter,
          shown: seen?.answer === 'certificate' && seen.fingerprint === served.fingerprint,
          fingerprint: served.fingerprint,
        } as SiteCheck['certificate']);
  const isUp = status !== null && status < 500;
  const isSlow = slow !== null && milliseconds >= slow.threshold;
  await putSiteCheck(state, id, { status, milliseconds, certificate, well: isUp && !isSlow });
  const of = { subject: id, name, tenant };
  return [
    { kind: 'siteDown', ...of, value: isUp ? 0 : 1 },
    // How fast one that is down says so, tells nothing.
    ...(isUp ? [{ kind: 'siteSlow', ...of, value: milliseconds } as const] : []),
  ];
}
