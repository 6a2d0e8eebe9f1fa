import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SITES_COMMANDS } from '../../worker-privileged/executor/render/cache-commands.ts';
import type { Reply } from '../../worker-privileged/executor/system/resp-reply.ts';
import { ready } from '../machine/agent.ts';
import { closeAll, connect, type Client } from '../machine/cache-client.ts';
import { createCachedSite, readCache, type CachedSite } from '../machine/caches-of.ts';
import { must } from '../machine/server.ts';
import { accepted, refused } from './attempt.ts';
import { as, shellOf, WWW } from './thieves.ts';

/* Rows 24 and 41 to 45 for the sites' caches: what one site, with its own password, can do to a neighbour there. */

let thief: CachedSite;
let victim: CachedSite;
let own: Client;
let theirs: Client;
const SECRET = 'of-the-neighbour';

beforeAll(async () => {
  await ready();
  thief = await createCachedSite();
  victim = await createCachedSite();
  theirs = await connect(victim.login);
});
beforeEach(async () => {
  own = await connect(thief.login);
});
afterAll(closeAll);

/** All that the neighbour has there. */
async function possessions(): Promise<readonly Reply[]> {
  const { prefix } = victim.login;
  const asks = [
    ['GET', `${prefix}text`],
    ['HGETALL', `${prefix}hash`],
    ['LRANGE', `${prefix}list`, 0, -1],
    ['SMEMBERS', `${prefix}set`],
    ['ZREVRANGE', `${prefix}sorted`, 0, -1],
    ['GET', `${prefix}number`],
    ['EXPIRETIME', `${prefix}fleeting`],
    ['EXPIRETIME', `${prefix}text`],
  ];
  return theirs.flood(asks);
}

async function furnish(): Promise<void> {
  const { prefix } = victim.login;
  const said = await theirs.flood([
    ['SET', `${prefix}text`, SECRET],
    ['HSET', `${prefix}hash`, SECRET, SECRET],
    ['RPUSH', `${prefix}list`, SECRET, SECRET],
    ['SADD', `${prefix}set`, SECRET],
    ['ZADD', `${prefix}sorted`, 1, SECRET],
    ['SET', `${prefix}number`, 7],
    ['SET', `${prefix}fleeting`, SECRET, 'EX', 3600],
  ]);
  expect(said.filter((reply) => /^[A-Z]+ |^NOPERM/.test(String(reply)))).toEqual([]);
}

type Known = { readonly name: string; readonly subcommands: readonly string[] };

/** Every command that this Redis knows, from one of our own that lets us ask. */
async function allCommands(): Promise<readonly Known[]> {
  const folder = mkdtempSync('/tmp/commands-');
  const socket = join(folder, 'redis.sock');
  const args = ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder];
  const server: ChildProcess = spawn('/usr/bin/redis-server', args, { stdio: 'ignore' });
  try {
    for (;;) {
      await pause(50);
      const client = await connect(null, socket);
      const answer = await client.call('COMMAND');
      if (!Array.isArray(answer)) continue;
      return (answer as readonly (readonly Reply[])[]).map(([name, , , , , , , , , subcommands]) => ({
        name: String(name),
        subcommands: (subcommands as readonly (readonly Reply[])[]).map(
          ([own]) => String(own).split('|')[1] ?? '',
        ),
      }));
    }
  } finally {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Words that a command may take, the neighbour's keys in every place. */
function tries(name: string): readonly (readonly (string | number)[])[] {
  const [key, list] = [`${victim.login.prefix}text`, `${victim.login.prefix}list`];
  const mine = `${thief.login.prefix}x`;
  const all = [
    ...[[], [key], [list], [key, 'x'], [key, mine], [mine, key], [key, key], [key, 0, -1], [key, 1, 'x']],
    ...[
      [0],
      [0, 'MATCH', '*'],
      ['*'],
      [1, key],
      [2, mine, key],
      [key, 0, 'x'],
      [key, 'x', 'x'],
      [mine, key, key],
    ],
    ...[
      [mine, 2, mine, key],
      ['STREAMS', key, 0],
      ['BLOCK', 0, 'STREAMS', key, 0],
      ['GROUP', 'g', 'c', 'STREAMS', key, '>'],
    ],
    ...[
      [key, 'BY', 'nosort', 'GET', `${victim.login.prefix}*`],
      [mine, 'BY', `${victim.login.prefix}*`, 'GET', '#'],
    ],
    ...[
      ['return redis.call("GET", KEYS[1])', 1, key],
      ['return redis.call("KEYS", "*")', 0],
      [key, key, 0],
    ],
    ...[
      [key, 'LEFT', 'RIGHT', 0],
      [list, mine, 'LEFT', 'RIGHT'],
      ['SYNC'],
      ['ASYNC'],
      ['NOSAVE'],
      ['ON'],
      [key, 5, 0, 0],
    ],
    ...[
      [mine, key, 'REPLACE'],
      [key, mine, 'DB', 0],
      ['127.0.0.1', 1, key, 0, 1000],
      [mine, 0, 'x', 'GET', key],
    ],
  ];
  return all.map((words) => [name, ...words]);
}

const GIVEN: ReadonlySet<string> = new Set(SITES_COMMANDS);
/** Anybody may say these before and after a login; they end it, and show nothing. */
const BEFORE_A_LOGIN = new Set(['auth', 'hello', 'quit', 'reset']);

test('rows 41 and 44: no command that Redis knows reads, lists or changes a neighbour’s keys, or stops the server', async () => {
  await furnish();
  const before = await possessions();
  expect(JSON.stringify(before)).toContain(SECRET);
  const started = must('systemctl', ['show', '--property=MainPID', '--value', 'sculptor-cache.service']);
  const commands = await allCommands();
  expect(commands.length).toBeGreaterThan(200);
  const told: string[] = [];
  let count = 0;
  for (const { name, subcommands } of commands) {
    const words = tries(name);
    const asks = [
      ...words,
      ...subcommands.flatMap((sub) => words.map(([, ...rest]) => [name, sub, ...rest])),
    ];
    for (const ask of asks) {
      // The first two end the login, the others say again what was said.
      if (['quit', 'reset', 'echo', 'ping'].includes(name)) continue;
      const reply = await Promise.race([own.call(...ask), pause(3_000).then(() => 'it blocks')]);
      const text = JSON.stringify(reply);
      count += 1;
      if (text === '"gone"') own = await connect(thief.login);
      const isRefused = /^"(NOPERM|ERR|WRONG|NOPROTO|NOAUTH|EXECABORT|gone)/.test(text);
      const free = GIVEN.has(name) || BEFORE_A_LOGIN.has(name);
      if (text.includes(SECRET) || text === '"it blocks"')
        told.push(`${ask.join(' ')}: ${text.slice(0, 100)}`);
      if (!free && !isRefused) told.push(`${ask.join(' ')} is let through: ${text.slice(0, 100)}`);
    }
  }
  expect(told).toEqual([]);
  expect(count).toBeGreaterThan(8_000);
  expect(await possessions()).toEqual(before);
  expect(must('systemctl', ['show', '--property=MainPID', '--value', 'sculptor-cache.service'])).toBe(
    started,
  );
});

test('row 44: who has no account there can do nothing, whoever it is', async () => {
  const nobody = await connect(null);
  for (const ask of [
    ['GET', `${victim.login.prefix}text`],
    ['KEYS', '*'],
    ['INFO'],
    ['FLUSHALL'],
    ['SHUTDOWN'],
  ])
    expect(await nobody.call(...ask)).toMatch(/^NOAUTH/);
  for (const [user, password] of [
    ['default', ''],
    ['executor', ''],
    ['keeper', ''],
    [victim.login.username, thief.login.password],
  ])
    expect(await nobody.call('AUTH', user ?? '', password ?? '')).toMatch(/^WRONGPASS/);
  await expect(connect({ ...thief.login, username: 'default' })).rejects.toThrow('WRONGPASS');
  const site = { ...thief, id: '', home: '' };
  await refused(
    44,
    [shellOf(site), WWW].flatMap((who) =>
      [
        '/etc/sculptor/cache/accounts.acl',
        '/var/lib/sculptor-root/cache/keeper',
        '/var/lib/sculptor-root/cache/executor',
      ].map((path) => ({
        what: `${who.name} reads ${path}`,
        act: () => as(who, 'cat', path).code,
        refusal: 1,
      })),
    ),
  );
});

/** The neighbour's waits while `act` runs, in milliseconds, and what it was answered. */
async function neighbourDuring(act: () => Promise<unknown>) {
  const waits: number[] = [];
  const answers = new Map<string, number>();
  const asked = { over: false };
  const asking = (async () => {
    while (!asked.over) {
      const since = performance.now();
      const said = String(await theirs.call('SET', `${victim.login.prefix}beat`, 'x'.repeat(1_000))).slice(
        0,
        20,
      );
      waits.push(performance.now() - since);
      answers.set(said, (answers.get(said) ?? 0) + 1);
      await pause(10);
    }
  })();
  await act();
  asked.over = true;
  await asking;
  return { answers, longest: Math.max(...waits), count: waits.length };
}

test('row 45: a site that fills its cache as fast as it can hurts itself: its neighbour keeps all, and writes on', async () => {
  await furnish();
  const before = await possessions();
  const { answers, longest, count } = await neighbourDuring(async () => {
    const until = performance.now() + 20_000;
    const value = 'z'.repeat(900_000);
    for (let sent = 0; performance.now() < until; sent += 8)
      await own.flood(
        Array.from({ length: 8 }, (_, at) => ['SET', `${thief.login.prefix}f${sent + at}`, value]),
      );
  });
  process.stderr.write(
    `filled: ${count} writes of the neighbour ${JSON.stringify([...answers])}, longest ${longest} ms\n`,
  );
  expect((answers.get('OK') ?? 0) / count).toBeGreaterThan(0.9);
  expect(await possessions()).toEqual(before);
  expect((await readCache(victim.name)).usage?.dropped ?? 0).toBe(0);
  accepted(45);
});

test('row 45: a list that looks small from its front is counted whole', async () => {
  const { prefix } = thief.login;
  await pause(1_000);
  const push = (size: number, times: number) =>
    own.flood(Array.from({ length: times }, () => ['RPUSH', `${prefix}tail`, 'x'.repeat(size)]));
  await until(async () => (await own.call('SET', `${prefix}may`, 1)) === 'OK');
  await push(10, 50);
  for (let at = 0; at < 30; at += 1) await push(100_000, 10);
  await until(async () => ((await readCache(thief.name)).usage?.bytes ?? 0) > 25_000_000);
  await own.call('DEL', `${prefix}tail`);
  accepted(45);
});

test('row 45: what costs most of what it may call, as often as it can, keeps no neighbour waiting for long', async () => {
  const { prefix } = thief.login;
  await until(async () => (await own.call('SET', `${prefix}may`, 1)) === 'OK');
  for (let at = 0; at < 100; at += 1) {
    const fields = Array.from({ length: 1_000 }, (_, index) => [`${at}-${index}`, '']).flat();
    await own.call('HSET', `${prefix}h`, ...fields);
    await own.call(
      'ZADD',
      `${prefix}z`,
      ...Array.from({ length: 1_000 }, (_, index) => [index, `${at}-${index}`]).flat(),
    );
    await own.call('RPUSH', `${prefix}l`, ...Array.from({ length: 1_000 }, () => 'x'));
  }
  const costly = [
    ['HVALS', `${prefix}h`],
    ['HGETALL', `${prefix}h`],
    ['LRANGE', `${prefix}l`, 0, -1],
    ['LINDEX', `${prefix}l`, 50_000],
    ['ZREVRANGE', `${prefix}z`, 99_999, 99_999],
    ['ZCOUNT', `${prefix}z`, '-inf', '+inf'],
    ['ZRANK', `${prefix}z`, '50-500'],
  ];
  const { longest, answers } = await neighbourDuring(async () => {
    const until = performance.now() + 15_000;
    for (let turn = 0; performance.now() < until; turn += 1) {
      const client = await connect(thief.login).catch(() => null);
      const command = costly[turn % costly.length] ?? [];
      await client?.flood(Array.from({ length: 400 }, () => command));
      client?.close();
    }
  });
  process.stderr.write(`costly: ${JSON.stringify([...answers])}, longest ${longest} ms\n`);
  expect(longest).toBeLessThan(2_000);
  expect([...answers.keys()]).toEqual(['OK']);
  accepted(45);
});

test('row 45: a crowd of connections is ended, with or without an account, and the neighbour keeps its own', async () => {
  const crowd = await Promise.all(Array.from({ length: 200 }, () => connect(thief.login)));
  const strangers = await Promise.all(Array.from({ length: 700 }, () => connect(null)));
  const alive = async (clients: readonly Client[]) =>
    (await Promise.all(clients.map(({ call }) => call('PING')))).filter((said) => !/^gone/.test(String(said)))
      .length;
  await until(async () => (await alive(crowd)) <= 64 && (await alive(strangers)) === 0);
  expect(await theirs.call('PING')).toBe('PONG');
  accepted(45);
});

async function until(done: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 90_000;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error('it did not come about');
    await pause(200);
  }
}
