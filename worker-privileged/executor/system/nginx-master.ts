import { readdir, readFile } from 'node:fs/promises';
import { FailureError } from '../../../contract/failures.ts';
import { comesTrue } from './comes-true.ts';
import type { Files } from './files.ts';

/* How nginx's processes stand: what has read which files. */

const PID_FILE = '/run/nginx.pid';

type Reading = Pick<Files, 'read'>;

/** One that died is started anew within a second or two, by systemd or Supervisor. */
const STARTED_MS = 10_000;
const RELOADED_MS = 20_000;

/** Signals the master, and waits for workers that were not there before: those have read the new files. */
export async function reload(files: Reading): Promise<void> {
  if (!(await comesTrue(async () => (await masterNow(files)) !== null, STARTED_MS))) throw notRunning();
  const master = await masterNow(files);
  const before = master === null ? [] : await childrenOf(master);
  if (master !== null) signal(master);
  const isRead = async () => {
    const now = await masterNow(files);
    // Another has started since, and read them then.
    return now !== null && (now === master ? haveTakenOver(now, before) : (await childrenOf(now)).length > 0);
  };
  if (!(await comesTrue(isRead, RELOADED_MS))) throw notRunning();
}

/** Null where none runs. */
async function masterNow(files: Reading): Promise<number | null> {
  const master = Number((await files.read(PID_FILE))?.trim());
  return master > 1 && (await commandOf(master)) === 'nginx' ? master : null;
}

function signal(master: number): void {
  try {
    process.kill(master, 'SIGHUP');
  } catch {
    // It has ended this moment.
  }
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

export async function drained(files: Reading): Promise<void> {
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
