import type { DomainId } from '../../../contract/ids.ts';
import {
  connectionsIn,
  MOST_OF_A_SITE,
  tooMany,
} from '../../../worker-privileged/executor/keeper/connections.ts';
import { rest } from '../../../worker-privileged/executor/keeper/rest.ts';
import { createKeeper } from '../../../worker-privileged/executor/keeper/round.ts';
import { GOOD, judge } from '../../../worker-privileged/executor/keeper/verdict.ts';
import type { Reply } from '../../../worker-privileged/executor/system/resp-reply.ts';

const MIB = 1_048_576;
const SHARE = 32 * MIB;
const ID = 'd1aaaaaaaaaa' as DomainId;

describe('a verdict', () => {
  const seen = (bytes: number, now = 1_000_000) => ({ bytes, share: SHARE, now });

  test('one that holds no more than its share may write, and loses nothing', () => {
    expect(judge(GOOD, seen(SHARE))).toEqual({ standing: GOOD, drop: 0 });
  });

  test('one that is full loses a tenth of its share, and goes on writing', () => {
    const { standing, drop } = judge(GOOD, seen(SHARE + 1));
    expect(standing.refusedUntil).toBeNull();
    expect(drop).toBe(Math.ceil(SHARE * 0.1) + 1);
  });

  test('one that is filled faster than it is measured may not write, each time for longer, up to a minute', () => {
    let standing = GOOD;
    const pauses: number[] = [];
    for (let time = 0, now = 1_000_000; time < 9; time += 1) {
      standing = judge(standing, seen(SHARE + 17 * MIB, now)).standing;
      pauses.push((standing.refusedUntil ?? 0) - now);
      now = standing.refusedUntil ?? 0;
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000));
  });

  test('it may write again when the pause is over and it holds less than its share, and not before', () => {
    const { standing } = judge(GOOD, seen(SHARE + 17 * MIB, 0));
    expect(judge(standing, seen(0, 999)).standing.refusedUntil).toBe(1000);
    expect(judge(standing, seen(SHARE + 1, 1000)).standing.refusedUntil).toBe(1000);
    expect(judge(standing, seen(SHARE, 1000)).standing.refusedUntil).toBeNull();
  });

  test('what it did is forgotten after ten minutes', () => {
    const { standing } = judge({ ...GOOD, strikes: 6, lastStrike: 0 }, seen(SHARE + 17 * MIB, 600_000));
    expect(standing.refusedUntil).toBe(601_000);
  });
});

describe('connections', () => {
  const many = (count: number, user: string, [age, first = 1]: readonly [number, number?]) =>
    Array.from({ length: count }, (_, index) => ({ id: first + index, user, age }));

  test('are read from what Redis lists, and a line that is none is passed over', () => {
    const text = 'id=7 addr=/run/x:0 name= age=12 user=s-d1aaaaaaaaaa resp=2\nid=x\n\n';
    expect(connectionsIn(text)).toEqual([{ id: 7, user: 's-d1aaaaaaaaaa', age: 12 }]);
  });

  test('of a site those that came last are ended where they are too many, and of a neighbour none', () => {
    const all = [...many(MOST_OF_A_SITE + 2, 's-a', [0]), ...many(5, 's-b', [9, 1000])];
    expect(tooMany(all)).toEqual([MOST_OF_A_SITE + 1, MOST_OF_A_SITE + 2]);
  });

  test('who does not say who it is for three seconds is ended, and so is who comes with a crowd', () => {
    expect(tooMany([...many(1, 'default', [3]), ...many(1, 'default', [2, 2])])).toEqual([1]);
    expect(tooMany(many(502, 'default', [0]))).toEqual([501, 502]);
  });

  test('the two that look after the caches are never ended', () => {
    expect(tooMany([...many(100, 'executor', [99]), ...many(100, 'keeper', [99, 200])])).toEqual([]);
  });
});

describe('the rest between two rounds', () => {
  const filling = (perLook: number) => {
    let used = 0;
    return {
      call: () => Promise.resolve(`# Memory\r\nused_memory:${(used += perLook)}\r\nused_memory_rss:1\r\n`),
    };
  };

  test('is as long as it was to be while nothing much comes in', async () => {
    const since = performance.now();
    await rest(filling(MIB), 400);
    expect(performance.now() - since).toBeGreaterThan(390);
  });

  test('ends at once where memory is filled', async () => {
    const since = performance.now();
    await rest(filling(17 * MIB), 60_000);
    expect(performance.now() - since).toBeLessThan(5_000);
  });
});

describe('a round', () => {
  /** A Redis in which each site holds so much; it says what it was told. */
  function fakeRedis(held: Record<string, number>) {
    const told: string[] = [];
    const evaluate = ([script, , cursor, , id, wanted]: readonly (string | number)[]): Reply => {
      if (!String(script).includes('UNLINK'))
        return ['0', ...Object.entries(held).flatMap(([each, bytes]) => [each, bytes, bytes > 0 ? 10 : 0])];
      told.push(`drop ${id} ${wanted} from ${cursor}`);
      const freed = wanted === -1 ? (held[String(id)] ?? 0) : Number(wanted);
      held[String(id)] = (held[String(id)] ?? 0) - freed;
      return ['0', freed, 3];
    };
    const call = (...[name = '', ...words]: readonly (string | number)[]): Promise<Reply> => {
      if (name === 'EVAL') return Promise.resolve(evaluate(words));
      if (name === 'CLIENT') return Promise.resolve('');
      if (name === 'ACL' && words[0] === 'USERS') return Promise.resolve([`s-${ID}`]);
      told.push([name, ...words].join(' ').slice(0, 40));
      return Promise.resolve('OK');
    };
    return { redis: { call }, told };
  }

  test('says what each site holds', async () => {
    const { redis, told } = fakeRedis({ [ID]: 5000 });
    const usages = await createKeeper(() => 0).round(redis, new Map([[ID, SHARE]]));
    expect(usages).toEqual({
      observedAt: '1970-01-01T00:00:00.000Z',
      caches: [{ id: ID, bytes: 5000, keys: 10, dropped: 0, writesRefused: false }],
    });
    expect(told).toEqual([expect.stringMatching(/^SET sculptor:usage /)]);
  });

  test('drops of one that holds too much, and of nobody else; takes its right to write, and gives it back', async () => {
    const other = 'd2aaaaaaaaaa' as DomainId;
    const { redis, told } = fakeRedis({ [ID]: SHARE + 20 * MIB, [other]: SHARE });
    let now = 0;
    const shares = new Map([
      [ID, SHARE],
      [other, SHARE],
    ]);
    const keeper = createKeeper(() => now);
    const { caches } = await keeper.round(redis, shares);
    expect(caches.map(({ id, dropped, writesRefused }) => [id, dropped, writesRefused])).toEqual([
      [ID, 3, true],
      [other, 0, false],
    ]);
    expect(told[0]).toMatch(new RegExp(`^ACL SETUSER s-${ID} -set`));
    expect(told[1]).toMatch(new RegExp(`^drop ${ID} `));
    expect(told.join()).not.toContain(other.concat(' '));
    now = 1000;
    told.length = 0;
    expect((await keeper.round(redis, shares)).caches[0]?.writesRefused).toBe(false);
    expect(told[0]).toMatch(new RegExp(`^ACL SETUSER s-${ID} \\+set`));
  });

  test('drops all of a site that has no cache any more', async () => {
    const { redis, told } = fakeRedis({ [ID]: 5000 });
    await createKeeper(() => 0).round(redis, new Map());
    expect(told[0]).toBe(`drop ${ID} -1 from 0`);
  });
});
