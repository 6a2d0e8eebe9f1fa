import { DomainId } from '../../../contract/ids.ts';
import type { ServerLook, ServiceState } from '../../../contract/health.ts';
import type { Commands } from './command.ts';
import type { ExecutorConfig } from './config.ts';
import type { XmlRpc } from './xml-rpc.ts';

/** How those fare that the server's sites stand on, the agent's own among them, and PHP of the sites. */
export type Services = { readonly look: () => Promise<Pick<ServerLook, 'services' | 'awake'>> };

/** A closed list: of what else runs here the agent knows nothing. Who is not enabled is not missed. */
const UNITS = [
  ...['nginx', 'mariadb', 'mysql', 'cron', 'ssh', 'fail2ban', 'supervisor'].map((name) => `${name}.service`),
  'ssh.socket',
  ...['redis', 'api', 'worker-privileged', 'worker-unprivileged', 'mailer', 'supervisor'].map(
    (name) => `sculptor-${name}.service`,
  ),
  ...['cache', 'cache-keeper', 'firewall'].map((name) => `sculptor-${name}.service`),
  'sculptor-executor.socket',
];
const PROGRAMS: ReadonlySet<string> = new Set(
  [
    ...['nginx', 'mariadb', 'cron', 'sshd', 'redis', 'api', 'worker-privileged', 'worker-unprivileged'],
    ...['mailer', 'cache', 'cache-keeper'],
  ].map((name) => `sculptor-${name}`),
);
const PHP = 'PHP of sites';
const NAMED = 2;

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly call: XmlRpc;
  readonly mode: ExecutorConfig['mode'];
};

export function createServices({ commands, call, mode }: Tools): Services {
  const show = (properties: string, units: readonly string[]) =>
    commands.run({
      file: '/usr/bin/systemctl',
      args: ['--no-ask-password', '--no-pager', 'show', `--property=${properties}`, '--', ...units],
      timeoutMs: 15_000,
    });
  if (mode === 'supervisor')
    return { look: async () => inPrograms(await call('supervisor.getAllProcessInfo', [])) };
  return {
    look: async () => {
      const services = servicesIn(await show('Id,LoadState,UnitFileState,ActiveState,SubState', UNITS));
      const sites = ['sculptor-php@*.service', 'sculptor-php-pool@*.service'];
      const php = phpIn(await show('Id,ActiveState', sites));
      return { services: [...services, ...php.services], awake: php.awake };
    },
  };
}

/** What `systemctl show` says of each unit, by property. */
function blocksOf(text: string): readonly ReadonlyMap<string, string>[] {
  return text
    .split('\n\n')
    .map((block) => block.split('\n').map((line) => /^([A-Za-z]+)=(.*)$/.exec(line)))
    .map((lines) => new Map(lines.flatMap((line) => (line === null ? [] : [[line[1] ?? '', line[2] ?? '']]))))
    .filter((block) => block.has('Id'));
}

export function servicesIn(text: string): ServiceState[] {
  // One that has two names is shown by its own for both.
  const units = new Map(blocksOf(text).map((unit) => [unit.get('Id'), unit]));
  return [...units.values()].flatMap((unit) => {
    const of = (property: string) => unit.get(property) ?? '';
    const isWanted = /^enabled/.test(of('UnitFileState')) || of('ActiveState') === 'failed';
    if (of('LoadState') !== 'loaded' || !isWanted) return [];
    // One that ends as soon as it has begun is on its way again and again, and does not get there.
    const well =
      /^(?:active|reloading|activating)$/.test(of('ActiveState')) && of('SubState') !== 'auto-restart';
    const state = `${of('ActiveState')} (${of('SubState')})`.slice(0, 60);
    return [{ name: of('Id').replace(/\.service$/, ''), well, state }];
  });
}

/** A sleeping one is well. All that failed are one alarm: a fault of the server's own fails thousands. */
export function phpIn(text: string): Pick<ServerLook, 'services'> & { readonly awake: DomainId[] } {
  const units = blocksOf(text).flatMap((unit) => {
    const [, id] = /^sculptor-php(?:-pool)?@([a-z0-9]+)\.service$/.exec(unit.get('Id') ?? '') ?? [];
    const site = DomainId.safeParse(id);
    return site.success ? [{ id: site.data, state: unit.get('ActiveState') ?? '' }] : [];
  });
  const of = (...states: readonly string[]) =>
    units.flatMap(({ id, state }) => (states.includes(state) ? [id] : []));
  return { services: [phpOf(of('failed'))], awake: of('active', 'reloading').slice(0, 20_000) };
}

export function inPrograms(answer: unknown): Pick<ServerLook, 'services' | 'awake'> {
  const all = (Array.isArray(answer) ? answer : []).map((one: Readonly<Record<string, unknown>>) => ({
    name: String(one['group']),
    state: String(one['statename']),
  }));
  const isWell = (state: string) => state === 'RUNNING' || state === 'STARTING';
  const services = all
    .filter(({ name }) => PROGRAMS.has(name))
    .map(({ name, state }) => ({ name, well: isWell(state), state: state.toLowerCase().slice(0, 60) }));
  const failed = all.flatMap(({ name, state }) => {
    const site = DomainId.safeParse(/^sculptor-php-([a-z0-9]+)$/.exec(name)?.[1]);
    return site.success && !isWell(state) ? [site.data] : [];
  });
  return { services: [...services, phpOf(failed)], awake: null };
}

function phpOf(failed: readonly DomainId[]): ServiceState {
  const left = failed.length - NAMED;
  const names = `${failed.slice(0, NAMED).join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
  return { name: PHP, well: failed.length === 0, state: failed.length === 0 ? 'well' : `failed: ${names}` };
}
