import { z } from 'zod';
import type { ServerId } from '../../contract/ids.ts';
import type { Sql } from '../../state/connection.ts';
import { isOneUntaken } from '../../state/open-operations.ts';

/** A worker that has not written its heartbeat for so long is not there; seconds. */
const SILENCE = 60;
/** What waits for nothing but its turn, and for so long, nobody takes; seconds. */
const UNTAKEN = 300;
/** A part that has not answered by then is away; milliseconds. */
const PATIENCE_MS = 3000;

/** `updating`: what waits is begun when packages are replaced, which they are being, or just were. */
export type State = 'ok' | 'away' | 'updating';
export type Check = () => Promise<boolean | State>;

/** What the agent needs in order to do what it accepts. Each answers whether its part is there. */
export interface Checks {
  readonly database: Check;
  readonly redis: Check;
  readonly worker: Check;
  /** Whether what waits is taken. */
  readonly queue: Check;
}

export interface ChecksParts {
  readonly state: Sql;
  readonly redis: { readonly status: string; readonly ping: () => Promise<unknown> };
  readonly server: ServerId;
}

export function createChecks({ state, redis, server }: ChecksParts): Checks {
  const isSaid = async (name: 'worker' | 'updating', seconds: number) => {
    const fresh = await state.rows(
      z.object({ name: z.string() }),
      `SELECT name FROM server_fact WHERE server = ? AND name = ?
         AND updated_at > UTC_TIMESTAMP(3) - INTERVAL ? SECOND`,
      [server, name, seconds],
    );
    return fresh.length === 1;
  };
  return {
    database: async () => (await state.run('DO 0')) === 0,
    redis: async () => redis.status === 'ready' && (await redis.ping()) === 'PONG',
    worker: () => isSaid('worker', SILENCE),
    queue: async () => {
      if (!(await isOneUntaken(state, server, UNTAKEN))) return 'ok';
      return (await isSaid('updating', UNTAKEN)) ? 'updating' : 'away';
    },
  };
}

export interface Readiness {
  readonly status: 'ready' | 'not-ready';
  readonly checks: Readonly<Record<keyof Checks, State>>;
}

/** Asks all of them at once; one that fails or does not answer is away, and why stays here. */
export async function readiness(checks: Checks): Promise<Readiness> {
  const [database, redis, worker, queue] = await Promise.all([
    answer(checks.database),
    answer(checks.redis),
    answer(checks.worker),
    answer(checks.queue),
  ]);
  const answers = { database, redis, worker, queue };
  const isReady = Object.values(answers).every((one) => one !== 'away');
  return { status: isReady ? 'ready' : 'not-ready', checks: answers };
}

async function answer(check: Check): Promise<State> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  const there = await Promise.race([check().catch(() => false), late]);
  clearTimeout(timer);
  if (typeof there === 'string') return there;
  return there ? 'ok' : 'away';
}
