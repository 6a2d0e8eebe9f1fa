// Lies in the place of contract/failpoint.js on a throwaway server. It notes what each process passes, and kills its own
// process at the point that a file names: once, for that file is gone by then. Work that nobody asked for passes unseen.
import { AsyncLocalStorage } from 'node:async_hooks';
import { appendFileSync, readdirSync, readFileSync, unlinkSync } from 'node:fs';

const FOLDER = '/run/failpoints';
const PROCESSES = [
  ['executor', '/worker-privileged/executor/main.js'],
  ['worker', '/worker-privileged/main.js'],
  ['api', '/api/main.js'],
] as const;

const role = PROCESSES.find(([, main]) => (process.argv[1] ?? '').endsWith(main))?.[0];
const work = new AsyncLocalStorage<string | null>();
/** How often what each file names was passed since it was there. */
const passed = new Map<string, number>();

export const failpoint = (place: string, subject?: string | null): void => {
  if (role === undefined) return;
  if (subject !== undefined) work.enterWith(subject);
  if ((work.getStore() ?? null) === null) return;
  appendFileSync(`${FOLDER}/passed`, `${JSON.stringify({ role, place })}\n`);
  for (const name of readdirSync(`${FOLDER}/armed`)) dieIfMeant(name, place);
};

function dieIfMeant(name: string, place: string): void {
  const path = `${FOLDER}/armed/${name}`;
  const armed = readArmed(path);
  if (armed?.role !== role || armed?.place !== place) return;
  const times = (passed.get(name) ?? 0) + 1;
  passed.set(name, times);
  if (times !== armed.nth) return;
  unlinkSync(path);
  process.kill(process.pid, 'SIGKILL');
}

/** Null where another process has just died of it. */
function readArmed(path: string): { role: string; place: string; nth: number } | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { role: string; place: string; nth: number };
  } catch {
    return null;
  }
}
