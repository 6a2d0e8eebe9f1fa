import type { Commands } from './command.ts';
import type { Files } from './files.ts';
import type { Masters, Pool } from './masters.ts';

const WANTS = '/etc/systemd/system/sockets.target.wants';
const TEMPLATES = '/etc/systemd/system';

type Tools = { readonly commands: Pick<Commands, 'run'>; readonly files: Files };

/**
 * Under systemd: a socket unit for each site, whose service starts on the first request. Instances of two
 * templates, and wanted by a link made here, so that systemd never has to read all its units anew.
 */
export function createUnitMasters({ commands, files }: Tools): Masters {
  const systemctl = (...args: readonly string[]) =>
    commands.run({ file: '/usr/bin/systemctl', args: ['--no-ask-password', ...args], timeoutMs: 90_000 });
  const isActive = async (unit: string) => {
    const state = await systemctl('show', '--property=ActiveState', '--value', '--', unit);
    return !['inactive', 'failed'].includes(state.trim());
  };

  return {
    lookOn: async (pool) => {
      if ((await files.readLink(wantsLink(pool))) !== template(pool))
        return 'the socket is not wanted at boot';
      return (await isActive(socket(pool))) ? null : 'the socket is not there';
    },
    turnOn: async (pool) => {
      await files.link(wantsLink(pool), template(pool));
      // A socket whose service failed too often stays closed until this is said.
      await systemctl('reset-failed', '--', socket(pool), service(pool)).catch(() => undefined);
      await systemctl('start', '--', socket(pool));
    },
    lookOff: async (pool) => {
      if ((await files.readLink(wantsLink(pool))) !== null) return 'the socket is wanted at boot';
      if (await isActive(socket(pool))) return 'the socket is there';
      return (await isActive(service(pool))) ? 'php-fpm runs' : null;
    },
    turnOff: async (pool) => {
      await files.remove(wantsLink(pool));
      await systemctl('stop', '--', socket(pool), service(pool));
      await systemctl('reset-failed', '--', socket(pool), service(pool)).catch(() => undefined);
    },
    refresh: async (pool) => {
      await systemctl('try-restart', '--', service(pool));
    },
  };
}

function unit({ isolation }: Pool): string {
  return isolation === 'pool' ? 'sculptor-php-pool' : 'sculptor-php';
}

const socket = (pool: Pool) => `${unit(pool)}@${pool.id}.socket`;
const service = (pool: Pool) => `${unit(pool)}@${pool.id}.service`;
const wantsLink = (pool: Pool) => `${WANTS}/${socket(pool)}`;
const template = (pool: Pool) => `${TEMPLATES}/${unit(pool)}@.socket`;
