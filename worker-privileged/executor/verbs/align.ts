import { runsPhp } from '../../../contract/domains.ts';
import type { DatabaseId } from '../../../contract/ids.ts';
import { runSteps, staying, type Step } from '../ensure.ts';
import type { SiteEntry } from '../system/registry.ts';
import type { System } from '../system/system.ts';
import { probesOf } from './site/answers.ts';
import { accountFree, accountLocked, processesEnded } from './site/account.ts';
import { partsFollow, standingOf } from './site-parts/follow.ts';
import { mailClosed, mailOpen } from './site/mail.ts';
import { phpConfigured, phpOff, phpOn, versionOf } from './site/php.ts';
import { relayOff, relayOn, relays } from './site/relay.ts';
import { shareOf, shareSet, sitePlanOf, type SitePlan } from './site/share.ts';
import { poolOf } from './site/story.ts';
import { standsSuspended, suspensionMarked } from './site/suspension.ts';
import type { VerbHandler } from './table.ts';
import { isSuspended } from './tenant/standing.ts';

/**
 * Brings a site in line with its tenant, and changes nothing else of it: what was switched off before its tenant was
 * suspended is switched off when that is resumed. What lies in the trash, or never stood whole, is left alone.
 */
export function alignSite(system: System): VerbHandler<'site.align'> {
  return async ({ id }, run) => {
    const entry = await system.registry.read(id);
    if (entry === null || entry.removedAt !== null || entry.settings === null) return { probes: [] };
    const suspended = await isSuspended(system, entry.tenant);
    const { phpLimits } = entry.settings;
    const plan = await sitePlanOf(system, { tenant: entry.tenant, phpLimits });
    const steps = suspended
      ? [...stepsToSuspend(system, entry), shareSet(system, poolOf(entry), shareOf(plan))]
      : [...(await stepsToLimit(system, { entry, plan })), ...stepsToResume(system, { entry, plan })];
    await runSteps(steps, run);
    const { names, settings, php } = (await system.registry.read(id)) ?? entry;
    const runs = settings !== null && runsPhp(settings.type) && settings.enabled;
    const { enabled } = entry.settings;
    return { probes: probesOf({ id, names, enabled, suspended, ping: runs ? php : null }) };
  };
}

type Planned = { readonly entry: SiteEntry; readonly plan: SitePlan };

/** What its tenant's plan lets each site take. One whose PHP is off is configured when it is turned on. */
async function stepsToLimit(system: System, { entry, plan }: Planned): Promise<readonly Step[]> {
  const { id, settings } = entry;
  const version = await versionOf(system, id);
  const runs = settings !== null && runsPhp(settings.type) && settings.enabled && version !== null;
  return [
    shareSet(system, poolOf(entry), shareOf(plan)),
    ...(runs ? [phpConfigured({ system, spec: entry, plan }, version)] : []),
  ];
}

/** Its visitors see the page first, then what served them ends. What of it was done stays, whatever cannot be. */
export function stepsToSuspend(system: System, entry: SiteEntry): readonly Step[] {
  const steps = [
    suspensionMarked(system, entry.id, true),
    standsSuspended(system, entry.id, true),
    partsFollow(system, entry.id, { ...standingOf(entry), suspended: true }),
    phpOff(system, entry),
    relayOff(system, entry.id),
    ...(entry.isolation === 'site' ? [mailClosed(system, entry)] : []),
    ...ownAccountClosed(system, entry),
  ];
  return steps.map(staying);
}

/** What serves its visitors stands before they are let in. */
export function stepsToResume(system: System, { entry, plan }: Planned): readonly Step[] {
  const { settings } = entry;
  const runs = settings !== null && runsPhp(settings.type) && settings.enabled;
  return [
    ...(entry.isolation === 'site' ? [accountFree(system, entry.id)] : []),
    ...(runs ? [phpOn({ system, spec: entry, plan })] : []),
    ...(settings !== null && relays(settings, false) ? [relayOn(system, entry.id)] : []),
    ...(entry.isolation === 'site' && settings?.enabled === true ? [mailOpen({ system, spec: entry })] : []),
    partsFollow(system, entry.id, { ...standingOf(entry), suspended: false }),
    suspensionMarked(system, entry.id, false),
    standsSuspended(system, entry.id, false),
  ];
}

/** The pool's account is other sites' too. */
export function ownAccountClosed(system: System, entry: SiteEntry): readonly Step[] {
  return entry.isolation === 'site' ? [accountLocked(system, entry), processesEnded(system, entry)] : [];
}

/** The same for a database: its accounts come in, or do not, as its tenant stands. */
export function alignDatabase(system: System): VerbHandler<'database.align'> {
  return async ({ id }, run) => {
    const step = await databaseAsTenant(system, id);
    if (step !== null) await runSteps([step], run);
    return {};
  };
}

/** Null where there is no such database. */
export async function databaseAsTenant(system: System, id: DatabaseId): Promise<Step | null> {
  const { mariadb } = system;
  const managed = await mariadb.find(id);
  if (managed === null || managed.dropped) return null;
  const suspended = await isSuspended(system, managed.tenant);
  return {
    name: suspended ? 'lock its accounts' : 'let its accounts in again',
    look: async () => {
      const now = await mariadb.find(id);
      if (now === null || now.dropped) return null;
      // One that is closed is let in when it is opened.
      const wrong = suspended ? now.accountsOpen : now.closed ? 0 : now.accountsLocked;
      return now.locked === suspended && wrong === 0 ? null : 'an account is not as its tenant is';
    },
    change: async () => {
      await (suspended ? mariadb.lockAccounts(id) : mariadb.unlockAccounts(id));
      return null;
    },
  };
}
