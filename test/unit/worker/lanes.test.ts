import { createLanes } from '../../../worker-privileged/lanes.ts';
import type { Pace } from '../../../worker-privileged/lanes.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Works that go on until they are ended, each named by its tenant and a number. */
function setUp() {
  const lanes = createLanes();
  const underWay = new Map<string, () => void>();
  let count = 0;
  return {
    lanes,
    underWay: () => [...underWay.keys()],
    of: (tenant: string) => [...underWay.keys()].filter((name) => name.startsWith(`${tenant}-`)).length,
    take: (tenant: string, pace: Pace = 'quick', many = 1) => ({
      taken: Array.from({ length: many }, () => {
        const name = `${tenant}-${(count += 1)}`;
        const act = () =>
          new Promise<boolean>((resolve) => {
            underWay.set(name, () => {
              underWay.delete(name);
              resolve(true);
            });
          });
        return lanes.take({ tenant, pace }, act);
      }),
    }),
    endOne: async (tenant: string) => {
      const [first] = [...underWay].filter(([name]) => name.startsWith(`${tenant}-`));
      first?.[1]();
      await settled();
    },
  };
}

test('one tenant alone leaves lanes free, and its slow work most of them', async () => {
  const { take, of, endOne } = setUp();
  take('a', 'slow', 8);
  expect(of('a')).toBe(2);
  take('a', 'quick', 8);
  expect(of('a')).toBe(6);
  take('b');
  expect(of('b')).toBe(1);
  await endOne('a');
  expect(of('a')).toBe(6);
});

test('the slow work of however many tenants leaves lanes to what is quick', () => {
  const { take, of, underWay } = setUp();
  for (const tenant of ['a', 'b', 'c', 'd', 'e']) take(tenant, 'slow', 4);
  expect(underWay()).toHaveLength(6);
  expect(of('d')).toBe(0);
  take('f');
  take('d');
  expect([of('f'), of('d')]).toEqual([1, 1]);
});

test('while another waits a tenant gets no more than half, and whoever has least is next', async () => {
  const { take, of, endOne } = setUp();
  take('a', 'quick', 10);
  take('b', 'quick', 10);
  expect([of('a'), of('b')]).toEqual([6, 2]);
  take('c', 'quick', 10);
  for (let ended = 0; ended < 4; ended += 1) await endOne('a');
  expect([of('a'), of('b'), of('c')]).toEqual([3, 3, 2]);
});

test('of those that have as many under way, who was served the longest ago is next', async () => {
  const { take, endOne, underWay } = setUp();
  take('x', 'quick', 4);
  take('y', 'quick', 4);
  take('a', 'quick', 2);
  take('b', 'quick', 2);
  const before = new Set(underWay());
  for (let ended = 0; ended < 4; ended += 1) await endOne(ended % 2 === 0 ? 'x' : 'y');
  expect(
    underWay()
      .filter((name) => !before.has(name))
      .map((name) => name[0]),
  ).toEqual(['a', 'b', 'a', 'b']);
});

test('ten thousand of one tenant keep another from nothing, and what finds no room is left', async () => {
  const { take, of, endOne } = setUp();
  const { taken } = take('a', 'quick', 10_000);
  expect(await Promise.all(taken.slice(1006))).toEqual(Array.from({ length: 8994 }, () => false));
  take('b', 'slow', 2);
  expect(of('b')).toBe(2);
  await endOne('a');
  expect(of('a')).toBe(6);
});

test('what goes on by itself takes no lane, and has limits of its own', () => {
  const { take, of, underWay } = setUp();
  take('a', 'aside', 30);
  expect(of('a')).toBe(8);
  for (const tenant of ['b', 'c', 'd']) take(tenant, 'aside', 30);
  expect(underWay()).toHaveLength(24);
  take('e', 'quick', 8);
  expect(of('e')).toBe(4);
});

test('tenants without number, as only a forger makes them, share a line', () => {
  const { take, underWay } = setUp();
  take('a', 'slow', 4);
  for (let tenant = 0; tenant < 2000; tenant += 1) take(`forged${tenant}`);
  expect(underWay()).toHaveLength(8);
});

test('whoever stops waits for what is in a lane, leaves what waits, and not for what goes on by itself', async () => {
  const { lanes, take, endOne, of } = setUp();
  const { taken } = take('a', 'quick', 7);
  take('a', 'aside');
  const stopping = lanes.stop();
  expect(await taken[6]).toBe(false);
  let stopped = false;
  void stopping.then(() => (stopped = true));
  for (let ended = 0; ended < 6; ended += 1) {
    await settled();
    expect(stopped).toBe(false);
    await endOne('a');
  }
  await stopping;
  expect(of('a')).toBe(1);
  expect(await Promise.all(take('b').taken)).toEqual([false]);
});

test('a work that fails gives its lane back, and fails for whoever asked', async () => {
  const lanes = createLanes();
  const fail = () => Promise.reject(new Error('broken'));
  for (let time = 0; time < 20; time += 1)
    await expect(lanes.take({ tenant: 'a', pace: 'quick' }, fail)).rejects.toThrow('broken');
});
