import { Problem } from '../../../contract/problems.ts';
import { LIVE, operationId, startAgent } from './agent.ts';
import type { Agent } from './agent.ts';

let agent: Agent;
/** No test here changes anything, so that one picture holds for all of them. */
let before: unknown;
beforeAll(async () => {
  agent = await startAgent();
  const good = await agent.call('POST', '/v1/domains', { body: { name: 'good.example' } });
  await agent.end(operationId(good), LIVE);
  before = agent.snapshot();
});
afterAll(() => agent.stop());

const NAMES: readonly unknown[] = [
  ...[
    '',
    ' ',
    '.',
    '..',
    '-',
    '*',
    'shop',
    'localhost',
    'a.localhost',
    'com',
    'co.uk',
    'github.io',
    '公司.cn',
  ],
  ...['a b.example', 'a\tb.example', 'a.example\n', '\na.example', 'a\r\nb.example', 'a\u0000.example'],
  ...['a\u007f.example', 'a\u2028.example', 'a\u00a0.example', 'a\u200b.example', 'a\u202eb.example'],
  ...['x;rm.example', '$(id).example', '`id`.example', 'a|b.example', "a'b.example", 'a"b.example'],
  ...['a{}.example', 'a\\b.example', 'a,b.example', 'a%2e.example', 'a%00.example', 'a_b.example'],
  ...['*.shop.example', 'a.*.example', 'test..com', '.a.example', 'a.example.', 'a.example。'],
  ...['../etc', '/etc/passwd', 'a/../b.example', 'http://a.example', 'a.example:80', 'u@a.example'],
  ...['a.example?x', 'a.example#x', '-a.example', 'a-.example', `${'a'.repeat(64)}.example`],
  ...[`${'a.'.repeat(127)}example`, 'xn--', 'xn--.example', 'xn--a.example', 'p\u0430ypal.example'],
  ...['127.0.0.1', '0x7f.1', '2130706433', '1.2.3', 'a.1', '::1', '[::1]', '１２７.0.0.1'],
  ...['machine.example', 'x.machine.example', 'MACHINE.example'],
  ...[null, 1, true, [], {}, ['a.example'], { name: 'a.example' }],
];

async function refused(method: string, path: string, body: object): Promise<string[]> {
  const answer = await agent.call(method, path, { body });
  expect([JSON.stringify(body), answer.status]).toEqual([JSON.stringify(body), 422]);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  const problem = Problem.parse(answer.json);
  expect(problem.type).toBe('urn:sculptor:problem:invalid-input');
  for (const { message, expected } of problem.errors ?? []) {
    expect(message).toMatch(/^[A-Z].*\.$/);
    expect(expected).not.toBe('');
  }
  expect(agent.snapshot()).toEqual(before);
  return (problem.errors ?? []).map(({ field }) => field);
}

test('there are more than forty of them', () => {
  expect(NAMES.length).toBeGreaterThan(40);
});

test.each(NAMES.map((name) => [name]))('%j is refused as a name, and nothing is written', async (name) => {
  expect(await refused('POST', '/v1/domains', { name })).toEqual(['name']);
});

test.each(NAMES.map((name) => [name]))('%j is refused as an alias, and nothing is written', async (alias) => {
  const aliases = ['fine.example', alias];
  expect(await refused('POST', '/v1/domains', { name: 'new.example', aliases })).toEqual(['aliases.1']);
  expect(await refused('PATCH', '/v1/domains/good.example', { aliases })).toEqual(['aliases.1']);
});

test.each([
  [{ aliases: ['new.example'] }, ['aliases.0']],
  [{ aliases: ['NEW.example'] }, ['aliases.0']],
  [{ aliases: ['a.example', 'b.example', 'A.example'] }, ['aliases.2']],
  [{ aliases: ['b ad', 'ok.example', 'w*rse'] }, ['aliases.0', 'aliases.2']],
  [{ aliases: 'a.example' }, ['aliases']],
  [{ aliases: Array.from({ length: 101 }, (_, index) => `n${index}.example`) }, ['aliases']],
  [{ name: undefined }, ['name']],
  [{ name: 'b ad', type: 'ruby' }, ['name', 'type']],
  [{ type: 'PHP' }, ['type']],
  [{ phpVersion: '8' }, ['phpVersion']],
  [{ phpVersion: null }, ['phpVersion']],
  [{ type: 'static', phpVersion: '8.2' }, ['phpVersion']],
  [{ publicDirectory: '../private' }, ['publicDirectory']],
  [{ publicDirectory: 'public/../../etc' }, ['publicDirectory']],
  [{ publicDirectory: 'public/.git' }, ['publicDirectory']],
  [{ publicDirectory: '/etc' }, ['publicDirectory']],
  [{ options: { index: ['../x'], bodyBytes: 0 } }, ['options.index.0', 'options.bodyBytes']],
  [{ options: { allowedAddresses: ['all; return 200'] } }, ['options.allowedAddresses.0']],
  [{ options: { timeoutSeconds: '5s', accessLog: 'off' } }, ['options.timeoutSeconds', 'options.accessLog']],
  [{ options: { rewrite: '^' } }, ['options.rewrite']],
  [{ publicDirectory: 'public/a\nb' }, ['publicDirectory']],
  [{ isolation: 'none' }, ['isolation']],
  [{ enabled: 'yes' }, ['enabled']],
  [{ user: 'root' }, ['user']],
  [{ id: 'aaaaaaaaaaaa' }, ['id']],
  [{ tenant: 'other' }, ['tenant']],
  [{ constructor: 'x' }, ['constructor']],
])('%j is refused in a new domain', async (more, fields) => {
  expect(await refused('POST', '/v1/domains', { name: 'new.example', ...more })).toEqual(fields);
});

test.each([
  [{}, ['']],
  [{ aliases: ['good.example'] }, ['aliases.0']],
  [{ aliases: null }, ['aliases']],
  [{ enabled: null }, ['enabled']],
  [{ status: 'live' }, ['status']],
  [{ generation: 9 }, ['generation']],
])('%j is refused as a change of a domain', async (change, fields) => {
  expect(await refused('PATCH', '/v1/domains/good.example', change)).toEqual(fields);
});

const DATABASE_NAMES: readonly unknown[] = [
  ...[
    '',
    'A',
    'Shop',
    '1shop',
    '_shop',
    'a-b',
    'a b',
    'a`b',
    "a'b",
    'a%',
    'a.b',
    'a/b',
    '../a',
    'a\n',
    'a\u0000',
  ],
  ...['ä', 'mysql', 'sys', 'information_schema', 'performance_schema', 'sculptor', 'sculptor_door', 'test'],
  ...['a'.repeat(49), undefined, null, 1, [], {}],
];

test.each(DATABASE_NAMES.map((name) => [name]))('%j is refused as the name of a database', async (name) => {
  expect(await refused('POST', '/v1/databases', { name })).toEqual(['name']);
});
