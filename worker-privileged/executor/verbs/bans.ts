import { type BanAddress, type BanJail, MOST_BANS } from '../../../contract/bans.ts';
import { runSteps, staying, type Step } from '../ensure.ts';
import type { System } from '../system/system.ts';
import type { VerbHandler } from './table.ts';

export function lookAtBans({ fail2ban }: Pick<System, 'fail2ban'>): VerbHandler<'bans.look'> {
  return async () => {
    const jails = await fail2ban.jails();
    const each = await Promise.all(
      jails.map(async (jail) => (await fail2ban.bans(jail)).map((ban) => ({ ...ban, jail }))),
    );
    const bans = each.flat().sort(byEnd);
    return { jails: [...jails], bans: bans.slice(0, MOST_BANS), more: Math.max(0, bans.length - MOST_BANS) };
  };
}

type Tools = Pick<System, 'fail2ban' | 'spared' | 'caps'>;

/** Whom nobody bans is asked before it is counted: what is refused takes no room from others, nor what is so already. */
export function putBan({ fail2ban, spared, caps }: Tools): VerbHandler<'ban.put'> {
  return async ({ id, address, jails }, run) => {
    await fail2ban.require(jails);
    await spared.refuse(address, jails);
    const steps = jails.map((jail) => ban(fail2ban, jail, address));
    const bring = () => runSteps(steps, run);
    await ((await areSo(steps)) ? bring() : caps.ban(id, bring));
    return {};
  };
}

export function removeBan({ fail2ban }: Pick<System, 'fail2ban'>): VerbHandler<'ban.remove'> {
  return async ({ address, jails }, run) => {
    // Whom a jail keeps off that is not there it lets in by not being there.
    const there = await fail2ban.jails();
    const those = jails.filter((jail) => there.includes(jail));
    if (those.length === 0) await fail2ban.require(jails);
    await runSteps(
      those.map((jail) => unban(fail2ban, jail, address)),
      run,
    );
    return {};
  };
}

async function areSo(steps: readonly Step[]): Promise<boolean> {
  for (const step of steps) if ((await step.look()) !== null) return false;
  return true;
}

function ban(fail2ban: System['fail2ban'], jail: BanJail, address: BanAddress): Step {
  let listed = false;
  return {
    name: `ban from ${jail}`,
    look: async () => {
      listed = await fail2ban.isListed(jail, address);
      if (!listed) return 'it is not banned';
      return (await fail2ban.isKept(jail, address)) === false ? 'the kernel does not keep it off' : null;
    },
    change: async () => {
      const before = listed;
      // Whom it has on its list already it would not hand to the kernel a second time.
      if (before) await fail2ban.unban(jail, address);
      await fail2ban.ban(jail, address).catch(async (cause: unknown) => {
        // It may have heard it, and be late with its answer.
        await fail2ban.unban(jail, address).catch(() => undefined);
        throw cause;
      });
      return before ? null : () => fail2ban.unban(jail, address);
    },
  };
}

/** Those that last longest first, and of these those that do not end. */
function byEnd(one: { readonly until: string | null }, other: { readonly until: string | null }): number {
  const of = ({ until }: { readonly until: string | null }) =>
    until === null ? Infinity : Date.parse(until);
  return of(one) === of(other) ? 0 : of(other) - of(one);
}

/** Who was let in again stays so, whatever becomes of the other jail. */
function unban(fail2ban: System['fail2ban'], jail: BanJail, address: BanAddress): Step {
  let listed = true;
  return staying({
    name: `let in again by ${jail}`,
    look: async () => {
      listed = await fail2ban.isListed(jail, address);
      if (listed) return 'it is banned';
      return (await fail2ban.isKept(jail, address)) === true ? 'the kernel keeps it off' : null;
    },
    change: async () => {
      // Whom it has forgotten, for it was killed, it would not take from the kernel.
      if (!listed) await fail2ban.ban(jail, address);
      await fail2ban.unban(jail, address);
      return () => Promise.resolve();
    },
  });
}
