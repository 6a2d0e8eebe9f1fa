import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createProgram } from '../../../cli/program.ts';
import { createTerminal } from '../../../cli/terminal.ts';
import { startApiServer } from '../../fakes/api-server.ts';
import { runIn, sculptorctl } from './sculptorctl.ts';

const nothing = (): void => undefined;
const program = createProgram(createTerminal({ out: nothing, err: nothing }), () => {
  throw new Error('help needs no session');
});

function all(command: Command): Command[] {
  return [command, ...command.commands.flatMap(all)];
}

function words(command: Command): string[] {
  return command.parent ? [...words(command.parent), command.name()] : [];
}

const COMMANDS = all(program).map(words);

test.each(COMMANDS)('--help tells about itself: %s %s %s', async (...command) => {
  const { code, out, err } = await runIn({}, [...command.filter(Boolean), '--help']);
  expect(out).toContain('Usage: sculptorctl');
  expect({ code, err }).toEqual({ code: 0, err: '' });
});

test('every command, argument and option is described', () => {
  const bare = all(program).flatMap((command) => [
    ...(command.description() === '' ? [words(command).join(' ')] : []),
    ...command.registeredArguments
      .filter((argument) => argument.description === '')
      .map((argument) => argument.name()),
    ...command.options.filter((option) => option.description === '').map((option) => option.flags),
  ]);
  expect(bare).toEqual([]);
});

test("the API's verbs are all there", () => {
  expect(COMMANDS.map((command) => command.join(' '))).toEqual(
    expect.arrayContaining([
      ...['create', 'list', 'show', 'update', 'delete'].map((verb) => `domain ${verb}`),
      ...['create', 'list', 'show', 'delete'].map((verb) => `database ${verb}`),
      ...['create', 'list', 'rotate-password', 'delete'].map((verb) => `database user ${verb}`),
      ...['list', 'show', 'cancel', 'follow'].map((verb) => `operation ${verb}`),
      'health',
    ]),
  );
});

test.each([
  [[], 'Usage: sculptorctl'],
  [['domain'], 'Usage: sculptorctl domain'],
  [['nonsense'], 'unknown command'],
  [['domain', 'create'], "missing required argument 'name'"],
  [['domain', 'create', 'a.example', 'b.example'], 'too many arguments'],
  [['domain', 'create', 'a.example', '--wrong'], 'unknown option'],
  [['domain', 'create', 'a.example', '--isolation', 'none'], 'Allowed choices'],
  [['domain', 'list', '--token', 'secret'], 'unknown option'],
  [['database', 'user', 'create', 'shop'], "missing required argument 'name'"],
  [['database', 'user', 'create', 'shop', 'u', '--privileges', 'root'], 'Allowed choices'],
  [['operation', 'list', '--status', 'odd'], 'Allowed choices'],
  [['\u001b[31m'], "'\\u001b[31m'"],
])('%j is used wrongly: a sentence, and 2', async (typed, sentence) => {
  const { code, out, err } = await runIn({}, typed);
  expect(err).toContain(sentence);
  expect({ code, out }).toEqual({ code: 2, out: '' });
});

test.each([
  ['not an address', ['--address', 'server.example'], 'is no address'],
  ['a token in clear over a network', ['--address', 'http://server.example'], 'is no address'],
  ['another protocol', ['--address', 'file:///etc/passwd'], 'is no address'],
  ['a path', ['--address', 'https://server.example/v2'], 'nothing else'],
  ['a password in the address', ['--address', 'https://a:b@server.example'], 'nothing else'],
  [
    'no such certificate',
    ['--address', 'https://server.example', '--ca', '/nowhere/ca.pem'],
    'cannot be read (ENOENT)',
  ],
  ['no such token file', ['--token-file', '/nowhere/token'], 'cannot be read (ENOENT)'],
  [
    'an address and a socket',
    ['--address', 'https://server.example', '--socket', '/x'],
    'cannot be used with',
  ],
])('%s is used wrongly', async (_, options, sentence) => {
  const { code, err } = await runIn({}, [...options, 'domain', 'list']);
  expect(err).toContain(sentence);
  expect(code).toBe(2);
});

test("this server's own token is never sent to an address somebody gave", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sculptor-cli-'));
  const tokenFile = join(folder, 'admin-token');
  writeFileSync(tokenFile, 'root-token\n');
  const { code, err } = await runIn({ token: undefined, tokenFile, address: 'https://127.0.0.1:1' }, [
    'domain',
    'list',
  ]);
  rmSync(folder, { recursive: true });
  expect(err).toContain('a token is needed');
  expect(code).toBe(2);
});

test.each([
  { from: 'the file that was named', options: ['--token-file', 'FILE'], token: 'of-env', sent: 'of-file' },
  { from: 'the environment', options: [], token: 'of-env', sent: 'of-env' },
  { from: 'the file of this server', options: [], token: undefined, sent: 'of-file' },
])('the token comes from $from', async ({ options, token, sent }) => {
  const api = await startApiServer({
    'GET /v1/databases?limit=200': [{ status: 200, body: { items: [], next: null } }],
  });
  const tokenFile = `${api.socket}.token`;
  writeFileSync(tokenFile, 'of-file\n');
  const typed = [...options.map((word) => (word === 'FILE' ? tokenFile : word)), 'database', 'list'];
  const { code } = await runIn({ socket: api.socket, token, tokenFile }, typed);
  await api.close();
  expect(api.asked[0]?.headers.authorization).toBe(`Bearer ${sent}`);
  expect(code).toBe(0);
});

test('without root and without a token it says what to do', async () => {
  const { code, err } = await runIn({ token: undefined }, ['domain', 'list']);
  expect(err).toContain('run as root');
  expect(code).toBe(2);
});

test.each(['', 'two words', 'line\nbreak', 'ü'])('a token of %j is none', async (token) => {
  const { code, err } = await runIn({ token }, ['domain', 'list']);
  expect(err).toContain('SCULPTOR_TOKEN holds no token');
  expect(code).toBe(2);
});

test.each([
  {
    status: 200,
    body: { status: 'ok', checks: { database: 'ok', redis: 'ok' } },
    expected: 0,
    line: 'redis     ok\n',
  },
  {
    status: 503,
    body: { status: 'unavailable', checks: { database: 'ok', redis: 'failed' } },
    expected: 1,
    line: 'redis     failed\n',
  },
])('health with status $status says which part works', async ({ status, body, expected, line }) => {
  const { code, out } = await sculptorctl(['health'], { 'GET /v1/health/ready': [{ status, body }] });
  expect(out).toContain(line);
  expect(code).toBe(expected);
});

test('health needs no token, and is sent none', async () => {
  const ready = { status: 200, body: { status: 'ready', checks: {} } };
  const api = await startApiServer({ 'GET /v1/health/ready': [ready] });
  const { code } = await runIn({ socket: api.socket, token: undefined }, ['health']);
  await api.close();
  expect(api.asked[0]?.headers.authorization).toBeUndefined();
  expect(code).toBe(0);
});
