import { hasSocket, type SiteSpec } from '../../../../contract/domains.ts';
import type { DomainId } from '../../../../contract/ids.ts';
import type { Step } from '../../ensure.ts';
import type { System } from '../../system/system.ts';

type Tools = Pick<System, 'relays'>;

/** Whether its visitors are handed to a program of its own, as it shall stand. */
export function relays({ type, enabled }: Pick<SiteSpec, 'type' | 'enabled'>, suspended: boolean): boolean {
  return hasSocket(type) && enabled && !suspended;
}

/** Its socket is there, now and after a restart of the server. */
export function relayOn({ relays: { lookOn, turnOn, turnOff } }: Tools, id: DomainId): Step {
  return {
    name: 'turn the way to its program on',
    look: () => lookOn(id),
    change: async () => {
      await turnOn(id);
      return () => turnOff(id);
    },
  };
}

export function relayOff({ relays: { lookOff, turnOff } }: Tools, id: DomainId): Step {
  return {
    name: 'turn the way to its program off',
    look: () => lookOff(id),
    change: async () => {
      await turnOff(id);
      return null;
    },
  };
}
