import { readdir, readFile } from 'node:fs/promises';
import { FailureError } from '../../../contract/failures.ts';
import type { DomainId } from '../../../contract/ids.ts';
import type { Undo } from '../ensure.ts';
import { createBatch } from './batch.ts';
import { because } from './because.ts';
import { CommandError, type Commands } from './command.ts';
import type { Files } from './files.ts';
import type { Locks } from './locks.ts';
import type { Changing, Unread } from './unread.ts';

const CONF = '/etc/nginx/sculptor/nginx.conf';
/** How nginx names a place in one of root's files for a site. */
const IN_SNIPPET = /\/etc\/nginx\/sculptor\/snippets\/[a-z0-9]{12}-([A-Za-z0-9_.-]+\.conf):([0-9]+)/;
const PID_FILE = '/run/nginx.pid';

export type Nginx = {
  /**
   * Makes a change to nginx's files of a site, asks nginx about all of them, and returns when new workers serve it. Where
   * nginx refuses, the change is undone: `config_refused`, or `server_broken` where it was not the change.
   */
  readonly apply: (files: FilesOf, change: () => Promise<Undo>) => Promise<Undo>;
  /**
   * When those that read former files have ended, but for requests that take long: they may have accepted a visitor whose
   * request they have not read yet, and answer it by the files that they know.
   */
  readonly drained: () => Promise<void>;
  /** Whether an executor died of changing the site's files: nobody knows whether nginx has read them. */
  readonly isUnread: (site: DomainId) => Promise<boolean>;
  /** Puts back what an executor that died was about to change. */
  readonly putBack: () => Promise<void>;
};

type FilesOf = { readonly site: DomainId; readonly changing: readonly Changing[] };

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Pick<Files, 'read'>;
  readonly locks: Locks;
  readonly unread: Unread;
};

export function createNginx({ commands, files, locks, unread }: Tools): Nginx {
  // What changes in the same moment is served by one reload: each reload costs every site's connections a little.
  const sharedReload = createBatch<null>(() => reload(files));

  // Under a lock, so that what is refused is the fault of the one change that was made.
  const checked = (change: () => Promise<Undo>, forget: () => Promise<void>) =>
    locks.during('nginx', async () => {
      const undo = await change().catch(async (failed: unknown) => {
        await forget();
        throw failed;
      });
      try {
        await check(commands);
      } catch (refused) {
        await undo();
        await forget();
        throw await blame(refused, () => check(commands));
      }
      return undo;
    });

  const applied = async (change: () => Promise<Undo>, forget: () => Promise<void>) => {
    const undo = await checked(change, forget);
    const undoLive = async () => {
      await locks.during('nginx', undo);
      await sharedReload(null);
    };
    try {
      await sharedReload(null);
    } catch (failed) {
      await locks.during('nginx', undo);
      await forget();
      throw failed;
    }
    await forget();
    return undoLive;
  };

  return {
    apply: async ({ site, changing }, change) => {
      const forget = await unread.note(site, changing);
      // One that stays is seen when the files are looked at again, which is then tried again.
      return applied(change, () => forget().catch(() => undefined));
    },
    drained: () => drained(files),
    isUnread: unread.isNoted,
    putBack: () => locks.during('nginx', unread.putBack),
  };
}

async function check(commands: Tools['commands']): Promise<void> {
  await commands.run({ file: '/usr/sbin/nginx', args: ['-t', '-q', '-c', CONF] });
}

/** How nginx ends what it has to say of a file: a path without the words of whoever wrote it. */
const PLACE = / in (\/[A-Za-z0-9._/-]{1,300}:[0-9]{1,7})$/m;

function placeIn(failure: unknown): string {
  const place = failure instanceof CommandError ? PLACE.exec(failure.stderr)?.[1] : undefined;
  return place === undefined ? '' : ` in ${place}`;
}

/** Whose fault a refusal was: asked again without the change. */
async function blame(refused: unknown, askAgain: () => Promise<void>): Promise<unknown> {
  if (!(refused instanceof CommandError)) return refused;
  try {
    await askAgain();
  } catch (still) {
    return because(
      still,
      new FailureError(
        'server_broken',
        `nginx refuses its configuration${placeIn(still)}, and not because of this site.`,
        `On the server, nginx -t -c ${CONF} says what is wrong; ask again when it is mended.`,
      ),
    );
  }
  const [, snippet, line] = IN_SNIPPET.exec(refused.stderr) ?? [];
  if (snippet !== undefined) {
    return because(
      refused,
      new FailureError(
        'config_refused',
        `nginx does not take root's own lines for this site: ${snippet}, line ${line ?? '?'}.`,
        'What it served before serves on. On the server, nginx -t of these lines, and the log, say what is wrong.',
      ),
    );
  }
  return because(
    refused,
    new FailureError(
      'config_refused',
      "nginx does not take the site's server block.",
      'The old one is back. The log on the server has what nginx said.',
    ),
  );
}

/** Signals the master, and waits for workers that were not there before: those have read the new files. */
async function reload(files: Tools['files']): Promise<void> {
  const master = Number((await files.read(PID_FILE))?.trim());
  if (!(master > 1) || (await commandOf(master)) !== 'nginx') throw notRunning();
  const before = await childrenOf(master);
  process.kill(master, 'SIGHUP');
  if (!(await comesTrue(() => haveTakenOver(master, before), 20_000))) throw notRunning();
}

/** False where it does not in that time. */
async function comesTrue(isSo: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

function notRunning(): FailureError {
  return new FailureError(
    'server_broken',
    'nginx does not run, or does not take its new configuration.',
    'Start nginx on the server and look into its log, then ask again.',
  );
}

/** The old workers go on accepting for a moment after the new ones are there. */
async function haveTakenOver(master: number, before: readonly string[]): Promise<boolean> {
  const now = await childrenOf(master);
  const titles = await Promise.all(now.filter((pid) => before.includes(pid)).map(titleOf));
  const accepting = titles.some((title) => title !== '' && !title.includes(ENDING));
  return !accepting && now.some((pid) => !before.includes(pid));
}

/** What has not asked by then is a visitor who takes their time; a download, or a socket that stays open, is not waited for. */
const DRAINED_MS = 3000;

async function drained(files: Tools['files']): Promise<void> {
  const master = Number((await files.read(PID_FILE))?.trim());
  const isDrained = async () => {
    const titles = await Promise.all((await childrenOf(master)).map(titleOf));
    return !titles.some((title) => title.includes(ENDING));
  };
  await comesTrue(isDrained, DRAINED_MS);
}

/** How nginx calls a worker that accepts nobody any more and ends when it has answered. */
const ENDING = 'shutting down';

async function titleOf(pid: string): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
}

async function commandOf(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
}

async function childrenOf(parent: number): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name));
  const parents = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      // The name in parentheses may hold anything, so the numbers are read from behind it.
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    }),
  );
  return pids.filter((_, index) => parents[index] === parent);
}
