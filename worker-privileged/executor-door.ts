// SECURITY. The only way from this side to root, and the only file here that starts a program. What goes through
// is one line of JSON a request, built by `executor-calls.ts` from fields that a schema has passed; where the
// executor is a service, no program is started at all. The child's environment is fixed, it takes no argument,
// and its folder is `/`, so that nothing a job or the worker's own environment says can reach it.
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { Config } from '../runtime/config.ts';
import { createExecutorCalls } from './executor-calls.ts';
import type { Executor, Link } from './executor-calls.ts';

const SUDO = '/usr/bin/sudo';
const EXECUTOR = '/usr/lib/sculptor/executor';
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

export type ExecutorConfig = Pick<Config, 'executor' | 'executorSocket'>;

/** Opens nothing yet: the way is opened with the first request, and opened again after it broke. */
export function createExecutorDoor({ executor, executorSocket }: ExecutorConfig): Executor {
  return createExecutorCalls({
    open:
      executor === 'socket' ? () => openSocket(executorSocket) : () => openProgram(SUDO, ['-n', EXECUTOR]),
  });
}

/** systemd's socket starts the executor with the first connection. */
export function openSocket(path: string): Link {
  const socket = connect(path);
  return { input: socket, output: socket, close: () => socket.destroy() };
}

/** The child is root's, so it cannot be killed from here: it ends when its input does. */
export function openProgram(file: string, args: readonly string[]): Link {
  const child = spawn(file, args, {
    cwd: '/',
    env: ENVIRONMENT,
    stdio: ['pipe', 'pipe', 'inherit'],
    shell: false,
  });
  const close = (): void => {
    child.stdin.end();
    child.stdout.destroy();
  };
  child.on('error', close);
  return { input: child.stdin, output: child.stdout, close };
}
