import { ServerId } from '../../../contract/ids.ts';
import type { State } from '../../../state/connection.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { createSweep } from '../../../worker-privileged/sweep.ts';

/** A sweep over one queued operation; what it does is written down in order. */
function setUp() {
  const did: string[] = [];
  let held: boolean | Error = true;
  let redis = true;
  const paused = new Set<string>();
  const row = (id: string) => ({
    ...{ id, kind: 'x', resourceType: 'x', resourceId: 'x', resourceName: 'x', serialKey: 'x' },
    ...{ generation: 1, tenant: 'default', server: 'default', status: 'queued', epoch: 0, attempt: 0 },
  });
  const state = {
    rows: (schema: { parse: (row: unknown) => unknown }, text: string) => {
      if (text.includes("'running'")) return Promise.resolve([]);
      did.push('read queued');
      return Promise.resolve(['a', 'b'].map((letter) => schema.parse(row(letter.repeat(20)))));
    },
    // Nothing waits under an id that nobody can claim.
    transaction: (work: (sql: unknown) => unknown) => work({ run: () => Promise.resolve(0) }),
  } as unknown as State;
  const sweep = createSweep({
    server: ServerId.parse('default'),
    state,
    lock: { hold: () => (held instanceof Error ? Promise.reject(held) : Promise.resolve(held)) },
    queue: {
      start: () => void did.push('start'),
      pause: () => Promise.resolve(void did.push('pause')),
    },
    wakeUps: {
      wake: (id, options) => {
        did.push(`wake ${id[0]!} ${/^sweep-[0-9a-f]{12}-/.test(options?.jobId ?? '') ? 'once' : 'again'}`);
        return Promise.resolve(redis);
      },
    },
    isRunning: () => false,
    pauses: { isOver: (id) => !paused.has(id) },
    overdue: { look: (waiting) => void did.push(`look at ${waiting.map((id) => id[0]).join(' ')}`) },
    logger: createLogger('test', { write: () => undefined }),
  });
  const after = async (): Promise<string[]> => {
    did.length = 0;
    await sweep.once();
    return [...did];
  };
  return {
    ...{ sweep, after, paused },
    hold: (next: boolean | Error) => (held = next),
    redisIs: (there: boolean) => (redis = there),
  };
}

const WAKES = ['read queued', 'look at a b', 'wake a once', 'wake b once'];

test('the only worker begins to take jobs, and wakes all that waits each time', async () => {
  const { sweep, after } = setUp();
  expect(sweep.isActive()).toBe(false);
  expect(await after()).toEqual(['start', ...WAKES]);
  expect(sweep.isActive()).toBe(true);
  expect(await after()).toEqual(WAKES);
});

test('a worker that is not the only one takes none and wakes nobody, until it is', async () => {
  const { sweep, after, hold } = setUp();
  hold(false);
  expect(await after()).toEqual(['pause']);
  expect(await after()).toEqual([]);
  expect(sweep.isActive()).toBe(false);
  hold(true);
  expect(await after()).toEqual(['start', ...WAKES]);
});

test('a worker that lost its place stops taking jobs', async () => {
  const { sweep, after, hold } = setUp();
  await after();
  hold(false);
  expect(await after()).toEqual(['pause']);
  expect(sweep.isActive()).toBe(false);
});

test('a database that is away ends a round and no more', async () => {
  const { after, hold } = setUp();
  hold(new Error('away'));
  expect(await after()).toEqual([]);
  hold(true);
  expect(await after()).toEqual(['start', ...WAKES]);
});

test('an operation in its pause is left alone', async () => {
  const { after, paused } = setUp();
  paused.add('a'.repeat(20));
  expect(await after()).toEqual(['start', 'read queued', 'look at b', 'wake b once']);
});

test('while Redis is away the rest waits for the next round', async () => {
  const { after, redisIs } = setUp();
  redisIs(false);
  expect(await after()).toEqual(['start', 'read queued', 'look at a b', 'wake a once']);
});
