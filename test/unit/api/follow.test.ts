import { EventEmitter } from 'node:events';
import type { Response } from 'express';
import { OperationId } from '../../../contract/ids.ts';
import { Operation } from '../../../contract/operations.ts';
import { createFollower } from '../../../api/operations/follow.ts';
import { createStreamRoom } from '../../../api/operations/stream-room.ts';
import type { Caller } from '../../../api/caller.ts';
import { createNews } from '../../../api/operations/news.ts';
import { createLogger } from '../../../runtime/logger.ts';

const id = OperationId.parse('o'.repeat(20));
const logger = createLogger('test', { write: () => undefined });

function operation(status: string): Operation {
  return Operation.parse({
    id,
    kind: 'domain.create',
    status,
    resource: { type: 'domain', id: 'd'.repeat(12), name: 'shop.example' },
    generation: 1,
    tenant: 'default',
    server: 'default',
    steps: [],
    error: null,
    attempt: 0,
    createdAt: '2025-01-01T00:00:00.000Z',
    startedAt: null,
    endedAt: null,
  });
}

const EVENT = 'event: operation\ndata: ';

/** As much of a response as a stream of events uses. */
class FakeResponse extends EventEmitter {
  headersSent = false;
  writableEnded = false;
  destroyed = false;
  writableLength = 0;
  text = '';
  status = (): this => this;
  set = (): this => this;
  flushHeaders = (): void => void (this.headersSent = true);
  write = (chunk: string): boolean => {
    this.text += chunk;
    this.emit('wrote');
    return true;
  };
  end = (): void => {
    this.writableEnded = true;
    this.emit('close');
  };
  destroy = (): void => {
    this.destroyed = true;
    this.emit('close');
  };
  states(): string[] {
    const events = this.text.split('\n\n').filter((block) => block.startsWith(EVENT));
    return events.map((block) => Operation.parse(JSON.parse(block.slice(EVENT.length))).status);
  }
}

class FakeSubscriber extends EventEmitter {
  status = 'ready';
  subscribe = (): Promise<unknown> => Promise.resolve();
  say(message: string): void {
    this.emit('message', 'sculptor:operations', message);
  }
}

const caller = { role: 'tenant', tenant: 'default', tokenId: 'tokentoken12' } as const as Caller;
const OF_OTHER = { ...caller, tenant: 'another', tokenId: 'othertoken12' };
const MOST = { token: 20, tenant: 40, tenants: 160, administratorsToken: 40, administrators: 80 };

function world({ pollMs = 60_000, most = {} }: { pollMs?: number; most?: Partial<typeof MOST> } = {}) {
  const subscriber = new FakeSubscriber();
  const res = new FakeResponse();
  const news = createNews(subscriber, logger);
  let active: boolean | Error = true;
  const isActive = () => (active instanceof Error ? Promise.reject(active) : Promise.resolve(active));
  const room = createStreamRoom({ ...MOST, ...most });
  const follower = createFollower({ news, isActive, pollMs, room });
  let now = 'queued';
  const read = (): Promise<Operation> => Promise.resolve(operation(now));
  return {
    subscriber,
    res,
    follower,
    become: (status: string) => (now = status),
    tokenIs: (next: boolean | Error) => (active = next),
    follow: () => follower.follow(res as unknown as Response, { id, caller, read }),
    wrote: () => new Promise((resolve) => res.once('wrote', resolve)),
  };
}

test('what is said of the operation is looked up, sent if it is new, and ends with the end', async () => {
  const { subscriber, res, become, follow, wrote } = world();
  const first = wrote();
  const done = follow();
  await first;
  become('running');
  const second = wrote();
  subscriber.say(id);
  await second;
  subscriber.say(id);
  become('succeeded');
  subscriber.say(id);
  await done;
  expect(res.states()).toEqual(['queued', 'running', 'succeeded']);
});

test.each([['another'], ['o'.repeat(19)], ['{"id":1}'], [`${'o'.repeat(20)}\n`], ['p'.repeat(20)]])(
  'the message %j is about nobody who listens',
  async (message) => {
    const { subscriber, res, become, follow, wrote } = world();
    const first = wrote();
    const done = follow();
    await first;
    become('running');
    subscriber.say(message);
    res.destroy();
    await done;
    expect(res.states()).toEqual(['queued']);
  },
);

describe('while time passes', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test.each([
    ['reconnecting', 1],
    ['ready', 5],
  ])('with Redis %s the operation is looked up after %i polls', async (status, polls) => {
    const { subscriber, res, become, follow } = world({ pollMs: 1000 });
    subscriber.status = status;
    const done = follow();
    await jest.advanceTimersByTimeAsync(0);
    become('failed');
    await jest.advanceTimersByTimeAsync(1000 * polls - 1);
    expect(res.states()).toEqual(['queued']);
    await jest.advanceTimersByTimeAsync(1);
    await done;
    expect(res.states()).toEqual(['queued', 'failed']);
  });

  test('a stream ends with its token, and not because the database is away', async () => {
    const { res, follow, tokenIs } = world({ pollMs: 1000 });
    const done = follow();
    tokenIs(new Error('away'));
    await jest.advanceTimersByTimeAsync(11_000);
    expect(res.writableEnded).toBe(false);
    tokenIs(false);
    await jest.advanceTimersByTimeAsync(5000);
    expect([res.writableEnded, res.states()]).toEqual([true, ['queued']]);
    await done;
  });

  test('a stream that has nothing to say shows every fifteen polls that it is there', async () => {
    const { res, follow } = world({ pollMs: 1000 });
    const done = follow();
    await jest.advanceTimersByTimeAsync(31_000);
    expect(res.text.split(': still here\n\n').length - 1).toBe(2);
    res.destroy();
    await done;
  });
});

test('when the client leaves nothing is kept of it', async () => {
  const { subscriber, res, follower, follow, wrote } = world({ most: { token: 1 } });
  const first = wrote();
  const done = follow();
  await first;
  res.destroy();
  await done;
  const before = res.text;
  subscriber.say(id);
  expect(res.text).toBe(before);
  const next = new FakeResponse();
  const ended = () => Promise.resolve(operation('cancelled'));
  await follower.follow(next as unknown as Response, { id, caller, read: ended });
  expect(next.states()).toEqual(['cancelled']);
});

test.each([
  ['a token', { token: 1 }, caller, { ...caller, tokenId: 'othertoken12' }],
  ['a tenant, whatever its tokens', { tenant: 1 }, { ...caller, tokenId: 'othertoken12' }, OF_OTHER],
  ['all tenants', { tenants: 1 }, OF_OTHER, { ...caller, role: 'administrator' }],
])(
  '%s can hold so many streams and no more, which leaves room for others',
  async (...[, most, refused, letIn]) => {
    const { res, follower, follow, wrote } = world({ most });
    const first = wrote();
    const done = follow();
    await first;
    const another = (who: object) => {
      const other = new FakeResponse();
      const read = () => Promise.resolve(operation('cancelled'));
      const followed = { id, caller: who as Caller, read };
      return follower.follow(other as unknown as Response, followed).then(() => other.states());
    };
    await expect(another(refused)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await another(letIn)).toEqual(['cancelled']);
    res.destroy();
    await done;
    expect(await another(refused)).toEqual(['cancelled']);
  },
);

test('what cannot be read at first is thrown before anything was sent', async () => {
  const { follower } = world();
  const res = new FakeResponse();
  const read = () => Promise.reject(new Error('not there'));
  await expect(follower.follow(res as unknown as Response, { id, caller, read })).rejects.toThrow(
    'not there',
  );
  expect([res.headersSent, res.text]).toEqual([false, '']);
});

test('what cannot be read later is tried again', async () => {
  const subscriber = new FakeSubscriber();
  const res = new FakeResponse();
  const follower = createFollower({
    ...{ news: createNews(subscriber, logger), pollMs: 5 },
    isActive: () => Promise.resolve(true),
  });
  subscriber.status = 'reconnecting';
  const answers = [operation('queued'), new Error('away'), new Error('away'), operation('succeeded')];
  const read = (): Promise<Operation> => {
    const next = answers.shift();
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next ?? operation('failed'));
  };
  await follower.follow(res as unknown as Response, { id, caller, read });
  expect(res.states()).toEqual(['queued', 'succeeded']);
});

test('a client that reads nothing is given up', async () => {
  const { subscriber, res, become, follow, wrote } = world();
  const first = wrote();
  const done = follow();
  await first;
  res.writableLength = 2_000_000;
  become('running');
  subscriber.say(id);
  await done;
  expect(res.destroyed).toBe(true);
});

test('all streams end when the API stops', async () => {
  const { res, follower, follow, wrote } = world();
  const first = wrote();
  const done = follow();
  await first;
  follower.close();
  await done;
  expect(res.writableEnded).toBe(true);
});
