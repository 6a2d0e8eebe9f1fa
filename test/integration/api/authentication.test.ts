import { readFileSync } from 'node:fs';
import { startAgent, TOKEN } from './agent.ts';
import type { Agent } from './agent.ts';
import { makeToken, revoke } from './made-tokens.ts';
import type { MadeToken, WantedToken } from './made-tokens.ts';

let agent: Agent;
beforeAll(async () => {
  agent = await startAgent();
});
afterAll(() => agent.stop());

async function statusOf({ headers }: MadeToken, from?: string): Promise<number> {
  const forwarded = from === undefined ? {} : { 'x-forwarded-for': from };
  return (await agent.call('GET', '/v1/server', { headers: { ...headers, ...forwarded } })).status;
}

const DAY = 'UTC_TIMESTAMP(3) + INTERVAL 1 DAY';

test.each<readonly [string, WantedToken, number]>([
  ['of a tenant, made by the administrator', {}, 200],
  ['that has ended', { ends: 'UTC_TIMESTAMP(3) - INTERVAL 1 SECOND' }, 401],
  ['of a tenant without an end', { ends: 'NULL' }, 401],
  [
    'that was to last for years, after one',
    { ends: "'2999-01-01'", made: 'UTC_TIMESTAMP(3) - INTERVAL 367 DAY' },
    401,
  ],
  ['that nobody made', { maker: 'NULL' }, 401],
  ['whose maker does not exist', { maker: "'nobodynobody'" }, 401],
  ['that made itself', { maker: 'id' }, 401],
  ['of which the addresses cannot be read', { addresses: ['everywhere'] }, 401],
  ['whose scopes are of a newer version', { scopes: ['server:read', 'moon:read'] }, 401],
])('a token %s', async (_, wanted, status) => {
  expect(await statusOf(makeToken(agent.servers, wanted))).toBe(status);
});

test('a token is worth nothing as soon as one in the line of its makers was revoked', async () => {
  const first = makeToken(agent.servers);
  const second = makeToken(agent.servers, { maker: `'${first.id}'` });
  const third = makeToken(agent.servers, { maker: `'${second.id}'` });
  const beside = makeToken(agent.servers, { maker: `'${first.id}'` });
  expect(await statusOf(third)).toBe(200);
  revoke(agent.servers, second.id);
  const after = await Promise.all([first, second, third, beside].map((token) => statusOf(token)));
  expect(after).toEqual([200, 401, 401, 200]);
});

test('a token ends with the first in the line of its makers', async () => {
  const maker = makeToken(agent.servers, { ends: 'UTC_TIMESTAMP(3) - INTERVAL 1 SECOND' });
  expect(await statusOf(makeToken(agent.servers, { maker: `'${maker.id}'`, ends: DAY }))).toBe(401);
});

test('a line of makers that is too long, or turns in a circle, leads to nobody', async () => {
  let maker = makeToken(agent.servers);
  const answers = [await statusOf(maker)];
  for (let count = 0; count < 4; count += 1) {
    maker = makeToken(agent.servers, { maker: `'${maker.id}'` });
    answers.push(await statusOf(maker));
  }
  expect(answers).toEqual([200, 200, 200, 200, 401]);
  const [one, two] = [makeToken(agent.servers), makeToken(agent.servers)];
  agent.servers.sql(`UPDATE sculptor.token SET made_by = IF(id = '${one.id}', '${two.id}', '${one.id}')
    WHERE id IN ('${one.id}', '${two.id}')`);
  expect([await statusOf(one), await statusOf(two)]).toEqual([401, 401]);
});

test.each([
  [['203.0.113.0/24'], '203.0.113.7', 200],
  [['203.0.113.0/24'], '203.0.114.7', 401],
  [['203.0.113.7/32', '198.51.100.0/24'], '198.51.100.200', 200],
  [['2001:db8::/32'], '2001:db8:1::1', 200],
  [['2001:db8::/32'], '2001:db9::1', 401],
  [['0.0.0.0/0'], '2001:db8::1', 401],
  [['::/0'], '203.0.113.7', 401],
  [['203.0.113.0/24'], '203.0.113.7, 198.51.100.1', 401],
  [['203.0.113.0/24'], '', 401],
  [['203.0.113.0/24'], undefined, 401],
  [['127.0.0.1/32'], undefined, 200],
  [['127.0.0.1/32'], 'not an address', 401],
  [['0.0.0.0/0', '::/0'], 'not an address', 401],
])('a token bound to %j, used from %j: %d', async (addresses, from, status) => {
  expect(await statusOf(makeToken(agent.servers, { addresses }), from)).toBe(status);
});

test('why a login was refused stands in the log, and not in the answer', async () => {
  const ended = makeToken(agent.servers, { ends: 'UTC_TIMESTAMP(3) - INTERVAL 1 SECOND' });
  const revoked = makeToken(agent.servers);
  revoke(agent.servers, revoked.id);
  const bound = makeToken(agent.servers, { addresses: ['203.0.113.0/24'] });
  const unknown = { headers: { authorization: 'Bearer nothing' } };
  const texts = new Set<string>();
  for (const { headers } of [ended, revoked, bound, unknown])
    texts.add((await agent.call('GET', '/v1/server', { headers })).text);
  expect(texts.size).toBe(1);
  const lines = agent
    .log()
    .split('\n')
    .filter((line) => line.includes('refused a login'));
  const reasons = lines.slice(-4).map((line) => (JSON.parse(line) as { sent: string }).sent);
  expect(reasons).toEqual(['ended', 'revoked', 'from elsewhere', 'unknown']);
});

test('the migration can be run again, and carries over what was revoked before it', () => {
  const { sql } = agent.servers;
  sql(`SET foreign_key_checks = 0; DELETE FROM sculptor.token WHERE role = 'tenant'; SET foreign_key_checks = 1;
    ALTER TABLE sculptor.token ADD COLUMN revoked_at DATETIME(3) NULL;
    INSERT INTO sculptor.token (id, sha256, role, name, revoked_at)
    VALUES ('revokedearly', SHA2('early', 256), 'administrator', 'x', UTC_TIMESTAMP())`);
  const migration = readFileSync('state/migrations/0003-tokens.sql', 'utf8');
  sql(`USE sculptor; ${migration} ${migration}`);
  expect(sql("SELECT actor FROM sculptor.token_revocation WHERE token_id = 'revokedearly'")).toEqual([
    ['root'],
  ]);
});

test("the administrator's token goes on as before", async () => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  expect((await agent.call('GET', '/v1/server', { headers })).status).toBe(200);
});
