import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { basename } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { failpoint } from '../../../contract/failpoint.ts';

/** `file` is absolute and `args` go to it as they are: there is no shell anywhere. */
export type Command = {
  readonly file: `/${string}`;
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly timeoutMs?: number;
  /** Where standard output goes when it is too large to be kept. */
  readonly drain?: (output: Readable) => Promise<void>;
  /** Where standard error goes as it comes; its end is kept otherwise. */
  readonly drainErrors?: (errors: Readable) => Promise<void>;
  /** What writes, and ends, standard input when it is too large to be kept. */
  readonly feed?: (input: Writable) => Promise<void>;
  /** An open file that the program finds as its descriptor 3. */
  readonly descriptor3?: number;
};

export type Commands = {
  /** The standard output of a program that ended with 0. Throws CommandError otherwise. */
  readonly run: (command: Command) => Promise<string>;
  /**
   * Runs a program for what it does to an open file of ours, its descriptor 3, which the kernel takes back when that is closed,
   * or when we die. Nothing on the server has changed when it has ended.
   */
  readonly hold: (command: Command & { readonly descriptor3: number }) => Promise<void>;
};

/** A program that ended badly. `stderr` is the end of what it said: for the log, and not for the caller. */
export class CommandError extends Error {
  readonly file: string;
  /** Null where a signal ended it, or where it could not be started. */
  readonly exitCode: number | null;
  readonly stderr: string;

  constructor(file: string, exitCode: number | null, stderr: string) {
    super(`${file} ended with ${exitCode ?? 'no exit code'}`);
    this.name = 'CommandError';
    this.file = file;
    this.exitCode = exitCode;
    this.stderr = stderr.slice(-KEPT_STDERR);
  }
}

const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
const KEPT_STDOUT = 1_048_576;
const KEPT_STDERR = 4_096;
const TIMEOUT_MS = 30_000;

/** The one door to programs: fixed environment, folder `/`, limits of time and output. */
export function createCommands(): Commands {
  return {
    run: async (command) => {
      const text = await carryOut(command);
      failpoint(`${basename(command.file)}: ended`);
      return text;
    },
    hold: (command) => carryOut(command).then(() => undefined),
  };
}

async function carryOut(command: Command): Promise<string> {
  const { child, ended, kill } = start(command);
  const fed = feed(command, child.stdin);
  const timer = setTimeout(kill, command.timeoutMs ?? TIMEOUT_MS);
  try {
    const output = command.drain
      ? command.drain(child.stdout).then(() => '')
      : collect(child.stdout, KEPT_STDOUT, kill);
    const errors = command.drainErrors
      ? command.drainErrors(child.stderr).then(() => '')
      : collect(child.stderr, KEPT_STDERR);
    const [exitCode, stderr, text] = await Promise.all([ended, errors, output]);
    if (exitCode !== 0) throw new CommandError(command.file, exitCode, stderr);
    await fed;
    return text;
  } finally {
    clearTimeout(timer);
    kill();
  }
}

/** What is fed is awaited last: where the program ended badly, that is why it did not take all of it. */
function feed(command: Command, input: Writable): Promise<void> {
  if (command.feed === undefined) input.end(command.stdin ?? '');
  const fed = command.feed?.(input) ?? Promise.resolve();
  fed.catch(() => undefined);
  return fed;
}

function start({ file, args, descriptor3 }: Command) {
  const child = spawn(file, args, {
    cwd: '/',
    env: ENVIRONMENT,
    shell: false,
    stdio: ['pipe', 'pipe', 'pipe', ...(descriptor3 === undefined ? [] : [descriptor3])],
    // A group of its own, so that what it started ends with it.
    detached: true,
  }) as ChildProcessWithoutNullStreams;
  // A program that ends before it has read its input would otherwise end this process with EPIPE.
  child.stdin.on('error', () => undefined);
  let closed = false;
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) => reject(new CommandError(file, null, cause.message)));
    child.once('close', (code) => resolve(code));
  }).finally(() => (closed = true));
  // It may fail before anybody waits for it.
  ended.catch(() => undefined);
  return { child, ended, kill: () => closed || killGroup(child) };
}

function killGroup(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** The end of what a stream says, `limit` characters at most. */
async function collect(stream: Readable, limit: number, tooMuch?: () => void): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream as AsyncIterable<string>) {
    text += chunk;
    if (text.length <= limit) continue;
    text = text.slice(-limit);
    tooMuch?.();
  }
  return text;
}
