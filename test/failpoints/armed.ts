// Lies in the place of contract/failpoint.js on a throwaway server. It notes what each process passes, and kills its own
// process at the point that a file names: once, for that file is gone by then. Work that nobody asked for passes unseen.
import { AsyncLocalStorage } from 'node:async_hooks';
import { appendFileSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';

const FOLDER = '/run/failpoints';
const PROCESSES = [
  ['executor', '/worker-privileged/executor/main.js'],
  ['worker', '/worker-privileged/main.js'],
  ['api', '/api/main.js'],
] as const;

const role = PROCESSES.find(([, main]) => (process.argv[1] ?? '').endsWith(main))?.[0];
type Armed = { readonly role: string; readonly place: string; readonly nth: number };

const work = new AsyncLocalStorage<string | null>();
export const failpoint = (place: string, subject?: string | null): void => {
  if (role === undefined) return;
  if (subject !== undefined) work.enterWith(subject);
  if ((work.getStore() ?? null) === null) return;
  appendFileSync(`${FOLDER}/passed`, `${JSON.stringify({ role, place })}\n`);
  const meant = readdirSync(`${FOLDER}/armed`).filter((name) => isMeant(`${FOLDER}/armed/${name}`, place));
  if (meant.length === 0) return;
  for (const name of meant) unlinkSync(`${FOLDER}/armed/${name}`);
  process.kill(process.pid, 'SIGKILL');
};

/** Whoever passes it before it is their time says so in the file: the next time it may be another process that does. */
function isMeant(path: string, place: string): boolean {
  const armed = readArmed(path);
  if (armed?.role !== role || armed?.place !== place) return false;
  if (armed.nth === 1) return true;
  writeFileSync(path, JSON.stringify({ ...armed, nth: armed.nth - 1 }));
  return false;
}

/** Null where another process has just died of it. */
function readArmed(path: string): Armed | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Armed;
  } catch {
    return null;
  }
}
