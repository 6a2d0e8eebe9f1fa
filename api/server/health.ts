import { AlarmReport } from '../../contract/alarms.ts';
import type { SiteCheck, ServerHealth } from '../../contract/health.ts';
import type { ServerId, TenantId } from '../../contract/ids.ts';
import { listAlarms } from '../../state/alarms.ts';
import type { Sql } from '../../state/connection.ts';
import { dayOf, latestSample } from '../../state/health.ts';
import { readServerFact } from '../../state/server-facts.ts';
import { readSiteCheck } from '../../state/site-checks.ts';
import { findDomainAt } from '../domains/find.ts';
import type { DomainAddress } from '../domains/find.ts';

/** How a site answered last; `latest` is null where it was not asked yet, or is not. */
export interface SiteChecks {
  readonly domain: { readonly id: string; readonly name: string };
  readonly latest: SiteCheck | null;
}

export interface HealthService {
  /** The day in stretches of so many minutes. */
  readonly health: (minutes: number) => Promise<ServerHealth>;
  readonly alarms: () => Promise<AlarmReport>;
  /** Throws a ProblemError where the tenant has no such domain. */
  readonly checks: (tenant: TenantId, address: DomainAddress) => Promise<SiteChecks>;
}

export function createHealthService(state: Sql, server: ServerId): HealthService {
  return {
    health: async (minutes) => ({
      server,
      latest: await latestSample(state, server),
      day: await dayOf(state, server, minutes),
    }),
    alarms: async () => {
      const rules = AlarmReport.shape.rules.safeParse(await readServerFact(state, server, 'alarmRules'));
      return { alarms: await listAlarms(state, server), rules: rules.data ?? null };
    },
    checks: async (tenant, address) => {
      const { id, name } = (await findDomainAt(state, tenant, address)).domain;
      return { domain: { id, name }, latest: await readSiteCheck(state, id) };
    },
  };
}
