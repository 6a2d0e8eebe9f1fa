import { FailureError } from '../../../contract/failures.ts';
import type { ServerRequestId } from '../../../contract/ids.ts';
import { PendingUpdates, UpdateRun } from '../../../contract/updates.ts';
import { because } from './because.ts';
import type { Commands } from './command.ts';
import type { ExecutorConfig } from './config.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';
import { MOST_PACKAGES, packagesIn, rebootFor } from './update-log.ts';

/** What the distribution installs by itself: what waits for it, how it went, and that it be done now. */
export type Upgrades = {
  /** Null where nothing could install them. */
  readonly pending: () => Promise<PendingUpdates | null>;
  /** How it went last; null where nobody knows, which is so wherever systemd is not. */
  readonly last: () => Promise<UpdateRun | null>;
  readonly reboot: () => Promise<string[] | null>;
  /** Whether that one is over, however it went. */
  readonly isOver: (id: ServerRequestId) => Promise<boolean>;
  /** Begins it, or goes on waiting for it, to its end. */
  readonly begin: (id: ServerRequestId) => Promise<void>;
  /** How that one went; throws where that was not well. */
  readonly outcome: (id: ServerRequestId) => Promise<UpdateRun>;
};

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Pick<Files, 'read'>;
  readonly mode: ExecutorConfig['mode'];
  readonly reboot?: () => Promise<string[] | null>;
};

const PENDING_MS = 125_000;
/** Somewhat more than systemd gives its unit. */
const INSTALL_MS = 7_250_000;

export function createUpgrades({ commands, files, mode, reboot = rebootFor }: Tools): Upgrades {
  const start = (unit: string, timeoutMs: number) =>
    commands.run({
      file: '/usr/bin/systemctl',
      args: ['--no-ask-password', 'start', '--', unit],
      timeoutMs,
    });
  const log = async () => (await files.read(paths.updateRunLog)) ?? '';
  const last = async () => {
    const text = await files.read(paths.updateRun);
    return text === null ? null : runIn(text, await log());
  };
  return {
    pending: async () => {
      if (mode === 'systemd') await start('sculptor-pending-updates.service', PENDING_MS);
      else await commands.run({ file: '/usr/lib/sculptor/pending-updates', args: [], timeoutMs: PENDING_MS });
      const text = await files.read(paths.pendingUpdates);
      return text === null ? null : pendingIn(text);
    },
    last,
    reboot: () => reboot(),
    isOver: async (id) => (await files.read(paths.askedUpgrade(id))) !== null,
    begin: async (id) => {
      if (mode !== 'systemd') throw notHere();
      await start(`sculptor-upgrade@${id}.service`, INSTALL_MS).catch(notOver);
    },
    outcome: async (id) => {
      const [came = '', ...noted] = ((await files.read(paths.askedUpgrade(id))) ?? '').split('\n');
      const isLast = noted.join('\n') === (await files.read(paths.updateRun));
      const run = runIn(noted.join('\n'), isLast ? await log() : '');
      if (run === null) throw nothingInstalled();
      if (run.result !== 'succeeded') throw notInstalled(run);
      if (!came.startsWith('read ')) throw notRead();
      return run;
    },
  };
}

/** As /usr/lib/sculptor/pending-updates writes it, but for its times. */
export function pendingIn(text: string): PendingUpdates {
  const { listsReadAt, ...rest } = JSON.parse(text) as { readonly listsReadAt: number };
  return PendingUpdates.parse({ ...rest, listsReadAt: timeOf(listsReadAt) });
}

/** As /usr/lib/sculptor/update-run writes it; null where that is not so. */
export function runIn(text: string, log: string): UpdateRun | null {
  const [head = '', why = ''] = text.split('\n');
  const [began, ended, result] = head.split(' ');
  const packages = packagesIn(log);
  const run = UpdateRun.safeParse({
    beganAt: timeOf(Number(began)),
    endedAt: timeOf(Number(ended)),
    result,
    why: why === '' ? null : printable(why),
    packages: packages.slice(0, MOST_PACKAGES),
    more: Math.max(0, packages.length - MOST_PACKAGES),
  });
  return run.data ?? null;
}

function timeOf(seconds: number): string | undefined {
  return Number.isSafeInteger(seconds) && seconds < 1e11 ? new Date(seconds * 1000).toISOString() : undefined;
}

/** What a program has said that is not ours, on one line. */
function printable(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?').slice(0, 300);
}

const LOOK =
  'On the server, /var/log/unattended-upgrades tells more, and apt-get check whether packages fit together.';

function nothingInstalled(): FailureError {
  return new FailureError(
    'server_broken',
    'Nothing was installed: the distribution was asked, and did not begin.',
    'On the server, apt-get check says whether dpkg was left half-way (dpkg --configure --pending mends that), and sculptorctl doctor whether security updates install themselves.',
  );
}

function notInstalled({ result, why }: UpdateRun): FailureError {
  const what = result === 'failed' ? 'The installing of security updates failed' : 'It was broken off';
  return new FailureError('server_broken', `${what}${why === null ? '.' : `: ${why}`}`.slice(0, 490), LOOK);
}

function notRead(): FailureError {
  return new FailureError(
    'server_broken',
    'The archives could not be read anew. What was known of them before is installed.',
    'On the server, apt-get update says which of them, and why.',
  );
}

function notOver(cause: unknown): never {
  throw because(
    cause,
    new FailureError(
      'server_broken',
      'The installing of security updates is not over after two hours, or what waits for it broke off.',
      'What has begun goes on. systemctl status apt-daily-upgrade.service says where it stands.',
    ),
  );
}

function notHere(): FailureError {
  return new FailureError(
    'server_broken',
    'Where PID 1 is not systemd, security updates cannot be asked for.',
    'They install themselves once a day; as root on the server, unattended-upgrade does it now.',
  );
}
