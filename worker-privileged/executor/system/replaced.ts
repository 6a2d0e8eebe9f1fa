import { DomainId } from '../../../contract/ids.ts';
import type { Commands } from './command.ts';
import type { ExecutorConfig } from './config.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';

/** Who still runs what an update has replaced. Where nothing is a unit, nobody can tell, and nothing is restarted. */
export type Replaced = {
  readonly look: () => Promise<Stale>;
  /** Starts those of the agent's own that are stale anew, this process too; does not wait for them. */
  readonly restart: (services: Stale['services']) => Promise<void>;
};

/** `sites`: whose php-fpm master is. */
export type Stale = { readonly sites: readonly DomainId[]; readonly services: readonly Own[] };

/** In the order in which they start anew: who is asked for it comes last. */
const OWN = [
  'sculptor-redis.service',
  'sculptor-cache-keeper.service',
  'sculptor-api.service',
  'sculptor-worker-unprivileged.service',
  'sculptor-mailer.service',
  'sculptor-worker-privileged.service',
  'sculptor-executor.service',
] as const;
type Own = (typeof OWN)[number];

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Pick<Files, 'read'>;
  readonly mode: ExecutorConfig['mode'];
};

export function createReplaced({ commands, files, mode }: Tools): Replaced {
  const systemctl = (...args: readonly string[]) =>
    commands.run({ file: '/usr/bin/systemctl', args: ['--no-ask-password', ...args], timeoutMs: 60_000 });
  return {
    look: async () => {
      if (mode !== 'systemd') return { sites: [], services: [] };
      await systemctl('start', '--', 'sculptor-replaced.service');
      return staleIn((await files.read(paths.replaced)) ?? '');
    },
    restart: async (services) => {
      const stale = OWN.filter((service) => services.includes(service));
      if (stale.length > 0) await systemctl('try-restart', '--no-block', '--', ...stale);
    },
  };
}

/** What stands there beside ours is the distribution's, which restarts its own. */
export function staleIn(text: string): Stale {
  const units = text.split('\n');
  const sites = units.flatMap((unit) => {
    const [, id] = /^sculptor-php(?:-pool)?@([a-z0-9]+)\.service$/.exec(unit) ?? [];
    return DomainId.safeParse(id).data ?? [];
  });
  return { sites: [...new Set(sites)], services: OWN.filter((service) => units.includes(service)) };
}
