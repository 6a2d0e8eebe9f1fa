import { FailureError } from '../../../contract/failures.ts';
import { because } from './because.ts';
import type { Commands } from './command.ts';
import type { Files } from './files.ts';
import type { Masters, Pool } from './masters.ts';
import { paths } from './paths.ts';
import { propertiesOf, setTo, shareIn } from './slice-properties.ts';

const TEMPLATES = '/etc/systemd/system';
const ASLEEP: ReadonlySet<string> = new Set(['inactive', 'failed']);

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
  /** Of each its own, in one call: it costs as much as many do. */
  const statesOf = async (...units: readonly string[]) => {
    const said = await systemctl('show', '--property=ActiveState', '--value', '--', ...units);
    const states = said.split('\n').filter(Boolean);
    return units.map((name, at) => ({ name, state: states[at] ?? '' }));
  };
  const active = async (...units: readonly string[]) =>
    (await statesOf(...units)).flatMap(({ name, state }) => (ASLEEP.has(state) ? [] : [name]));
  /** Requests under way have ten seconds: whoever turns PHP off does not wait for a tenant's pleasure. */
  const stop = async (pool: Pool) => {
    const masters = [service(pool), next(pool)];
    await within(10_000, 'stop', '--', socket(pool), ...masters).catch(async () => {
      for (const each of await active(...masters)) await systemctl('kill', '--signal=SIGKILL', '--', each);
      await systemctl('stop', '--', socket(pool), ...masters);
    });
  };
  /** What failed too often is refused a start, and stays in memory, until this is said. */
  const forgetFailures = async (...units: readonly string[]) => {
    for (const { name, state } of await statesOf(...units))
      if (state === 'failed') await systemctl('reset-failed', '--', name);
  };

  return {
    socketOf: paths.unitSocket,
    lookOn: async (pool) => {
      if ((await files.readLink(wantsLink(pool))) !== template(pool))
        return 'the socket is not wanted at boot';
      return (await active(socket(pool))).length > 0 ? null : 'the socket is not there';
    },
    turnOn: async (pool) => {
      const undo = await files.link(wantsLink(pool), template(pool));
      try {
        await forgetFailures(service(pool));
        await systemctl('start', '--', socket(pool));
      } catch (cause) {
        // Nobody comes back for the link: it would have systemd try at every start of the server.
        await undo();
        throw cause;
      }
    },
    lookOff: async (pool) => {
      if ((await files.readLink(wantsLink(pool))) !== null) return 'the socket is wanted at boot';
      const there = await active(socket(pool), service(pool), next(pool));
      if (there.includes(socket(pool))) return 'the socket is there';
      return there.length > 0 ? 'php-fpm runs' : null;
    },
    turnOff: async (pool) => {
      await files.remove(wantsLink(pool));
      await stop(pool);
      await forgetFailures(service(pool), next(pool));
    },
    // A second master takes the requests at the same socket, while the first ends those it has and starts anew.
    refresh: async (pool) => {
      const there = await active(service(pool), next(pool));
      if (!there.includes(service(pool))) {
        if (there.length > 0) await systemctl('stop', '--', next(pool));
        return;
      }
      await forgetFailures(next(pool));
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
