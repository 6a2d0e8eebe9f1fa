import { readdir, readFile } from 'node:fs/promises';

/** How many processes run as that user; those that have ended and wait for their parent do not count. */
export async function countProcesses(uid: number): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name));
  const statuses = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')),
  );
  return statuses.filter((status) => belongs(status, uid)).length;
}

function belongs(status: string, uid: number): boolean {
  if (/^State:\s+[ZX]/m.test(status)) return false;
  const ids = /^Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)/m.exec(status)?.slice(1) ?? [];
  return ids.includes(String(uid));
}
