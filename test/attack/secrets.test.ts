import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { gzipSync } from 'node:zlib';
import { createConnection } from 'mysql2/promise';
import {
  accepted,
  api,
  createDatabase,
  ended,
  ready,
  succeeded,
  TOKEN_FILE,
  unique,
  type Login,
} from '../machine/agent.ts';
import { must, rootSql, sculptorctl } from '../machine/server.ts';
import {
  compressedText,
  foundIn,
  foundInFiles,
  journalText,
  redisText,
  reversed,
  stateText,
  type Sought,
} from './search.ts';
import { watchProcesses, type Watcher } from './watcher.ts';

/* Where a secret lies after it was made, used and ended: with whoever asked for it, and nowhere on the server. */

const ACCOUNTS = ['api', 'worker-unprivileged', 'worker-privileged'];
const pathOf = (account: string) => `/etc/sculptor/secrets/redis-${account}`;
const read = (path: string) => readFileSync(path, 'utf8').trim();

let watcher: Watcher;
const given: Sought[] = [];

beforeAll(async () => {
  await ready();
  watcher = watchProcesses();
  await usePasswords();
  await useTokens();
});
afterAll(() => watcher.stop());

/** Made by the API and by sculptorctl, rotated, used, given where it does not belong, dumped with its database. */
async function usePasswords(): Promise<void> {
  const database = await createDatabase(unique('quiet'));
  const users = `/v1/databases/${database.id}/users`;
  const made = await accepted('POST', users, { body: { name: unique('u') } });
  await succeeded(made);
  const { id, name } = made.json['databaseUser'] as Login;
  const first = keep('the first password', made.json['password']);
  await logIn(name, first, database.name);
  const rotated = await accepted('POST', `${users}/${id}/rotate-password`);
  await succeeded(rotated);
  const second = keep('the rotated password', rotated.json['password']);
  await logIn(name, second, database.name);
  await expect(logIn(name, first, database.name)).rejects.toThrow('Access denied');

  const { out } = sculptorctl('database', 'user', 'create', database.name, unique('c'));
  keep('the password that sculptorctl printed', /^password (\S+)$/m.exec(out)?.[1]);
  sculptorctl('database', 'user', 'rotate-password', database.name, name);

  await misplace(users, second);
  await succeeded(await accepted('DELETE', `${users}/${id}`));
  await succeeded(await accepted('DELETE', `/v1/databases/${database.id}`));
}

/** Somebody types it into the wrong field; every one of these is refused. */
async function misplace(users: string, password: string): Promise<void> {
  const headers = { 'idempotency-key': password };
  const wrong = [
    api('POST', users, { body: { name: unique('u'), password } }),
    api('POST', users, { body: { name: password } }),
    api('POST', users, { body: { [password]: 1 }, headers }),
    api('POST', users, { raw: `{"password":"${password}"`, headers }),
    api('POST', `${users}?password=${password}`, { body: { name: unique('u') } }),
    api('POST', '/v1/databases', { body: { name: password } }),
  ];
  for (const { status } of await Promise.all(wrong)) expect([400, 422]).toContain(status);
}

/** Made, used from elsewhere, mistyped, given where it does not belong, revoked, and used again. */
async function useTokens(): Promise<void> {
  const made = await api('POST', '/v1/tokens', {
    body: {
      name: unique('t'),
      scopes: ['databases:read', 'databases:write', 'tokens:read'],
      expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
    },
  });
  expect(made.status).toBe(201);
  const token = keep('the token', made.json['secret']);
  const mistyped = keep('the mistyped token', `${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`);
  const authorization = `Bearer ${token}`;
  await ended(
    await accepted('POST', '/v1/databases', { body: { name: unique('tok') }, headers: { authorization } }),
  );
  expect(await remote('/v1/databases', authorization)).toBe(200);
  expect(await remote('/v1/databases', `Bearer ${mistyped}`)).toBe(401);
  expect(await remote(`/v1/databases?token=${token}`, authorization)).toBe(422);
  expect(await remote(`/v1/databases/${token}`, authorization)).toBe(404);
  const { id } = made.json['token'] as { readonly id: string };
  expect((await api('DELETE', `/v1/tokens/${id}`)).status).toBe(200);
  expect(await remote('/v1/databases', authorization)).toBe(401);
}

/** Through nginx and TLS, as from elsewhere; gives the status. */
function remote(path: string, authorization: string): Promise<number | undefined> {
  const { serverName } = JSON.parse(read('/etc/sculptor/agent.json')) as { readonly serverName: string };
  const options = { host: '127.0.0.1', servername: serverName, ca: read('/etc/sculptor/tls/server.crt') };
  return new Promise((resolve, reject) => {
    request({ ...options, path, headers: { host: serverName, authorization }, agent: false }, (answer) =>
      resolve(answer.resume().statusCode),
    )
      .on('error', reject)
      .end();
  });
}

/** In this process, so that the login itself puts the password nowhere. */
async function logIn(user: string, password: string, database: string): Promise<void> {
  const connection = await createConnection({
    socketPath: '/run/mysqld/mysqld.sock',
    user,
    password,
    database,
  });
  await connection.query('CREATE TABLE IF NOT EXISTS t (x INT)');
  await connection.end();
}

function keep(what: string, text: unknown): string {
  const secret = String(text);
  expect([what, secret]).toEqual([what, expect.stringMatching(/^[A-Za-z0-9_-]{24,60}$/)]);
  given.push({ what, text: secret });
  return secret;
}

/** Everywhere but in the processes, which are watched while it all happens. */
function foundAnywhere(sought: readonly Sought[]): readonly string[] {
  return [
    ...foundInFiles(sought),
    ...foundIn('compressed files', compressedText(), sought),
    ...foundIn('the journal', journalText(), sought),
    ...foundIn('the state', stateText(), sought),
    ...foundIn('Redis', redisText(), sought),
  ];
}

test('a password and a token that were made, used and ended are nowhere on the server', () => {
  expect(given).toHaveLength(5);
  expect(foundAnywhere(given)).toEqual([]);
});

test('no process had one of them in its arguments or its environment', async () => {
  const seen = await watcher.seen();
  // Those that come and go within a moment are seen too.
  for (const program of ['rotate-password', 'app/api/main.js', 'mariadb-dump'])
    expect(seen).toContain(program);
  expect(foundIn('a process', seen, given)).toEqual([]);
});

test('the administrator’s token and the secrets of Redis are in their own files alone', async () => {
  const own = [TOKEN_FILE, ...ACCOUNTS.map(pathOf)].map((path) => ({ what: path, text: read(path) }));
  const homes = own.map(({ what }) => `${what}, as it is: ${what}`);
  expect(foundAnywhere(own).filter((found) => !isCredential(found))).toEqual(homes.sort());
  expect(foundIn('a process', await watcher.seen(), own)).toEqual([]);
});

/** What systemd hands to a unit, in a folder that is the unit's. */
function isCredential(found: string): boolean {
  return /: \/run\/credentials\/sculptor-[a-z-]+\.service\/[a-z-]+$/.test(found);
}

describe('the search finds what was planted', () => {
  const text = randomBytes(32).toString('base64url');
  const planted = [{ what: 'planted', text }];
  const base64 = Buffer.from(`ab${text}`).toString('base64');
  const inState = `CREATE TABLE sculptor.planted AS SELECT CAST('${text}' AS BINARY) AS x`;
  const file = (path: string, content: string | Buffer) => ({
    plant: () => writeFileSync(path, content),
    remove: () => rmSync(path),
  });

  test.each([
    { where: 'as it is: /var/log/planted', ...file('/var/log/planted', `x${text}x`) },
    { where: 'in base64: /tmp/planted', ...file('/tmp/planted', base64) },
    { where: 'as it is: compressed files', ...file('/var/log/planted.gz', gzipSync(text)) },
    { where: 'as it is: Redis', plant: () => redis('SET', text), remove: () => redis('DEL') },
    {
      where: 'in hex: the state',
      plant: () => rootSql(inState),
      remove: () => rootSql('DROP TABLE sculptor.planted'),
    },
  ])('$where', ({ where, plant, remove }) => {
    plant();
    const found = foundAnywhere(planted);
    remove();
    expect(found).toContain(`planted, ${where}`);
  });

  // What stands in the journal stays there, so this comes last.
  test('in the journal, in a field that nobody looks at', () => {
    must('logger', ['--journald'], `MESSAGE=a line\nSCULPTOR_PLANTED=${reversed(text)}\n`);
    must('journalctl', ['--sync']);
    expect(foundAnywhere(planted)).toContain('planted, reversed: the journal');
  });

  test.each([
    ['the arguments', [text], {}],
    ['the environment', [], { PLANTED: text }],
  ] as const)('in %s of a process', async (_, args, env) => {
    const child = spawn('/bin/sh', ['-c', 'read line', ...args], { env });
    const seen = await watcher.seen();
    child.kill();
    expect(foundIn('a process', seen, planted)).toEqual(['planted, as it is: a process']);
  });

  function redis(command: 'SET' | 'DEL', ...value: readonly string[]): void {
    const script = `{ echo "AUTH worker-privileged $(cat ${pathOf('worker-privileged')})"; cat; } |
      redis-cli -s /run/sculptor-redis/redis.sock`;
    const asked = [command, 'sculptor:privileged-default:planted', ...value].join(' ');
    expect(must('/bin/sh', ['-c', script], `${asked}\n`)).toMatch(/^OK\n(OK|1)\n$/);
  }
});
