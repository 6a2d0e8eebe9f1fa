import { writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { privilegedQueue, REDIS_PREFIX, WAKE_UP } from '../../contract/operations.ts';
import { ServerId } from '../../contract/ids.ts';
import { must, rootSql, run } from '../machine/server.ts';
import { until, type Bait } from './bait.ts';
import { SECOND_WORKER } from './checker-calls.ts';
import { CLOCK, DISK, REDIS, WORKER } from './ground.ts';
import type { Random } from './random.ts';

/* What the nemesis can do. Each ends with all that it took given back, but for what is to come back by itself. */

export type Around = { readonly random: Random; readonly bait: Bait };
export type StrikeKind = {
  readonly name: string;
  readonly weight: number;
  /** Says in a word what it met, where that is worth knowing. */
  readonly strike: (around: Around) => Promise<string | undefined>;
};

const systemctl = (...words: readonly string[]) => run('systemctl', words);

async function active(unit: string, withinMs = 40_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (systemctl('is-active', '--quiet', unit).code !== 0) {
    if (Date.now() > end) throw new Error(`${unit} does not come back by itself`);
    await pause(100);
  }
}

const kill = (unit: string, weight: number): StrikeKind => ({
  name: `kill ${unit}`,
  weight,
  strike: async () => {
    systemctl('kill', '--signal=KILL', unit);
    await pause(50);
    await active(unit);
  },
});

const away = (unit: string, weight: number): StrikeKind => ({
  name: `stop ${unit}`,
  weight,
  strike: async ({ random }) => {
    systemctl('stop', unit);
    await pause(random.between(500, 6000));
    systemctl('start', unit);
    await active(unit);
  },
});

const freeze = (unit: string, weight: number): StrikeKind => ({
  name: `freeze ${unit}`,
  weight,
  strike: async ({ random }) => {
    systemctl('kill', '--signal=STOP', unit);
    await pause(random.between(1000, 12_000));
    systemctl('kill', '--signal=CONT', unit);
  },
});

/** In the middle of something, so that it is left under way. */
const killAtWork: StrikeKind = {
  name: 'kill sculptor-worker-privileged at work',
  weight: 3,
  strike: async ({ bait }) => {
    const operation = await bait.atWork();
    systemctl('kill', '--signal=KILL', WORKER);
    await pause(50);
    await active(WORKER);
    return operation === null ? 'nothing was under way' : undefined;
  },
};

const secondWorker: StrikeKind = {
  name: 'second worker',
  weight: 3,
  strike: async ({ random }) => {
    must('systemctl', ['start', SECOND_WORKER]);
    // Long enough to look whether it may work, and to have something to do.
    await pause(random.between(9000, 13_000));
    systemctl('stop', SECOND_WORKER);
  },
};

/**
 * The worker hangs at work, and loses its lock: another takes its place, and its work, in the middle of it. Then the
 * first goes on as if nothing had been.
 */
const supplant: StrikeKind = {
  name: 'supplant',
  weight: 3,
  strike: async ({ bait }) => {
    const operation = await bait.atWork();
    systemctl('kill', '--signal=STOP', WORKER);
    try {
      endLock();
      must('systemctl', ['start', SECOND_WORKER]);
      const taken = operation === null ? null : await until(operation, ({ epoch }) => epoch > 1, 20_000);
      systemctl('kill', '--signal=CONT', WORKER);
      if (operation !== null) await until(operation, ({ status }) => status !== 'running', 15_000);
      return taken === null ? 'nobody took its place' : undefined;
    } finally {
      systemctl('kill', '--signal=CONT', WORKER);
      systemctl('stop', SECOND_WORKER);
    }
  },
};

function endLock(): void {
  const name =
    "SELECT JSON_VALUE(value, '$.name') FROM sculptor.server_fact WHERE name = 'worker-lock' LIMIT 1";
  const connection = ask(`SELECT IS_USED_LOCK((${name}))`);
  if (/^\d+$/.test(connection)) ask(`KILL CONNECTION ${connection}`);
}

/** Nothing while MariaDB is away, which the other lane may have seen to. */
function ask(statement: string): string {
  try {
    return rootSql(statement).trim();
  } catch {
    return '';
  }
}

const flush: StrikeKind = {
  name: 'flush Redis',
  weight: 4,
  strike: async () => {
    const redis = new Redis({ ...REDIS, maxRetriesPerRequest: 0, retryStrategy: () => null });
    redis.on('error', () => undefined);
    await redis.flushall().catch(() => undefined);
    redis.disconnect();
  },
};

/** Wake-ups for all there is, several for each, of what is over too. */
const deliverTwice: StrikeKind = {
  name: 'deliver again',
  weight: 3,
  strike: async ({ random }) => {
    const ids = ask('SELECT id FROM sculptor.operation ORDER BY seq DESC LIMIT 30')
      .split('\n')
      .filter(Boolean);
    const connection = { ...REDIS, maxRetriesPerRequest: 0, retryStrategy: () => null };
    const queue = new Queue(privilegedQueue(ServerId.parse('default')), { connection, prefix: REDIS_PREFIX });
    queue.on('error', () => undefined);
    for (const operationId of [...ids, ...ids]) {
      const jobId = random.name('again-');
      await queue.add(WAKE_UP, { operationId }, { jobId }).catch(() => undefined);
    }
    await queue.close().catch(() => undefined);
  },
};

/** But for what file systems keep for root, so that what was begun can be put back. */
const OF_ROOT_KIB = 512;

const fillDisk: StrikeKind = {
  name: 'fill the disk',
  weight: 3,
  strike: async ({ random }) => {
    const free = Number(must('df', ['--output=avail', '-k', DISK]).trim().split('\n').at(-1));
    run('fallocate', ['--length', `${Math.max(free - OF_ROOT_KIB, 4)}KiB`, `${DISK}/filling`]);
    await pause(random.between(1000, 8000));
    run('rm', ['-f', `${DISK}/filling`]);
    // Who found no room to start begins again by itself; the other lane may have stopped them for a while.
    for (const unit of ['mariadb', 'sculptor-redis']) await active(unit);
    return undefined;
  },
};

/** As dpkg holds it: fcntl(2), which flock(1) does not do. */
const HOLD = `use Fcntl; open(my $f, '+>>', '/var/lib/dpkg/lock-frontend') or die;
  my $lock = pack('ssx4qqlx4', F_WRLCK, 0, 0, 0, 0);
  fcntl($f, F_SETLK, $lock) or die; sleep $ARGV[0];`;

const holdDpkg: StrikeKind = {
  name: 'hold the dpkg lock',
  weight: 2,
  strike: ({ random }) =>
    new Promise((done) => {
      const holder = spawn('perl', ['-e', HOLD, String(random.between(2, 6))], { stdio: 'ignore' });
      holder.on('close', (code) => done(code === 0 ? undefined : 'it was not had'));
    }),
};

const HOUR_MS = 3_600_000;

const jump: StrikeKind = {
  name: 'jump the clock',
  weight: 4,
  strike: async ({ random }) => {
    const hours = random.pick([-26, -1, 1, 26]);
    writeFileSync(CLOCK, String(hours * HOUR_MS));
    await pause(random.between(2000, 8000));
    writeFileSync(CLOCK, '0');
    return `by ${hours} h`;
  },
};

/** One after the other: what is killed, stopped or held up. */
export const PROCESSES: readonly StrikeKind[] = [
  kill('sculptor-api', 4),
  kill('sculptor-worker-privileged', 4),
  kill('sculptor-worker-unprivileged', 1),
  kill('sculptor-executor', 5),
  kill('sculptor-redis', 3),
  kill('mariadb', 3),
  kill('nginx', 3),
  away('sculptor-redis', 2),
  away('mariadb', 2),
  away('sculptor-worker-privileged', 2),
  away('sculptor-executor', 1),
  freeze(WORKER, 2),
  freeze('sculptor-executor', 1),
  killAtWork,
  secondWorker,
  supplant,
];

/** And beside those, what happens to what they stand on. */
export const SURROUNDINGS: readonly StrikeKind[] = [flush, deliverTwice, fillDisk, holdDpkg, jump];
