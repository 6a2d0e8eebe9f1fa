import { FailureError } from '../../../contract/failures.ts';
import { renderSupervisedPool, supervisedGroup } from '../render/supervisor.ts';
import { because } from './because.ts';
import type { Files } from './files.ts';
import type { Masters, Pool } from './masters.ts';
import { paths } from './paths.ts';
import { ALREADY_ADDED, dropGroup, NOT_RUNNING, stateNameOf, tolerating } from './supervisor-calls.ts';
import { XmlRpcFault, type XmlRpc } from './xml-rpc.ts';

type Tools = { readonly files: Pick<Files, 'read' | 'replace' | 'remove'>; readonly call: XmlRpc };

/** Under Supervisor: a program for each site, always on, its file among those of the distribution's Supervisor. */
export function createSupervisorMasters({ files, call }: Tools): Masters {
  const stateOf = (pool: Pool) => stateNameOf(call, process(pool));

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
        await call('supervisor.reloadConfig', []);
        await dropGroup(call, supervisedGroup(pool.id));
        await tolerating(ALREADY_ADDED, () => call('supervisor.addProcessGroup', [supervisedGroup(pool.id)]));
        await started(() => stateOf(pool));
      } catch (refused) {
        await dropGroup(call, supervisedGroup(pool.id)).catch(() => undefined);
        await undo();
        throw await blame(refused, call);
      }
    },
    lookOff: async (pool) => {
      if ((await files.read(conf(pool))) !== null) return 'the program is configured';
      return (await stateOf(pool)) === null ? null : 'the program is there';
    },
    turnOff: async (pool) => {
      await files.remove(conf(pool));
      await dropGroup(call, supervisedGroup(pool.id));
      // Supervisor closes its socket and leaves it lying.
      await files.remove(paths.supervisedSocket(pool.id));
    },
    refresh: async (pool) => {
      if ((await stateOf(pool)) === null) return;
      await tolerating(NOT_RUNNING, () => call('supervisor.stopProcess', [process(pool), true]));
      await call('supervisor.startProcess', [process(pool), true]).catch((cause: unknown) => {
        throw cause instanceof XmlRpcFault ? because(cause, doesNotStart()) : cause;
      });
    },
    readShare: (_pool, wanted) => Promise.resolve(wanted),
    setShare: () => Promise.resolve(),
  };
}

/** A file that Supervisor cannot read stops it from reading any. Whose fault it was: asked again without ours. */
async function blame(refused: unknown, call: XmlRpc): Promise<unknown> {
  if (!(refused instanceof XmlRpcFault)) return refused;
  try {
    await call('supervisor.reloadConfig', []);
  } catch (still) {
    const foreign = 'Supervisor refuses its configuration, and not because of this site.';
    const todo = 'On the server, supervisorctl reread says what is wrong; ask again when it is mended.';
    return because(still, new FailureError('server_broken', foreign, todo));
  }
  const ours = "Supervisor does not take the site's program.";
  const todo = 'The old one is back. The log on the server has what Supervisor said.';
  return because(refused, new FailureError('config_refused', ours, todo));
}

/** Supervisor calls a program running when it has run for `startsecs`. */
async function started(state: () => Promise<string | null>): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (let now = await state(); now !== 'RUNNING'; now = await state()) {
    if (now === 'FATAL' || now === null || performance.now() > deadline) {
      throw doesNotStart();
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function doesNotStart(): FailureError {
  return new FailureError(
    'config_refused',
    "The site's php-fpm does not start with its new configuration.",
    "The old one is back. Look into the site's log in /var/log/sculptor on the server.",
  );
}

const process = ({ id }: Pool) => `${supervisedGroup(id)}:${supervisedGroup(id)}`;
const conf = ({ id }: Pool) => `${paths.supervisorPrograms}/${supervisedGroup(id)}.conf`;
const text = ({ id, user, share }: Pool) =>
  renderSupervisedPool({ id, user, socket: paths.supervisedSocket(id), share });
