import { Problem } from '../../../contract/problems.ts';
import { startAgent } from './agent.ts';
import type { Agent, Answer } from './agent.ts';
import { makeToken } from './made-tokens.ts';

let agent: Agent;
beforeAll(async () => {
  agent = await startAgent({ requestsPerToken: 5, requestsPerAddress: 20, failedLoginsPerAddress: 3 });
});
afterAll(() => agent.stop());

type Headers = Readonly<Record<string, string>>;

async function statuses(count: number, headers: Headers): Promise<number[]> {
  await aWholeMinute();
  const found: number[] = [];
  for (let done = 0; done < count; done += 1) found.push((await ask(headers)).status);
  return found;
}

function ask(headers: Headers): Promise<Answer> {
  return agent.call('GET', '/v1/server', { headers });
}

/** What is counted is counted within a minute by the clock: near its end a test waits for the next. */
async function aWholeMinute(): Promise<void> {
  const left = 60_000 - (Date.now() % 60_000);
  if (left < 8000) await new Promise((resolve) => setTimeout(resolve, left + 50));
}

const WRONG = { authorization: 'Bearer wrong' };

test('a token is served so often in a minute, whatever its address; another is served on', async () => {
  const { headers } = makeToken(agent.servers);
  expect(await statuses(7, headers)).toEqual([200, 200, 200, 200, 200, 429, 429]);
  const refused = await ask({ ...headers, 'x-forwarded-for': '203.0.113.1' });
  expect(Problem.parse(refused.json).type).toBe('urn:sculptor:problem:rate-limited');
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
  expect((await ask(makeToken(agent.servers).headers)).status).toBe(200);
});

test('an address fails a few times; whoever has a good token there is served all the same', async () => {
  const from = { 'x-forwarded-for': '203.0.113.2' };
  expect(await statuses(5, { ...WRONG, ...from })).toEqual([401, 401, 401, 429, 429]);
  expect((await ask({ ...makeToken(agent.servers).headers, ...from })).status).toBe(200);
  expect((await ask({ ...WRONG, 'x-forwarded-for': '203.0.113.3' })).status).toBe(401);
});

test('an address asks so often in a minute, with however many tokens, and for health too', async () => {
  const from = { 'x-forwarded-for': '203.0.113.4' };
  await aWholeMinute();
  for (let done = 0; done < 20; done += 1)
    await agent.call('GET', '/v1/health/live', { headers: { authorization: '', ...from } });
  expect((await ask({ ...makeToken(agent.servers).headers, ...from })).status).toBe(429);
});

test('of IPv6 a /64 is one address', async () => {
  await aWholeMinute();
  const found: number[] = [];
  for (const end of ['1', '2:3', 'ffff', '4', '5'])
    found.push((await ask({ ...WRONG, 'x-forwarded-for': `2001:db8:0:7::${end}` })).status);
  expect(found).toEqual([401, 401, 401, 429, 429]);
  expect((await ask({ ...WRONG, 'x-forwarded-for': '2001:db8:0:8::1' })).status).toBe(401);
});

test('root on the socket itself is not limited by address', async () => {
  expect(await statuses(25, WRONG)).toEqual(Array<number>(25).fill(401));
});

test('without Redis, and with one that hangs, the process counts by itself', async () => {
  const { redis } = agent.servers;
  redis.signal('SIGSTOP');
  const hanging = makeToken(agent.servers);
  expect(await statuses(6, hanging.headers)).toEqual([200, 200, 200, 200, 200, 429]);
  redis.signal('SIGCONT');
  await redis.stop();
  expect(await statuses(6, makeToken(agent.servers).headers)).toEqual([200, 200, 200, 200, 200, 429]);
  await redis.start();
});
