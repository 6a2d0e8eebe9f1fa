import type { DomainId } from '../../../../contract/ids.ts';
import type { Step } from '../../ensure.ts';
import { paths } from '../../system/paths.ts';
import type { SiteEntry } from '../../system/registry.ts';
import type { System } from '../../system/system.ts';
import { notOurs } from './registered.ts';
import { entryOf, userOf, type Story } from './story.ts';

/** The site's own user and group, with the number that the registry gave them. */
export function account(story: Story): Step {
  const { system, spec } = story;
  return {
    name: 'make the account',
    look: async () => {
      const entry = await system.registry.read(spec.id);
      const found = await system.accounts.find(userOf(spec));
      if (entry === null || found === null) return 'there is no account';
      if (found.uid === entry.uid && found.gid === entry.gid) return null;
      throw notOurs(`The user ${entry.user} has another number than it was given`, 'Remove the user');
    },
    change: async () => {
      const { uid, gid, user } = await entryOf(story);
      const remove = await system.accounts.create({ user, uid, home: paths.home(spec.name) });
      return async () => {
        await system.accounts.killAll({ uid, gid });
        await remove();
      };
    },
  };
}

/** What others of a group may do is no site's. A group of the distribution's has a name that is no option of a program. */
export function inNoOtherGroup({ system: { accounts }, spec }: Story): Step {
  const user = userOf(spec);
  return {
    name: 'leave other groups',
    look: async () => {
      const groups = await accounts.groupsOf(user);
      return groups.length === 0 ? null : `the account is in ${groups.join(', ')}`;
    },
    change: async () => {
      for (const group of await accounts.groupsOf(user)) await accounts.leaveGroup(user, group);
      return null;
    },
  };
}

export function accountLocked({ accounts }: Pick<System, 'accounts'>, { user }: SiteEntry): Step {
  return {
    name: 'lock the account',
    look: async () => {
      if ((await accounts.find(user)) === null) return null;
      return (await accounts.isLocked(user)) ? null : 'the account is not locked';
    },
    change: async () => {
      await accounts.lock(user);
      return null;
    },
  };
}

export function processesEnded({ accounts }: Pick<System, 'accounts'>, { uid, gid }: SiteEntry): Step {
  return {
    name: 'end its processes',
    look: async () => ((await accounts.hasProcesses(uid)) ? 'processes of the account run' : null),
    change: async () => {
      await accounts.killAll({ uid, gid });
      return null;
    },
  };
}

/** Locked, and none of it running, where its tenant is suspended. */
export function accountAsTenant({ system, spec, suspended }: Story): Step {
  if (!suspended) return accountFree(system, spec.id);
  const steps = async () => {
    const entry = await entryOf({ system, spec });
    return [accountLocked(system, entry), processesEnded(system, entry)];
  };
  return {
    name: 'lock the account',
    within: steps,
    look: async () => {
      for (const step of await steps()) {
        const difference = await step.look();
        if (difference !== null) return difference;
      }
      return null;
    },
    change: async () => {
      for (const step of await steps()) await step.change();
      return null;
    },
  };
}

/** Where it was locked for its tenant's sake; a lock of root's own stays. */
export function accountFree(system: Pick<System, 'accounts' | 'registry'>, id: DomainId): Step {
  const { registry } = system;
  const entry = async () => {
    const found = await registry.read(id);
    return found?.suspended === true ? accountUnlocked(system, found) : null;
  };
  return {
    name: 'unlock the account',
    look: async () => (await (await entry())?.look()) ?? null,
    change: async () => (await (await entry())?.change()) ?? null,
  };
}

/** What it may start again it can stop again: undone, nothing of it runs on. */
export function accountUnlocked({ accounts }: Pick<System, 'accounts'>, entry: SiteEntry): Step {
  const { user, uid, gid } = entry;
  return {
    name: 'unlock the account',
    look: async () => ((await accounts.isLocked(user)) ? 'the account is locked' : null),
    change: async () => {
      await accounts.unlock(user);
      return async () => {
        await accounts.lock(user);
        await accounts.killAll({ uid, gid });
      };
    },
  };
}

export function accountRemoved({ accounts }: Pick<System, 'accounts'>, { user, uid }: SiteEntry): Step {
  return {
    name: 'remove the account',
    look: async () => {
      const found = await accounts.find(user);
      if (found !== null && found.uid !== uid)
        throw notOurs(`The user ${user} has another number than it was given`, 'Remove the user');
      return found === null && (await accounts.findGroup(user)) === null ? null : 'there is an account';
    },
    change: async () => {
      await accounts.remove(user);
      return null;
    },
  };
}
