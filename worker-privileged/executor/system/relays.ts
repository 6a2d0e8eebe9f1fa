import type { DomainId } from '../../../contract/ids.ts';
import type { Commands } from './command.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';

const TEMPLATE = '/etc/systemd/system/sculptor-relay@.socket';

/**
 * What hands a site's visitors to the program that it has for them. nginx knows a socket of root's in a folder of root's;
 * what is behind it runs as the site, and so reaches no other socket than the site may reach anyway.
 */
export type Relays = {
  readonly socketOf: (id: DomainId) => string;
  /** What keeps it from answering, now and after a restart of the server; null where nothing does. */
  readonly lookOn: (id: DomainId) => Promise<string | null>;
  readonly turnOn: (id: DomainId) => Promise<void>;
  readonly lookOff: (id: DomainId) => Promise<string | null>;
  readonly turnOff: (id: DomainId) => Promise<void>;
};

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Pick<Files, 'readLink' | 'link' | 'remove'>;
};

/** Under systemd: a socket unit for each such site, wanted by a link made here; its service starts on a first visit. */
export function createUnitRelays({ commands, files }: Tools): Relays {
  const systemctl = (...args: readonly string[]) =>
    commands.run({ file: '/usr/bin/systemctl', args: ['--no-ask-password', ...args], timeoutMs: 90_000 });
  /** One call: it is asked of every site. */
  const statesOf = async (id: DomainId) => {
    const said = await systemctl('show', '--property=ActiveState', '--value', '--', socket(id), service(id));
    const [ofSocket = '', ofService = ''] = said.split('\n').filter(Boolean);
    return { socket: ofSocket, service: ofService };
  };
  /** What failed too often is refused a start, and stays in memory, until this is said. */
  const forgetFailures = async (id: DomainId) => {
    const states = await statesOf(id);
    if (states.socket === 'failed') await systemctl('reset-failed', '--', socket(id));
    if (states.service === 'failed') await systemctl('reset-failed', '--', service(id));
  };
  return {
    socketOf: paths.relaySocket,
    lookOn: async (id) => {
      if ((await files.readLink(wantsLink(id))) !== TEMPLATE) return 'the socket is not wanted at boot';
      return isActive((await statesOf(id)).socket) ? null : 'the socket is not there';
    },
    turnOn: async (id) => {
      const undo = await files.link(wantsLink(id), TEMPLATE);
      try {
        await forgetFailures(id);
        await systemctl('start', '--', socket(id));
      } catch (cause) {
        await undo();
        throw cause;
      }
    },
    lookOff: async (id) => {
      if ((await files.readLink(wantsLink(id))) !== null) return 'the socket is wanted at boot';
      const states = await statesOf(id);
      if (isActive(states.socket)) return 'the socket is there';
      return isActive(states.service) ? 'the relay runs' : null;
    },
    turnOff: async (id) => {
      await files.remove(wantsLink(id));
      await systemctl('stop', '--', socket(id), service(id));
      await forgetFailures(id);
    },
  };
}

const isActive = (state: string) => !['inactive', 'failed'].includes(state);
const socket = (id: DomainId) => `sculptor-relay@${id}.socket`;
const service = (id: DomainId) => `sculptor-relay@${id}.service`;
const wantsLink = (id: DomainId) => `${paths.wantedSockets}/${socket(id)}`;
