import { FailureError } from '../../../contract/failures.ts';
import { because } from './because.ts';
import type { Commands } from './command.ts';
import type { Files } from './files.ts';
import type { Masters, Pool } from './masters.ts';
import { paths } from './paths.ts';
import { propertiesOf, setTo, shareIn } from './slice-properties.ts';

const TEMPLATES = '/etc/systemd/system';

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Pick<Files, 'read' | 'readLink' | 'link' | 'remove'>;
};

/**
 * Under systemd: a socket unit for each site, whose service starts on the first request. Instances of two
 * templates, and wanted by a link made here, so that systemd never has to read all its units anew.
 */
export function createUnitMasters({ commands, files }: Tools): Masters {
  const within = (timeoutMs: number, ...args: readonly string[]) =>
    commands.run({ file: '/usr/bin/systemctl', args: ['--no-ask-password', ...args], timeoutMs });
  const systemctl = (...args: readonly string[]) => within(90_000, ...args);
  const stateOf = async (unit: string) =>
    (await systemctl('show', '--property=ActiveState', '--value', '--', unit)).trim();
  const isActive = async (unit: string) => !['inactive', 'failed'].includes(await stateOf(unit));
  /** Requests under way have ten seconds: whoever turns PHP off does not wait for a tenant's pleasure. */
  const stop = async (pool: Pool) => {
    const masters = [service(pool), next(pool)];
    await within(10_000, 'stop', '--', socket(pool), ...masters).catch(async () => {
      for (const each of masters)
        if (await isActive(each)) await systemctl('kill', '--signal=SIGKILL', '--', each);
      await systemctl('stop', '--', socket(pool), ...masters);
    });
  };
  /** What failed too often is refused a start, and stays in memory, until this is said. */
  const forgetFailure = async (unit: string) => {
    if ((await stateOf(unit)) === 'failed') await systemctl('reset-failed', '--', unit);
  };

  return {
    socketOf: paths.unitSocket,
    lookOn: async (pool) => {
      if ((await files.readLink(wantsLink(pool))) !== template(pool))
        return 'the socket is not wanted at boot';
      return (await isActive(socket(pool))) ? null : 'the socket is not there';
    },
    turnOn: async (pool) => {
      const undo = await files.link(wantsLink(pool), template(pool));
      try {
        await forgetFailure(service(pool));
        await systemctl('start', '--', socket(pool));
      } catch (cause) {
        // Nobody comes back for the link: it would have systemd try at every start of the server.
        await undo();
        throw cause;
      }
    },
    lookOff: async (pool) => {
      if ((await files.readLink(wantsLink(pool))) !== null) return 'the socket is wanted at boot';
      if (await isActive(socket(pool))) return 'the socket is there';
      return (await isActive(service(pool))) || (await isActive(next(pool))) ? 'php-fpm runs' : null;
    },
    turnOff: async (pool) => {
      await files.remove(wantsLink(pool));
      await stop(pool);
      for (const each of [service(pool), next(pool)]) await forgetFailure(each);
    },
    // A second master takes the requests at the same socket, while the first ends those it has and starts anew.
    refresh: async (pool) => {
      if (!(await isActive(service(pool)))) {
        await systemctl('stop', '--', next(pool));
        return;
      }
      await forgetFailure(next(pool));
      for (const each of [next(pool), service(pool)]) {
        await systemctl('restart', '--', each).catch((cause: unknown) => {
          throw because(cause, doesNotStart(each));
        });
      }
      await systemctl('stop', '--', next(pool));
    },
    readShare: async ({ id }) => {
      const of = async (property: string) => setTo(await files.read(paths.sliceProperty(id, property)));
      return shareIn(await of('MemoryMax'), await of('TasksMax'));
    },
    // systemd writes it down in files of its own, and reads nothing anew.
    setShare: async (pool, share) => {
      await systemctl('set-property', '--', slice(pool), ...propertiesOf(share));
    },
  };
}

function doesNotStart(name: string): FailureError {
  return new FailureError(
    'config_refused',
    "The site's php-fpm does not start with its new configuration.",
    `The old one is back. On the server, journalctl -u ${name} says why.`,
  );
}

function unit({ isolation }: Pool): string {
  return isolation === 'pool' ? 'sculptor-php-pool' : 'sculptor-php';
}

const socket = (pool: Pool) => `${unit(pool)}@${pool.id}.socket`;
const service = (pool: Pool) => `${unit(pool)}@${pool.id}.service`;
/** Who stands in while the service starts anew. */
const next = (pool: Pool) => `${unit(pool)}-next@${pool.id}.service`;
const slice = ({ id }: Pool) => `sculptor-${id}.slice`;
const wantsLink = (pool: Pool) => `${paths.wantedSockets}/${socket(pool)}`;
const template = (pool: Pool) => `${TEMPLATES}/${unit(pool)}@.socket`;
