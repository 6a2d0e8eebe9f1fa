import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { OperationId } from '../../../contract/ids.ts';
import { OPERATION_CHANNEL } from '../../../contract/operations.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { connectRedis, connectSubscriber } from '../../../runtime/redis.ts';
import { createWakeUps } from '../../../runtime/wake-ups.ts';
import type { WakeUps } from '../../../runtime/wake-ups.ts';
import { Refusal } from '../../fakes/executor-server.ts';
import { askDatabase, askDatabaseUser, askDomain, freshId } from './asked.ts';
import { live, PURGE_AFTER, server, startWorld } from './world.ts';
import type { World } from './world.ts';

let world: World;
let wakeUps: WakeUps;
let closeWakeUps: () => Promise<void>;

beforeAll(async () => {
  world = await startWorld();
  const quiet = createLogger('test', { write: () => undefined });
  const redis = connectRedis(world.servers.queue('api'), quiet);
  wakeUps = createWakeUps({ redis, server, logger: quiet });
  while (redis.status !== 'ready') await pause(5);
  closeWakeUps = async () => {
    await wakeUps.close();
    redis.disconnect();
  };
  // One sweep at the start and no other: here every operation is woken, or has to be woken by the one before it.
  world.startWorker(3_600_000);
  // The heartbeat's question, so that what follows are operations alone.
  while (world.executor.requests.length === 0) await pause(5);
});
afterAll(async () => {
  await closeWakeUps();
  await world.stop();
});
beforeEach(() => world.executor.answer(live));

/** As the API does it: the row is there, then the wake-up. */
async function woken(asked: { readonly operation: OperationId }) {
  expect(await wakeUps.wake(asked.operation)).toBe(true);
  return world.ended(asked.operation);
}

async function domain(name: string) {
  const asked = await askDomain(world.api, { kind: 'domain.create', name });
  world.nginx.serve(name, { status: 200, body: `${asked.id}\n` });
  return asked;
}

function names(id: string): string[][] {
  return world.servers.sql(`SELECT name FROM sculptor.domain_name WHERE domain_id = '${id}' ORDER BY name`);
}

function stands(id: string): string[][] {
  return world.servers.sql(
    `SELECT status, generation FROM sculptor.resource_state WHERE resource_id = '${id}'`,
  );
}

describe('a domain', () => {
  test('is live when its page was asked for and answered with its id', async () => {
    const asked = await domain('first.example');
    expect(await woken(asked)).toMatchObject({ status: 'succeeded', attempt: 1, code: null });
    expect(await world.steps(asked.operation)).toEqual([
      'site.put done: succeeded, changed',
      'ask first.example: succeeded',
    ]);
    expect(stands(asked.id)).toEqual([['live', '1']]);
    expect(world.executor.requests.at(-1)).toMatchObject({
      verb: 'site.put',
      operation: asked.operation,
      args: {
        id: asked.id,
        generation: 1,
        name: 'first.example',
        aliases: [],
        phpVersion: '8.2',
        enabled: true,
      },
    });
  });

  test('that answers a moment later is live', async () => {
    const asked = await domain('slow.example');
    world.nginx.serve('slow.example', { status: 502, body: '' });
    await wakeUps.wake(asked.operation);
    while (!world.nginx.asked.includes('slow.example/.sculptor/site')) await pause(5);
    world.nginx.serve('slow.example', { status: 200, body: asked.id });
    expect(await world.ended(asked.operation)).toMatchObject({ status: 'succeeded' });
  });

  test('that another site answers for is not live; it is taken away and its names are free', async () => {
    const asked = await domain('wrong.example');
    world.nginx.serve('wrong.example', { status: 200, body: 'someone-else' });
    const end = await woken(asked);
    expect(end).toMatchObject({ status: 'failed', code: 'not_live' });
    expect(end.message).toBe("Asked for through nginx, wrong.example gave another page than the site's own.");
    expect(world.executor.requests.at(-1)).toMatchObject({ verb: 'site.remove', args: { id: asked.id } });
    expect(names(asked.id)).toEqual([]);
    // It stood on the server for a moment: what may have come into it lies in the trash.
    expect(stands(asked.id)).toEqual([['trashed', '1']]);
    const again = await domain('wrong.example');
    expect(await woken(again)).toMatchObject({ status: 'succeeded' });
  }, 30_000);

  test('whose creation failed and could not be taken away keeps its names', async () => {
    const asked = await domain('stuck.example');
    world.executor.answer(() => {
      throw new Refusal({ code: 'config_refused', message: 'refused', hint: 'look' });
    });
    expect(await woken(asked)).toMatchObject({
      status: 'failed',
      code: 'config_refused',
      message: 'refused',
    });
    expect(names(asked.id)).toEqual([['stuck.example']]);
    expect(stands(asked.id)).toEqual([['failed', '1']]);
  });

  test('whose update failed keeps serving, and is not taken away', async () => {
    const first = await domain('update.example');
    await woken(first);
    const before = world.executor.requests.length;
    world.executor.answer(() => {
      throw new Refusal({ code: 'config_refused', message: 'refused', hint: 'look' });
    });
    const more = { kind: 'domain.update', name: 'update.example', id: first.id, generation: 2 } as const;
    const update = await askDomain(world.api, { ...more, aliases: ['update-alias.example'] });
    expect(await woken(update)).toMatchObject({ status: 'failed', code: 'config_refused' });
    expect(world.executor.requests.slice(before).map(({ verb }) => verb)).toEqual(['site.put']);
    expect(stands(first.id)).toEqual([['failed', '2']]);
    expect(names(first.id)).toEqual([['update-alias.example'], ['update.example']]);
  });

  test('lies in the trash when none of its names is answered any more, and they are free', async () => {
    const first = await domain('leave.example');
    await woken(first);
    world.executor.answer((request, tell) => {
      const probes = [{ host: 'leave.example', path: '/', expect: 'closed' }];
      return request.verb === 'site.remove' ? { probes, purgeAfter: PURGE_AFTER } : live(request, tell);
    });
    const more = { kind: 'domain.delete', name: 'leave.example', id: first.id, generation: 2 } as const;
    const remove = await askDomain(world.api, more);
    await wakeUps.wake(remove.operation);
    while (!world.nginx.asked.includes('leave.example/')) await pause(5);
    expect((await world.row(remove.operation)).status).toBe('running');
    world.nginx.serve('leave.example', null);
    expect(await world.ended(remove.operation)).toMatchObject({ status: 'succeeded' });
    expect(names(first.id)).toEqual([]);
    expect(stands(first.id)).toEqual([['trashed', '2']]);
  });

  test('that the executor does not know is deleted already', async () => {
    const first = await domain('ghost.example');
    await woken(first);
    world.executor.answer(() => {
      throw new Refusal({ code: 'not_found', message: 'no such site', hint: '-' });
    });
    const more = { kind: 'domain.delete', name: 'ghost.example', id: first.id, generation: 2 } as const;
    expect(await woken(await askDomain(world.api, more))).toMatchObject({ status: 'succeeded' });
    expect(stands(first.id)).toEqual([['deleted', '2']]);
  });

  test('that lies in the trash is not changed', async () => {
    const first = await domain('dead.example');
    await woken(first);
    await woken(
      await askDomain(world.api, {
        kind: 'domain.delete',
        name: 'dead.example',
        id: first.id,
        generation: 2,
      }),
    );
    const before = world.executor.requests.length;
    const back = await askDomain(world.api, {
      kind: 'domain.update',
      name: 'dead.example',
      id: first.id,
      generation: 3,
    });
    expect(await woken(back)).toMatchObject({ status: 'failed', code: 'not_found' });
    expect(world.executor.requests.slice(before)).toEqual([]);
    expect(stands(first.id)).toEqual([['trashed', '3']]);
    expect(names(first.id)).toEqual([]);
  });
});

describe('what the API would not have let pass, had it not been taken', () => {
  test.each([
    ['a public suffix', 'co.uk', []],
    ['a name of one part', 'localhost', []],
    ["the server's own name", 'machine.example', []],
    ["a name below the server's own", 'a.machine.example', []],
    ['upper case', 'Upper.example', []],
    ['a trailing dot', 'dot.example.', []],
    ['an empty label', 'a..example', []],
    ['a path', '../../etc', []],
    ['a line feed', 'a.example\n', []],
    ['a semicolon', 'a;b.example', []],
    ['a wildcard', '*.example', []],
    ['an address', '10.0.0.1', []],
    ['a false A-label', 'xn--abc-.example', []],
    ['an alias that is none', 'good.example', ['b ad.example']],
    ['an alias that is a public suffix', 'good2.example', ['github.io']],
  ])('is refused before root hears of it: %s', async (_what, name, aliases) => {
    const before = world.executor.requests.length;
    const asked = await askDomain(world.api, { kind: 'domain.create', name, aliases });
    expect(await woken(asked)).toMatchObject({ status: 'failed', code: 'invalid_request' });
    const asks = world.executor.requests.slice(before).filter(({ verb }) => verb === 'site.put');
    expect(asks).toEqual([]);
    expect(names(asked.id)).toEqual([]);
    expect(
      world.servers.sql(`SELECT outcome FROM sculptor.audit WHERE resource = '${asked.id}' ORDER BY seq`),
    ).toEqual([['failed:invalid_request'], ['refused']]);
  });

  test.each(['../../etc', 'public/../private', 'public/a;b', 'public/.ssh'])(
    'is refused before root hears of it: the folder %s',
    async (publicDirectory) => {
      const before = world.executor.requests.length;
      const name = `${freshId()}.example`;
      const asked = await askDomain(world.api, {
        ...{ kind: 'domain.create', name, publicDirectory },
      });
      expect(await woken(asked)).toMatchObject({ status: 'failed', code: 'invalid_request' });
      const asks = world.executor.requests.slice(before).filter(({ verb }) => verb === 'site.put');
      expect(asks).toEqual([]);
    },
  );

  test('is refused: a name that another domain holds, and one that nobody holds', async () => {
    await woken(await domain('theirs.example'));
    const thief = await askDomain(world.api, {
      ...{
        kind: 'domain.create',
        name: 'thief.example',
        aliases: ['theirs.example'],
        names: ['thief.example'],
      },
    });
    expect(await woken(thief)).toMatchObject({ status: 'failed', code: 'name_taken' });
    const nobody = await askDomain(world.api, { kind: 'domain.create', name: 'nobody.example', names: [] });
    expect(await woken(nobody)).toMatchObject({ status: 'failed', code: 'invalid_request' });
    expect(
      world.servers.sql("SELECT COUNT(*) FROM sculptor.domain_name WHERE name = 'theirs.example'"),
    ).toEqual([['1']]);
  });

  test('is refused: an operation without the version it speaks of', async () => {
    const asked = await domain('versionless.example');
    world.servers.sql(`UPDATE sculptor.operation SET generation = 7 WHERE id = '${asked.operation}'`);
    expect(await woken(asked)).toMatchObject({ status: 'failed', code: 'invalid_request' });
  });

  test('is refused: a database or an account of the server itself', async () => {
    const base = await askDatabase(world.api, { kind: 'database.create', name: 'mysql' });
    expect(await woken(base)).toMatchObject({ status: 'failed', code: 'invalid_request' });
    const good = await askDatabase(world.api, { kind: 'database.create', name: 'good_one' });
    await woken(good);
    const hash = `*${'A'.repeat(40)}`;
    const root = await askDatabaseUser(world.api, {
      kind: 'databaseUser.create',
      name: 'root',
      database: good.id,
      hash,
    });
    expect(await woken(root)).toMatchObject({ status: 'failed', code: 'invalid_request' });
    const plain = await askDatabaseUser(world.api, {
      ...{ kind: 'databaseUser.create', name: 'plain', database: good.id, hash: '*secret' },
    });
    expect(await woken(plain)).toMatchObject({ status: 'failed', code: 'invalid_request' });
  });
});

describe('a database and its accounts', () => {
  const hash = (letter: string): string => `*${letter.repeat(40)}`;

  test('an account that was asked for while its database was to come back, which came to nothing, is told so', async () => {
    const base = await askDatabase(world.api, { kind: 'database.create', name: 'stays_away' });
    await woken(base);
    const user = await askDatabaseUser(world.api, {
      ...{ kind: 'databaseUser.create', name: 'stays_user', database: base.id, hash: hash('A') },
    });
    world.servers.sql(
      `UPDATE sculptor.resource_state SET status = 'trashed' WHERE resource_id = '${base.id}'`,
    );
    world.servers.sql(`DELETE FROM sculptor.database_user_name WHERE database_id = '${base.id}'`);
    expect(await woken(user)).toMatchObject({ status: 'failed', code: 'not_found' });
  });

  test('come about, are changed and removed, each read back', async () => {
    const base = await askDatabase(world.api, { kind: 'database.create', name: 'story' });
    expect(await woken(base)).toMatchObject({ status: 'succeeded' });
    expect(await world.steps(base.operation)).toEqual([
      'create database: succeeded, changed',
      'verify database: succeeded',
    ]);
    const more = { name: 'story_user', database: base.id } as const;
    const user = await askDatabaseUser(world.api, { kind: 'databaseUser.create', ...more, hash: hash('A') });
    expect(await woken(user)).toMatchObject({ status: 'succeeded' });
    expect(await world.steps(user.operation)).toEqual([
      'create account: succeeded, changed',
      'read back grants: succeeded',
    ]);
    const rotate = await askDatabaseUser(world.api, {
      ...{ kind: 'databaseUser.rotate', ...more, id: user.id, generation: 2, hash: hash('B') },
    });
    expect(await woken(rotate)).toMatchObject({ status: 'succeeded' });
    expect(world.servers.sql("SHOW GRANTS FOR 'story_user'@'localhost'")[0]![0]).toContain(hash('B'));
    const away = await askDatabaseUser(world.api, {
      ...{ kind: 'databaseUser.delete', ...more, id: user.id, generation: 3, hash: hash('B') },
    });
    expect(await woken(away)).toMatchObject({ status: 'succeeded' });
    expect(world.servers.sql("SELECT user FROM mysql.global_priv WHERE user = 'story_user'")).toEqual([]);
    const drop = await askDatabase(world.api, {
      kind: 'database.delete',
      name: 'story',
      id: base.id,
      generation: 2,
    });
    expect(await woken(drop)).toMatchObject({ status: 'succeeded' });
    expect(await world.steps(drop.operation)).toEqual(['database.remove done: succeeded, changed']);
    expect(stands(base.id)).toEqual([['trashed', '2']]);
    expect(world.servers.sql("SELECT name FROM sculptor.database_name WHERE name = 'story'")).toEqual([]);
  });

  test('stay as they are when the executor does not remove them', async () => {
    const base = await askDatabase(world.api, { kind: 'database.create', name: 'precious' });
    await woken(base);
    world.executor.answer(() => {
      throw new Refusal({ code: 'server_broken', message: 'no room', hint: 'make room' });
    });
    const drop = await askDatabase(world.api, {
      kind: 'database.delete',
      name: 'precious',
      id: base.id,
      generation: 2,
    });
    expect(await woken(drop)).toMatchObject({ status: 'failed', code: 'server_broken' });
    expect(world.servers.sql("SHOW DATABASES LIKE 'precious'")).toEqual([['precious']]);
    expect(stands(base.id)).toEqual([['failed', '2']]);
  });

  test('of a name that was on the server before fail, and leave it and its name alone', async () => {
    world.servers.sql('CREATE DATABASE elder; CREATE TABLE elder.t (v INT)');
    const base = await askDatabase(world.api, { kind: 'database.create', name: 'elder' });
    expect(await woken(base)).toMatchObject({ status: 'failed', code: 'not_ours' });
    expect(world.servers.sql('SHOW TABLES FROM elder')).toEqual([['t']]);
    expect(stands(base.id)).toEqual([['deleted', '1']]);
    expect(world.servers.sql("SELECT name FROM sculptor.database_name WHERE name = 'elder'")).toEqual([]);
  });

  test('that somebody gave more rights meanwhile are put right', async () => {
    const base = await askDatabase(world.api, { kind: 'database.create', name: 'drift' });
    await woken(base);
    const more = { name: 'drift_user', database: base.id } as const;
    const user = await askDatabaseUser(world.api, { kind: 'databaseUser.create', ...more, hash: hash('A') });
    await woken(user);
    world.servers.sql("GRANT SELECT ON mysql.* TO 'drift_user'@'localhost'");
    const rotate = await askDatabaseUser(world.api, {
      ...{ kind: 'databaseUser.rotate', ...more, id: user.id, generation: 2, hash: hash('A') },
    });
    expect(await woken(rotate)).toMatchObject({ status: 'succeeded' });
    expect(world.servers.sql("SELECT db FROM mysql.db WHERE user = 'drift_user'")).toEqual([['drift']]);
  });
});

describe('operations', () => {
  test('on one resource run one at a time and in order, on others side by side', async () => {
    const under = new Set<string>();
    const order: string[] = [];
    let most = 0;
    world.executor.answer(async (request, tell) => {
      const { id } = request.args as { id: string };
      expect(under.has(id)).toBe(false);
      under.add(id);
      most = Math.max(most, under.size);
      order.push(request.operation!);
      await pause(30);
      under.delete(id);
      return live(request, tell);
    });
    const first = await Promise.all(['p1', 'p2', 'p3', 'p4'].map((label) => domain(`${label}.example`)));
    await Promise.all(first.map(({ operation }) => wakeUps.wake(operation)));
    await Promise.all(first.map(({ operation }) => world.ended(operation)));
    expect(most).toBeGreaterThan(1);
    const one = first[0]!;
    world.executor.answer(live);
    const base = await askDatabase(world.api, { kind: 'database.create', name: 'in_order' });
    const users = [];
    for (const name of ['io_a', 'io_b', 'io_c']) {
      const hash = `*${'C'.repeat(40)}`;
      users.push(
        await askDatabaseUser(world.api, { kind: 'databaseUser.create', name, database: base.id, hash }),
      );
    }
    // Woken the wrong way round: each waits for its turn, and is woken by the one before it.
    for (const user of [...users].reverse()) await wakeUps.wake(user.operation);
    await wakeUps.wake(base.operation);
    const ends = await Promise.all([base, ...users].map(({ operation }) => world.ended(operation)));
    expect(ends.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded']);
    const times = ends.map(({ startedAt, endedAt }) => [startedAt!.getTime(), endedAt!.getTime()] as const);
    times.slice(1).forEach(([start], index) => expect(start).toBeGreaterThanOrEqual(times[index]![1]));
    expect(order.filter((operation) => operation === one.operation)).toHaveLength(1);
  });

  test('tell who follows them that they move on', async () => {
    const quiet = createLogger('test', { write: () => undefined });
    const subscriber = connectSubscriber(world.servers.queue('api'), quiet);
    const heard: string[] = [];
    subscriber.on('message', (_channel, id) => heard.push(id));
    await subscriber.subscribe(OPERATION_CHANNEL);
    const asked = await domain('follow.example');
    await woken(asked);
    // Begun, two steps, the end.
    while (heard.filter((id) => id === asked.operation).length < 4) await pause(5);
    subscriber.disconnect();
  });

  test('leave one line in the log when they are finished', async () => {
    const asked = await domain('logged.example');
    await woken(asked);
    const lines = () => world.log.filter(({ operationId }) => operationId === asked.operation);
    while (lines().length === 0) await pause(5);
    expect(lines()).toEqual([
      expect.objectContaining({
        level: 'info',
        msg: 'operation finished',
        status: 'succeeded',
        kind: 'domain.create',
      }),
    ]);
  });
});

test('the worker says that it is at work, and which PHP there is, newest last', async () => {
  const text = 'SELECT name, value FROM server_fact WHERE server = ? ORDER BY name';
  const Row = z.object({
    name: z.string(),
    value: z.string().transform((value): unknown => JSON.parse(value)),
  });
  const facts = await world.api.rows(Row, text, [server]);
  expect(facts.filter(({ name }) => name !== 'alarmRules')).toEqual([
    { name: 'bans', value: { jails: [], bans: [], more: 0, seenAt: expect.stringMatching(/^20.*Z$/) } },
    {
      name: 'databases',
      value: { collations: expect.arrayContaining(['utf8mb4_unicode_ci']), connectionsPerAccount: 30 },
    },
    { name: 'php', value: { versions: ['8.2', '8.4', '8.10'], default: '8.10' } },
    { name: 'timezone', value: 'UTC' },
    {
      name: 'updates',
      value: { last: null, lookedAt: expect.stringMatching(/^20.*Z$/), pending: null, reboot: null },
    },
    { name: 'worker', value: { at: expect.stringMatching(/^20.*Z$/), version: '0.0.0-test' } },
    { name: 'worker-lock', value: { name: expect.stringMatching(/^sculptor-worker-default-[0-9a-f]{24}$/) } },
  ]);
});

test('an id that is too young to exist is nothing to worry about', async () => {
  const id = `t${freshId(18)}x` as OperationId;
  await wakeUps.wake(id);
  while (!world.log.some(({ operationId }) => operationId === id)) await pause(5);
  expect(world.log.find(({ operationId }) => operationId === id)).toMatchObject({
    level: 'warn',
    why: 'unknown',
  });
});
