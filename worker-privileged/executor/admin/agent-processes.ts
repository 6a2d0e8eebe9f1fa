import { lstat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { System } from '../system/system.ts';
import type { AdminTools } from './command.ts';

const API_SOCKET = '/run/sculptor/api.sock';
const UNITS = [
  'sculptor-api.service',
  'sculptor-worker-privileged.service',
  'sculptor-worker-unprivileged.service',
  'sculptor-executor.socket',
  'sculptor-executor.service',
] as const;
const PROGRAMS = ['sculptor-api', 'sculptor-worker-privileged', 'sculptor-worker-unprivileged'] as const;

/** All of the agent's processes that use its state. */
export async function turnAgent(
  { commands }: Pick<AdminTools, 'commands'>,
  mode: System['mode'],
  word: 'stop' | 'start',
): Promise<void> {
  if (mode === 'supervisor') {
    await commands.run({ file: '/usr/bin/supervisorctl', args: [word, ...PROGRAMS], timeoutMs: 180_000 });
    return;
  }
  // The executor's service is started by who asks it.
  const units = word === 'stop' ? UNITS : ['sculptor-executor.socket', ...UNITS.slice(0, 3)];
  await commands.run({ file: '/usr/bin/systemctl', args: [word, '--', ...units], timeoutMs: 180_000 });
}

/** For a while: where it takes longer the state is put back all the same. */
export async function untilApiListens(): Promise<void> {
  for (let times = 0; times < 120 && (await lstat(API_SOCKET).catch(() => null)) === null; times += 1)
    await pause(500);
}
