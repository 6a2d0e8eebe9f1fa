import type { SiteSpec } from '../../../../contract/domains.ts';
import { FailureError } from '../../../../contract/failures.ts';
import { missingForWww } from '../../../../contract/www.ts';
import type { Step, Undo } from '../../ensure.ts';
import { paths } from '../../system/paths.ts';
import type { SiteEntry } from '../../system/registry.ts';
import { requireRoomOnDisk } from '../tenant/disk.ts';
import { duringTenant, isSuspended, requireRoomForSite } from '../tenant/standing.ts';
import { sitePlanOf } from './share.ts';
import { entryOf, holderOf, namesOf, POOL_USER, userOf, type Story } from './story.ts';

type Asked = Pick<Story, 'system' | 'spec'>;

/** Refuses what no step could mend, before any of them. */
export async function admit({ system, spec }: Story): Promise<void> {
  refuseServerName({ system, spec });
  refuseForeignWww(spec);
  const entry = await system.registry.read(spec.id);
  if (entry === null) return requireNothingThere({ system, spec });
  if (entry.removedAt !== null) {
    throw new FailureError('not_found', 'This site was removed from the server.', 'Create it anew.');
  }
  requireSame(entry, spec);
}

export function refuseServerName({ system, spec }: Asked): void {
  if (namesOf(spec).every((name) => name !== system.serverName)) return;
  throw new FailureError('name_taken', 'This is the name of the server itself.', 'Choose another name.');
}

/** A site sends its visitors to names of its own. */
export function refuseForeignWww({ name, aliases, options: { www } }: SiteSpec): void {
  const missing = missingForWww({ name, aliases, www });
  if (missing === null) return;
  throw refuse(`${missing} is none of the names of this site.`, `Have ${missing} among its aliases.`);
}

/** What is asked is asked of this very site, and of no older version of it. */
export function requireSame(entry: SiteEntry, spec: SiteSpec): void {
  if (entry.name !== spec.name || entry.isolation !== spec.isolation) {
    throw refuse("A site's name and isolation cannot change.", 'Create another site.');
  }
  if (entry.tenant !== spec.tenant) {
    throw refuse(
      "The server has this site as another tenant's.",
      'Have it moved, or ask for that move again.',
    );
  }
  if (spec.generation < entry.generation) {
    throw refuse('The server has a newer version of this site.', 'Ask for the change again.');
  }
}

/** The site has its entry, with every name that a link is made for from here on. */
export function registered(story: Story): Step {
  const { system, spec } = story;
  return {
    name: 'register the site',
    look: async () => {
      const entry = await system.registry.read(spec.id);
      if (entry === null) return 'the site is not registered';
      if (entry.generation !== spec.generation) return `the registered version is ${entry.generation}`;
      return namesOf(spec).every((name) => entry.names.includes(name)) ? null : 'a name is not registered';
    },
    change: async () => {
      const write = (entry: SiteEntry) => {
        const names = [...new Set([...entry.names, ...namesOf(spec)])];
        return system.registry.write({ ...entry, names, generation: spec.generation });
      };
      const entry = await system.registry.read(spec.id);
      return entry === null ? firstRegistered(story, write) : write(entry);
    },
  };
}

/**
 * The site stands as it was asked for: its settings are what counts from now on, and it is a site again if it lay
 * in the trash. A protection that is not asked for any more stays; only root clears it.
 */
export function settled(story: Story): Step {
  const { system, spec, php: phpVersion } = story;
  const { registry } = system;
  const { type, publicDirectory, options, phpLimits, enabled } = spec;
  const settings = { type, phpVersion, publicDirectory, options, phpLimits, enabled };
  const asIs = (entry: SiteEntry) => ({
    ...entry,
    settings,
    removedAt: null,
    trash: null,
    protected: entry.protected || spec.protected,
  });
  return {
    name: 'note how it stands',
    look: async () => {
      const entry = await registry.read(spec.id);
      if (entry === null) return 'the site is not registered';
      return JSON.stringify(entry) === JSON.stringify(asIs(entry)) ? null : 'other settings are noted';
    },
    change: async () => {
      const entry = await entryOf({ system, spec });
      if (entry.removedAt === null) return registry.write(asIs(entry));
      // From here on it counts again.
      return duringTenant(system, entry.tenant, async () => {
        await requireRoomForSite(system, entry);
        await requireAsRead(story);
        return registry.write(asIs(entry));
      });
    },
  };
}

/** Counted and written under the tenant's lock: whoever changes the tenant next finds this site among its own. */
function firstRegistered(story: Story, write: (entry: SiteEntry) => Promise<Undo>): Promise<Undo> {
  const { system, spec } = story;
  return duringTenant(system, spec.tenant, async () => {
    await requireRoomForSite(system, spec);
    await requireRoomOnDisk(system, spec.tenant);
    await requireAsRead(story);
    return write(await newEntry(story));
  });
}

/** What its tenant's own change did not find among what stands has to go by that change itself. */
export async function requireAsRead({ system, spec, suspended, plan }: Story): Promise<void> {
  const same = JSON.stringify(await sitePlanOf(system, spec)) === JSON.stringify(plan);
  if (same && (await isSuspended(system, spec.tenant)) === suspended) return;
  throw new FailureError(
    'executor_unavailable',
    'The tenant was changed in this moment.',
    'It is tried again by itself.',
  );
}

async function newEntry(story: Story): Promise<SiteEntry> {
  const { system, spec } = story;
  const pooled = spec.isolation === 'pool' ? await poolAccount(story) : null;
  const uid = pooled?.uid ?? (await system.registry.nextUid(system.accounts.isTaken));
  return {
    id: spec.id,
    kind: 'site',
    uid,
    gid: pooled?.gid ?? uid,
    user: userOf(spec),
    name: spec.name,
    tenant: spec.tenant,
    isolation: spec.isolation,
    since: system.now().toISOString(),
    removedAt: null,
    trash: null,
    purgingAt: null,
    purgedAt: null,
    generation: spec.generation,
    names: [],
    home: false,
    php: null,
    settings: null,
    protected: false,
    suspended: false,
  };
}

async function poolAccount({ system }: Story) {
  const account = await system.accounts.find(POOL_USER);
  if (account !== null) return account;
  throw new FailureError(
    'server_broken',
    `The user ${POOL_USER} is not there.`,
    'Run the installation on the server again: it makes what is missing.',
  );
}

/** What is there before us is somebody's, whoever's: it is refused and never adopted. */
async function requireNothingThere({ system, spec }: Asked): Promise<void> {
  for (const name of namesOf(spec)) {
    const link = await system.files.readLink(paths.host(name));
    if (link !== null && holderOf(link) !== spec.id) throw nameTaken(name);
  }
  if ((await system.folders.look(paths.home(spec.name))) !== null) {
    throw notOurs(`The folder ${paths.home(spec.name)} is there already`, 'Move the folder away');
  }
  if (spec.isolation !== 'site') return;
  if ((await system.accounts.find(userOf(spec))) !== null) {
    throw notOurs(`The user ${userOf(spec)} is there already`, 'Remove the user');
  }
  // The account would get it, and take it along when it is removed.
  if ((await system.accounts.findGroup(userOf(spec))) !== null) {
    throw notOurs(`The group ${userOf(spec)} is there already`, 'Remove the group');
  }
}

export function nameTaken(name: string): FailureError {
  return new FailureError('name_taken', `Another site has the name ${name}.`, 'Choose another name.');
}

export function notOurs(what: string, todo: string): FailureError {
  return new FailureError('not_ours', `${what}, and not of the agent's making.`, `${todo}, then ask again.`);
}

export function refuse(message: string, hint: string): FailureError {
  return new FailureError('invalid_request', message, hint);
}
