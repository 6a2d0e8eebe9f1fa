import { WebhookId, TenantId } from '../../../contract/ids.ts';
import { networksIn } from '../../../runtime/outward-addresses.ts';
import { createResolving } from '../../../worker-unprivileged/resolving.ts';
import { nextAttempt, retryAfter } from '../../../worker-unprivileged/schedule.ts';
import { createTurns } from '../../../worker-unprivileged/turns.ts';

const HOUR = 3_600_000;

/** The times of all attempts, each of which fails at once. */
function attempts(retryAfterMs: number | null = null): number[] {
  const times = [0];
  for (;;) {
    const now = times.at(-1) ?? 0;
    const next = nextAttempt({ now, begunAt: 0, attempts: times.length, retryAfterMs, random: () => 0 });
    if (next === null) return times;
    times.push(next.getTime());
  }
}

test('what fails is tried for a day, with pauses that grow', () => {
  const times = attempts();
  const pauses = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  expect(times).toHaveLength(10);
  expect(pauses[0]).toBe(5000);
  expect([...pauses].sort((a, b) => a - b)).toEqual(pauses);
  expect(times.at(-1)).toBeGreaterThanOrEqual(24 * HOUR);
  expect(times.at(-1)).toBeLessThanOrEqual(26 * HOUR);
});

test('those that failed together do not come back together', () => {
  const at = (random: number) =>
    nextAttempt({ now: 0, begunAt: 0, attempts: 3, retryAfterMs: null, random: () => random })?.getTime();
  expect([at(0), at(1)]).toEqual([300_000, 330_000]);
});

test('who asks for a longer pause gets it, within the day', () => {
  expect(attempts(HOUR).slice(0, 3)).toEqual([0, HOUR, 2 * HOUR]);
  expect(attempts(1000)[1]).toBe(5000);
  expect(attempts(30 * HOUR)).toEqual([0]);
});

test.each([
  ['120', 120_000],
  ['0', 0],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 50_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', null],
  ['-5', expect.anything()],
  ['99999999999999', expect.anything()],
  [undefined, null],
])('Retry-After: %s is %s', (header, ms) => {
  const found = retryAfter(header, 10_000);
  if (typeof ms === 'number' || ms === null) expect(found).toBe(ms);
  // What is no date of this time is no reason to wait for ever: the day bounds it.
  else expect(found === null || found >= 0).toBe(true);
});

describe('where a name leads', () => {
  const to =
    (...addresses: readonly string[]) =>
    () =>
      Promise.resolve(addresses);
  const resolving = (resolve: () => Promise<readonly string[]>, networks = '') =>
    createResolving({ networks: networksIn(networks), ownAddresses: () => ['93.184.216.1'], resolve });
  const url = (text = 'https://panel.example/') => new URL(text);

  test('is where is connected to, all of it', async () => {
    const resolve = resolving(to('93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'));
    expect(await resolve(url())).toEqual({
      addresses: [
        { address: '93.184.216.34', family: 4 },
        { address: '2606:2800:220:1:248:1893:25c8:1946', family: 6 },
      ],
    });
  });

  test('an address is not looked up', async () => {
    const resolve = resolving(() => Promise.reject(new Error('looked up')));
    expect(await resolve(url('https://93.184.216.34/'))).toEqual({
      addresses: [{ address: '93.184.216.34', family: 4 }],
    });
    expect(await resolve(url('https://[::1]/'))).toEqual({ outcome: 'refused' });
  });

  test.each([
    ['a private address', ['10.0.0.1']],
    ['a private one among others', ['93.184.216.34', '10.0.0.1']],
    ['this server', ['93.184.216.1']],
    ['the metadata of a cloud', ['169.254.169.254']],
    ['what is no address', ['elsewhere.example']],
  ])('is refused where it is %s', async (_, addresses) => {
    expect(await resolving(to(...addresses))(url())).toEqual({ outcome: 'refused' });
  });

  test('is asked each time anew', async () => {
    const answers = [['93.184.216.34'], ['127.0.0.1']];
    const resolve = resolving(() => Promise.resolve(answers.shift() ?? []));
    expect(await resolve(url())).toHaveProperty('addresses');
    expect(await resolve(url())).toEqual({ outcome: 'refused' });
    expect(await resolve(url())).toEqual({ outcome: 'unreachable' });
  });

  test('without TLS only a network that root has named is', async () => {
    const http = url('http://panel.example:8080/');
    expect(await resolving(to('10.1.2.3'), '10.1.0.0/16')(http)).toHaveProperty('addresses');
    expect(await resolving(to('93.184.216.34'), '10.1.0.0/16')(http)).toEqual({ outcome: 'refused' });
    expect(await resolving(to('93.184.216.34'))(http)).toEqual({ outcome: 'refused' });
  });
});

describe('whose turn it is', () => {
  const id = (number: number) => WebhookId.parse(`habcdefgh${String(number).padStart(3, '0')}`);
  const tenant = (number: number) => TenantId.parse(`tabcdefgh${String(number).padStart(3, '0')}`);

  const [QUICK, SLOW] = [2000, 2001];

  test('two at once for a webhook, and eight for all of a tenant', () => {
    const { take } = createTurns();
    const taken = [1, 1, 1, 2, 2, 3, 3, 4, 4, 5].map((one) => take({ webhook: id(one), tenant: tenant(1) }));
    expect(taken.map((end) => end !== undefined)).toEqual([
      ...[true, true, false, true, true, true, true, true, true, false],
    ]);
    expect(take({ webhook: id(6), tenant: tenant(2) })).toBeDefined();
    taken[0]?.(QUICK);
    expect(take({ webhook: id(1), tenant: tenant(1) })).toBeDefined();
  });

  test('however many are slow, half of all turns is for those that are not', () => {
    const { take } = createTurns();
    for (let one = 0; one < 100; one += 1) take({ webhook: id(one), tenant: null })?.(SLOW);
    const slow = Array.from({ length: 100 }, (_, one) => take({ webhook: id(one), tenant: null }));
    expect(slow.filter((end) => end !== undefined)).toHaveLength(16);
    expect(take({ webhook: id(200), tenant: null })).toBeDefined();
    slow[0]?.(QUICK);
    expect(take({ webhook: id(0), tenant: null })).toBeDefined();
  });

  test('one that was slow has one at once until it was quick for a while, and what was not sent says nothing', () => {
    const { take } = createTurns();
    const turn = { webhook: id(1), tenant: null };
    const atOnce = () => {
      const taken = [take(turn), take(turn)].flatMap((end) => end ?? []);
      for (const end of taken) end(null);
      return taken.length;
    };
    expect(atOnce()).toBe(2);
    take(turn)?.(SLOW);
    for (let times = 0; times < 9; times += 1) take(turn)?.(QUICK);
    expect(atOnce()).toBe(1);
    take(turn)?.(QUICK);
    expect(atOnce()).toBe(2);
  });

  test('whatever tenants have under way, some turns are kept for what an administrator has made', () => {
    const { take } = createTurns();
    const taken = Array.from({ length: 100 }, (_, one) =>
      take({ webhook: id(one), tenant: tenant(one % 20) }),
    );
    expect(taken.filter((end) => end !== undefined)).toHaveLength(24);
    const own = Array.from({ length: 10 }, (_, one) => take({ webhook: id(200 + one), tenant: null }));
    expect(own.filter((end) => end !== undefined)).toHaveLength(8);
  });

  test('tenants whose receivers are slow leave room for the slow ones of others and of administrators', () => {
    const { take } = createTurns();
    const of = (one: number) => ({ webhook: id(one), tenant: tenant(Math.floor(one / 20)) });
    for (let one = 0; one < 80; one += 1) take(of(one))?.(SLOW);
    const first = Array.from({ length: 20 }, (_, one) => take(of(one)));
    expect(first.filter((end) => end !== undefined)).toHaveLength(4);
    const others = Array.from({ length: 60 }, (_, one) => take(of(20 + one)));
    expect(others.filter((end) => end !== undefined)).toHaveLength(8);
    take({ webhook: id(200), tenant: null })?.(SLOW);
    expect(take({ webhook: id(200), tenant: null })).toBeDefined();
    expect(take({ webhook: id(300), tenant: tenant(9) })).toBeDefined();
  });
});
