import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from '../system/resp.ts';

const LOOK_EVERY_MS = 250;
/** So much more since the last round, all together, and the next one begins at once. */
const ALARM_BYTES = 16_777_216;

/** The time between two rounds, in which Redis is the sites' alone; cut short where memory is filled meanwhile. */
export async function rest({ call }: Pick<Redis, 'call'>, forMs: number): Promise<void> {
  const before = usedIn(await call('INFO', 'memory'));
  for (let left = forMs; left > 0; left -= LOOK_EVERY_MS) {
    await pause(Math.min(left, LOOK_EVERY_MS));
    if (usedIn(await call('INFO', 'memory')) > before + ALARM_BYTES) return;
  }
}

export function usedIn(info: unknown): number {
  return Number(/^used_memory:([0-9]+)\r?$/m.exec(String(info))?.[1] ?? Number.NaN);
}
