import { FailureError } from '../../../../contract/failures.ts';
import type { PartId } from '../../../../contract/ids.ts';
import type { PublicPort } from '../../../../contract/queues.ts';
import type { Step, Undo } from '../../ensure.ts';
import { PORTS_TOO } from '../../render/firewall.ts';
import { renderPublicPorts } from '../../render/public-ports.ts';
import { readFirewallSettings } from '../../system/firewall-settings.ts';
import { paths } from '../../system/paths.ts';
import type { PortEntry } from '../../system/public-ports.ts';
import type { System } from '../../system/system.ts';
import { openPorts, requireRoomForPort } from '../tenant/public-ports.ts';
import type { Placed } from './kind.ts';

/** Throws where the number is not to be had; asked again when it is taken, for others ask too. */
export async function requirePort(system: System, at: Placed<'queue'>): Promise<void> {
  if ((await portHeld(system, at).look()) === null) return;
  await duringPorts(system, () => requireFree(system, at));
}

/** The number is this program's, closed or open, until it goes or is given another. */
export function portHeld(system: System, at: Placed<'queue'>): Step {
  const { publicPorts, now } = system;
  const { id: part, spec } = at.part;
  const wanted = spec.publicPort;
  const holds = ({ port, protocol }: PublicPort) => port === wanted?.port && protocol === wanted.protocol;
  return {
    name: 'hold its public port',
    look: async () => {
      if (wanted === null) return null;
      return (await publicPorts.of(part)).some(holds) ? null : `the port ${wanted.port} is not its own`;
    },
    change: () =>
      duringPorts(system, async () => {
        if (wanted === null) return null;
        await requireFree(system, at);
        const since = now().toISOString();
        return publicPorts.write({ ...wanted, site: at.site.id, part, since, open: false });
      }),
  };
}

/** The network reaches it, as far as the tenant's plan goes; beyond that it stays closed, and the program runs. */
export function portOpened(system: System, at: Placed<'queue'>): Step {
  return at.part.spec.running
    ? ports(system, {
        name: 'open its public port',
        part: at.part.id,
        keep: at.part.spec.publicPort,
        open: true,
      })
    : portClosed(system, at);
}

/** It stays the program's own. */
export function portClosed(system: System, { part: { id: part, spec } }: Placed<'queue'>): Step {
  return ports(system, { name: 'close its public port', part, keep: spec.publicPort, open: false });
}

/** Anybody may have it. */
export function portFreed(system: System, { part }: Placed<'queue'>): Step {
  return ports(system, { name: 'free its public port', part: part.id, keep: null, open: false });
}

type Wanted = {
  readonly name: string;
  readonly part: PartId;
  /** Which of those that it holds; what it held before goes. */
  readonly keep: PublicPort | null;
  readonly open: boolean;
};

function ports(system: System, { name, part, keep, open }: Wanted): Step {
  const { publicPorts } = system;
  const isKept = (entry: PortEntry) => entry.port === keep?.port;
  const differs = (entry: PortEntry) => !isKept(entry) || entry.open !== open;
  const changed = async (entry: PortEntry) =>
    isKept(entry) ? publicPorts.write({ ...entry, open }) : publicPorts.remove(entry);
  return {
    name,
    look: async () => {
      // Most programs have none, and nobody waits for them.
      if ((await publicPorts.of(part)).length === 0) return null;
      return duringPorts(system, async () => {
        const wrong = (await publicPorts.of(part)).find(differs);
        if (wrong !== undefined) return `the port ${wrong.port} is ${wrong.open ? 'open' : 'closed'}`;
        return publicPorts.look(await rules(system));
      });
    },
    change: () =>
      duringPorts(system, async () => {
        const undos: Undo[] = [];
        const undo = async () => {
          for (const each of undos.splice(0).reverse()) await each();
        };
        try {
          for (const entry of (await publicPorts.of(part)).filter(differs)) undos.push(await changed(entry));
          await settle(system);
        } catch (cause) {
          await undo();
          throw cause;
        }
        // What was asked away stays away.
        if (!open) return null;
        return () =>
          duringPorts(system, async () => {
            await undo();
            await settle(system);
          });
      }),
  };
}

function duringPorts<T>({ locks }: Pick<System, 'locks'>, act: () => Promise<T>): Promise<T> {
  return locks.during('public-ports', act);
}

type Rules = Pick<System, 'publicPorts' | 'registry' | 'tenants'>;

async function settle(system: Rules): Promise<void> {
  const wanted = await rules(system);
  if ((await system.publicPorts.look(wanted)) !== null) await system.publicPorts.load(wanted);
}

async function rules(system: Rules): Promise<string> {
  return renderPublicPorts(await openPorts(system, await system.publicPorts.list()));
}

/** All of them as root's record says, whatever became of the rules. */
export function portsAnew(system: Rules & Pick<System, 'locks'>): Promise<void> {
  return duringPorts(system, async () => system.publicPorts.load(await rules(system)));
}

/** What was noted of the kernel is gone with a start of the server. Rules that somebody has changed stay, for drift to show. */
export async function takeUpPorts(system: Rules & Pick<System, 'locks'>): Promise<void> {
  if ((await system.publicPorts.list()).length === 0) return;
  await duringPorts(system, async () => system.publicPorts.takeUp(await rules(system)));
}

/** Another program has it, root has opened it for something else, or something is there; or the plan has no room. */
async function requireFree(system: System, { site, part }: Placed<'queue'>): Promise<void> {
  const wanted = part.spec.publicPort;
  if (wanted === null) return;
  await requireFirewall(system);
  const { port, protocol } = wanted;
  const all = await system.publicPorts.list();
  await requireRoomForPort(system, site, { all, part: part.id });
  if (all.some((entry) => entry.port === port && entry.part !== part.id)) throw taken(wanted);
  if ((await readFirewallSettings(system.files)).open.includes(port)) throw taken(wanted);
  const others = (await system.publicPorts.bound()).filter((bound) => bound.uid !== site.uid);
  if (others.some((bound) => bound.port === port && bound.protocol === protocol)) throw taken(wanted);
}

/** What cannot be closed is not opened. Where root has switched the firewall off all is open, and the number is held. */
async function requireFirewall({ mode, files }: Pick<System, 'mode' | 'files'>): Promise<void> {
  const text = mode === 'systemd' ? await files.read(paths.firewallRules) : null;
  if (text === null)
    throw new FailureError(
      'not_ready',
      'There is no firewall of the agent here, so no port could be closed again.',
      'Its network is that of who runs this server: a port is opened there.',
    );
  if (!text.includes('chain') || text.includes(PORTS_TOO)) return;
  throw new FailureError(
    'not_ready',
    'The rules of the firewall are from before there were public ports.',
    'On the server, run sculptorctl firewall renew, and sculptorctl firewall confirm where that is over ssh.',
  );
}

function taken({ port, protocol }: PublicPort): FailureError {
  return new FailureError(
    'name_taken',
    `The ${protocol} port ${port} of this server is not free.`,
    'Ask for another one; as root, sculptorctl firewall show and ss -lnp tell whose it is.',
  );
}
