import type { DomainId } from '../../../contract/ids.ts';
import { FailureError } from '../../../contract/failures.ts';
import { RELAY, relayGroup, renderSupervisedRelay } from '../render/supervised-relay.ts';
import type { Accounts } from './accounts.ts';
import { because } from './because.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';
import type { Relays } from './relays.ts';
import { ALREADY_ADDED, dropGroup, stateNameOf, tolerating } from './supervisor-calls.ts';
import type { XmlRpc } from './xml-rpc.ts';

type Tools = {
  readonly accounts: Pick<Accounts, 'find' | 'runAs'>;
  readonly files: Pick<Files, 'read' | 'replace' | 'remove'>;
  readonly call: XmlRpc;
};

/** Under Supervisor: the same program, always on, at a socket that Supervisor made. */
export function createSupervisedRelays({ accounts, files, call }: Tools): Relays {
  const stateOf = (id: DomainId) => stateNameOf(call, `${relayGroup(id)}:${relayGroup(id)}`);
  const requireProgram = async (id: DomainId) => {
    const account = await accounts.find(`s-${id}`);
    if (account === null) throw new Error('the site has no account yet');
    await accounts.runAs(account, { file: '/usr/bin/test', args: ['-x', RELAY] }).catch((cause: unknown) => {
      throw because(cause, noProgram());
    });
  };
  return {
    socketOf: paths.supervisedRelaySocket,
    lookOn: async (id) => {
      if ((await files.read(conf(id))) !== renderSupervisedRelay(id)) return 'the program is another';
      const state = await stateOf(id);
      return state === 'RUNNING' || state === 'STARTING'
        ? null
        : `the program is ${state?.toLowerCase() ?? 'not known'}`;
    },
    turnOn: async (id) => {
      await requireProgram(id);
      const undo = await files.replace(conf(id), renderSupervisedRelay(id));
      try {
        await call('supervisor.reloadConfig', []);
        await dropGroup(call, relayGroup(id));
        await tolerating(ALREADY_ADDED, () => call('supervisor.addProcessGroup', [relayGroup(id)]));
      } catch (cause) {
        await dropGroup(call, relayGroup(id)).catch(() => undefined);
        await undo();
        throw cause;
      }
    },
    lookOff: async (id) => {
      if ((await files.read(conf(id))) !== null) return 'the program is configured';
      return (await stateOf(id)) === null ? null : 'the program is there';
    },
    turnOff: async (id) => {
      await files.remove(conf(id));
      await dropGroup(call, relayGroup(id));
      // Supervisor closes its socket and leaves it lying.
      await files.remove(paths.supervisedRelaySocket(id));
    },
  };
}

const conf = (id: DomainId) => `${paths.supervisorPrograms}/${relayGroup(id)}.conf`;

function noProgram(): FailureError {
  return new FailureError(
    'not_ready',
    `This server has no ${RELAY}, which hands a site's visitors to its program.`,
    'Install the package systemd on the server, which need not run, or choose another type.',
  );
}
