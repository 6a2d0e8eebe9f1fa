import { FailureError } from '../../../contract/failures.ts';
import { renderSupervisedPool, supervisedGroup } from '../render/supervisor.ts';
import { because } from './because.ts';
import type { Files } from './files.ts';
import type { Masters, Pool } from './masters.ts';
import { paths } from './paths.ts';
import { XmlRpcFault, type XmlRpc } from './xml-rpc.ts';

const CONF = '/etc/supervisor/conf.d';

/** Supervisor's fault codes: a name it does not know, a group that is there already, a process that does not run. */
const BAD_NAME = 10;
const ALREADY_ADDED = 90;
const NOT_RUNNING = 70;

type Tools = { readonly files: Pick<Files, 'read' | 'replace' | 'remove'>; readonly call: XmlRpc };

/** Under Supervisor: a program for each site, always on, its file among those of the distribution's Supervisor. */
export function createSupervisorMasters({ files, call }: Tools): Masters {
  const stateOf = async (pool: Pool) => {
    const info = await tolerating(BAD_NAME, () => call('supervisor.getProcessInfo', [process(pool)]));
    return info === null ? null : String((info as Record<string, unknown>)['statename']);
  };

  return {
    socketOf: paths.supervisedSocket,
    lookOn: async (pool) => {
      if ((await files.read(conf(pool))) !== text(pool)) return 'the program is not as it should be';
      const state = await stateOf(pool);
      return state === 'RUNNING' ? null : `the program is ${state?.toLowerCase() ?? 'not known'}`;
    },
    turnOn: async (pool) => {
      const undo = await files.replace(conf(pool), text(pool));
      try {
        await reread(call);
        await drop(call, pool);
        await tolerating(ALREADY_ADDED, () => call('supervisor.addProcessGroup', [supervisedGroup(pool.id)]));
        await started(() => stateOf(pool));
      } catch (cause) {
        await drop(call, pool).catch(() => undefined);
        await undo();
        throw cause;
      }
    },
    lookOff: async (pool) => {
      if ((await files.read(conf(pool))) !== null) return 'the program is configured';
      return (await stateOf(pool)) === null ? null : 'the program is there';
    },
    turnOff: async (pool) => {
      await files.remove(conf(pool));
      await drop(call, pool);
    },
    refresh: async (pool) => {
      if ((await stateOf(pool)) === null) return;
      await tolerating(NOT_RUNNING, () => call('supervisor.stopProcess', [process(pool), true]));
      await call('supervisor.startProcess', [process(pool), true]);
    },
  };
}

/** A file that Supervisor cannot read stops it from reading any: ours is taken out again by who put it there. */
async function reread(call: XmlRpc): Promise<void> {
  try {
    await call('supervisor.reloadConfig', []);
  } catch (cause) {
    if (!(cause instanceof XmlRpcFault)) throw cause;
    throw because(
      cause,
      new FailureError(
        'config_refused',
        'Supervisor does not take its configuration.',
        'Another file among its programs may be at fault; the log has what it said.',
      ),
    );
  }
}

async function drop(call: XmlRpc, pool: Pool): Promise<void> {
  const group = supervisedGroup(pool.id);
  await tolerating(BAD_NAME, () => call('supervisor.stopProcessGroup', [group, true]));
  await tolerating(BAD_NAME, () => call('supervisor.removeProcessGroup', [group]));
}

/** Supervisor calls a program running when it has run for `startsecs`. */
async function started(state: () => Promise<string | null>): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (let now = await state(); now !== 'RUNNING'; now = await state()) {
    if (now === 'FATAL' || now === null || performance.now() > deadline) {
      throw new FailureError(
        'config_refused',
        "The site's php-fpm does not start.",
        "Look into the site's log in /var/log/sculptor on the server.",
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function tolerating(fault: number, act: () => Promise<unknown>): Promise<unknown> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof XmlRpcFault && cause.faultCode === fault) return null;
    throw cause;
  }
}

const process = ({ id }: Pool) => `${supervisedGroup(id)}:${supervisedGroup(id)}`;
const conf = ({ id }: Pool) => `${CONF}/${supervisedGroup(id)}.conf`;
const text = ({ id, user }: Pool) => renderSupervisedPool({ id, user, socket: paths.supervisedSocket(id) });
