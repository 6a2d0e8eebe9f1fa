import type { Undo } from '../ensure.ts';
import { CACHE_PROGRAMS, renderCachePrograms } from '../render/cache-programs.ts';
import type { Commands } from './command.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';
import { ALREADY_ADDED, dropGroup, stateNameOf, tolerating } from './supervisor-calls.ts';
import type { XmlRpc } from './xml-rpc.ts';

/** What keeps the caches' Redis and its keeper running, now and after a restart of the server. */
export type CacheService = {
  /** Null where it runs. */
  readonly lookOn: () => Promise<string | null>;
  readonly turnOn: () => Promise<Undo>;
  readonly turnOff: () => Promise<void>;
};

type UnitTools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Pick<Files, 'readLink' | 'link' | 'remove'>;
};

const UNIT = 'sculptor-cache.service';
const UNIT_FILE = `/etc/systemd/system/${UNIT}`;
const WANTED = `${paths.wantedServices}/${UNIT}`;

/** Wanted by a link that is made here, so that systemd need not read all its units anew. */
export function createCacheUnit({ commands, files }: UnitTools): CacheService {
  const systemctl = (...args: readonly string[]) =>
    commands.run({ file: '/usr/bin/systemctl', args: ['--no-ask-password', ...args], timeoutMs: 90_000 });
  const turnOff = async () => {
    await files.remove(WANTED);
    await systemctl('stop', '--', UNIT);
  };
  return {
    lookOn: async () => {
      if ((await files.readLink(WANTED)) !== UNIT_FILE) return 'the caches are not wanted at boot';
      const state = await systemctl('show', '--property=ActiveState', '--value', '--', UNIT);
      return state.trim() === 'active' ? null : `the caches' Redis is ${state.trim()}`;
    },
    turnOn: async () => {
      const undo = await files.link(WANTED, UNIT_FILE);
      try {
        await systemctl('start', '--', UNIT);
      } catch (cause) {
        await undo();
        throw cause;
      }
      return turnOff;
    },
    turnOff,
  };
}

const PROGRAMS = `${paths.supervisorPrograms}/sculptor-cache.conf`;

type ProgramTools = { readonly files: Pick<Files, 'read' | 'replace' | 'remove'>; readonly call: XmlRpc };

export function createCachePrograms({ files, call }: ProgramTools): CacheService {
  const turnOff = async () => {
    await files.remove(PROGRAMS);
    for (const name of [...CACHE_PROGRAMS].reverse()) await dropGroup(call, name);
  };
  return {
    lookOn: async () => {
      if ((await files.read(PROGRAMS)) !== renderCachePrograms()) return 'the caches are not configured';
      for (const name of CACHE_PROGRAMS) {
        const state = await stateNameOf(call, name);
        if (state !== 'RUNNING' && state !== 'STARTING')
          return `${name} is ${state?.toLowerCase() ?? 'not known'}`;
      }
      return null;
    },
    turnOn: async () => {
      await files.replace(PROGRAMS, renderCachePrograms());
      await call('supervisor.reloadConfig', []);
      for (const name of CACHE_PROGRAMS)
        await tolerating(ALREADY_ADDED, () => call('supervisor.addProcessGroup', [name]));
      return turnOff;
    },
    turnOff,
  };
}
