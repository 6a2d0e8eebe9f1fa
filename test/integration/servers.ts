import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RedisLogin } from '../../runtime/redis.ts';
import { createSecret } from '../../runtime/secret.ts';
import type { StateLogin } from '../../state/connection.ts';

/**
 * A MariaDB and a Redis of one test file's own, on sockets in a temporary folder, with the tables, accounts,
 * grants and procedures an installation has. The one difference: `www-data` and `sculptor` log in with a
 * password, because a test is neither of them; what they may do is the same.
 */
export interface Servers {
  readonly folder: string;
  readonly mariadb: Server;
  readonly redis: Server;
  readonly state: (user: Account) => StateLogin;
  /** `test` may do anything in this Redis; it is there to flush it and to look. */
  readonly queue: (user: RedisAccount | 'test') => RedisLogin;
  /** Runs SQL text as root and returns its rows, columns parted by tabs. */
  readonly sql: (text: string) => string[][];
  /** Stops both and removes the folder. */
  readonly stop: () => Promise<void>;
}

export type Account = 'www-data' | 'sculptor';

const REDIS_ACCOUNTS = ['api', 'worker-unprivileged', 'worker-privileged'] as const;
export type RedisAccount = (typeof REDIS_ACCOUNTS)[number];

export interface Server {
  readonly socket: string;
  readonly start: () => Promise<void>;
  /** Ends it as a service manager would; what it had acknowledged is there after the next start. */
  readonly stop: () => Promise<void>;
  /** `SIGSTOP` and `SIGCONT` make it hang and go on; `SIGKILL` is a crash. */
  readonly signal: (name: NodeJS.Signals) => void;
}

const PASSWORD = 'for-this-test-only';
const STATE = join(__dirname, '../../state');
const REDIS = join(__dirname, '../../systemd/redis');

export async function startServers(): Promise<Servers> {
  const folder = mkdtempSync(join(tmpdir(), 'sculptor-'));
  chmodSync(folder, 0o700);
  const mariadb = prepareMariadb(folder);
  const redis = prepareRedis(folder);
  const sql = (text: string): string[][] => client(mariadb.socket, [], text);
  const stop = async (): Promise<void> => {
    await Promise.all([mariadb.stop(), redis.stop()]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await bothOf(mariadb.start(), redis.start());
    installState(mariadb.socket);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    folder,
    mariadb,
    redis,
    state: (user) => ({ socketPath: mariadb.socket, user, password: PASSWORD }),
    queue: (username) => ({ socketPath: redis.socket, username, password: createSecret(PASSWORD) }),
    sql,
    stop,
  };
}

/** Waits for both even when one fails: a MariaDB that is told to end while it starts does not hear it. */
async function bothOf(first: Promise<void>, second: Promise<void>): Promise<void> {
  await Promise.allSettled([first, second]);
  await Promise.all([first, second]);
}

function prepareMariadb(folder: string): Server {
  const socket = join(folder, 'mariadb.sock');
  const datadir = join(folder, 'mariadb');
  // Without --no-defaults first it would read the configuration of a MariaDB installed on this machine.
  // In a /tmp that it shares, a MariaDB that starts clears away the temporary tables of another.
  const common = ['--no-defaults', `--datadir=${datadir}`, `--tmpdir=${folder}`, '--user=root'];
  program('mariadb-install-db', [
    ...common,
    '--auth-root-authentication-method=socket',
    '--auth-root-socket-user=root',
    '--skip-test-db',
  ]);
  return server(socket, 'mariadbd', [
    ...common,
    `--socket=${socket}`,
    '--skip-networking',
    `--pid-file=${join(folder, 'mariadb.pid')}`,
    '--innodb-buffer-pool-size=32M',
    '--innodb-log-file-size=16M',
    '--innodb-flush-log-at-trx-commit=2',
    '--performance-schema=OFF',
  ]);
}

function prepareRedis(folder: string): Server {
  const socket = join(folder, 'redis.sock');
  const acl = join(folder, 'redis.acl');
  const test = `user test on >${PASSWORD} allkeys allcommands`;
  writeFileSync(acl, `${redisAccounts()}${test}${knowsChannels() ? ' allchannels' : ''}\n`);
  const conf = join(folder, 'redis.conf');
  const text = readFileSync(join(REDIS, 'redis.conf'), 'utf8')
    .replace(/^dir .*/m, `dir ${folder}`)
    .replace(/^unixsocket .*/m, `unixsocket ${socket}`)
    .replace(/^aclfile .*/m, `aclfile ${acl}`);
  writeFileSync(conf, text);
  return server(socket, 'redis-server', [conf]);
}

/** What an installation lets each account do, and no more. */
function redisAccounts(): string {
  const file = (name: string): string => readFileSync(join(REDIS, name), 'utf8');
  let text = file('redis.acl');
  for (const account of REDIS_ACCOUNTS) {
    const commands = file(`commands-${account}`)
      .replace(/^#.*\n/gm, '')
      .trim()
      .replaceAll('\n', ' ');
    text = text.replace(`#@hash-${account}@`, `>${PASSWORD}`).replace(`@commands-${account}@`, commands);
  }
  return knowsChannels() ? text : text.replace(/ resetchannels| &\S+/g, '');
}

/** Before 6.2 there are no rules for channels. */
function knowsChannels(): boolean {
  const [, major = 0, minor = 0] = /v=(\d+)\.(\d+)/.exec(program('redis-server', ['--version'])) ?? [];
  return Number(major) * 100 + Number(minor) >= 602;
}

/** What install.sh does with `state/`. */
function installState(socket: string): void {
  const file = (name: string): string => readFileSync(join(STATE, name), 'utf8');
  client(socket, [], 'CREATE DATABASE sculptor CHARACTER SET utf8mb4; CREATE DATABASE sculptor_door;');
  for (const name of readdirSync(join(STATE, 'migrations')).sort())
    client(socket, ['sculptor'], file(join('migrations', name)));
  client(socket, [], file('accounts.sql'));
  client(socket, [], file('dialects/mariadb.sql'));
  client(socket, [], file('procedures.sql'));
  client(socket, [], file('procedures-root.sql'));
  for (const account of ['www-data', 'sculptor'])
    client(socket, [], `ALTER USER '${account}'@'localhost' IDENTIFIED BY '${PASSWORD}'`);
}

function client(socket: string, more: readonly string[], input: string): string[][] {
  const args = [
    '--no-defaults',
    '--batch',
    '--skip-column-names',
    `--socket=${socket}`,
    '--user=root',
    ...more,
  ];
  return program('mariadb', args, input)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}

function program(name: string, args: readonly string[], input = ''): string {
  const { status, error, stdout, stderr } = spawnSync(name, args, {
    input,
    encoding: 'utf8',
    env: environment(),
  });
  if (error !== undefined) throw new Error(`${name} cannot be started: ${error.message}`);
  if (status !== 0) throw new Error(`${name} ended with ${String(status)}: ${stderr.slice(-2000)}`);
  return stdout;
}

function environment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`,
    LANG: 'C.UTF-8',
  };
}

function server(socket: string, name: string, args: readonly string[]): Server {
  let running: ChildProcess | undefined;
  return {
    socket,
    start: async () => {
      const child = spawn(name, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment() });
      const said: string[] = [];
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text: Buffer) => said.push(text.toString()));
      running = child;
      // Should the test's process end before its servers do.
      const orphaned = (): void => void child.kill('SIGKILL');
      process.once('exit', orphaned);
      child.once('exit', () => process.off('exit', orphaned));
      await answers(socket, () => {
        if (child.exitCode !== null) throw new Error(`${name} ended at once: ${said.join('').slice(-2000)}`);
      });
    },
    stop: async () => {
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
      const ended = once(running, 'exit');
      running.kill('SIGCONT');
      running.kill('SIGTERM');
      await ended;
    },
    signal: (signal) => running?.kill(signal),
  };
}

async function answers(socket: string, check: () => void): Promise<void> {
  for (;;) {
    check();
    const there = await new Promise<boolean>((resolve) => {
      const probe = connect(socket, () => resolve(true)).on('error', () => resolve(false));
      probe.on('close', () => probe.destroy());
      probe.on('connect', () => probe.end());
    });
    if (there) return;
    await pause(20);
  }
}
