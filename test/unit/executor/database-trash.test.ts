import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { protectDatabase, removeDatabase } from '../../../worker-privileged/executor/verbs/database.ts';
import { purgeDatabase, restoreDatabase } from '../../../worker-privileged/executor/verbs/database-trash.ts';
import {
  createFakeServer,
  createFakeSystem,
  InjectedError,
  stateOf,
  type Accident,
  type FakeServer,
} from '../../fakes/executor-system.ts';
import { fakeAccount, fakeDatabase, ID, OTHER_ID, READER, serverWithDatabase } from './databases.ts';
import { failureOf, recordedRun } from './sites.ts';

const VERBS = { protectDatabase, removeDatabase, restoreDatabase, purgeDatabase } as const;

type Doing = { readonly accident?: Accident };

/** Does it; with an accident that happens, the error is the accident's. Returns how many changes there were. */
async function act(verb: keyof typeof VERBS, server: FakeServer, { accident }: Doing = {}): Promise<number> {
  const { system, count } = createFakeSystem(server, accident);
  const acting = VERBS[verb](system)({ id: ID }, recordedRun());
  if (accident === undefined) await acting;
  else await expect(acting).rejects.toThrow(InjectedError);
  return count.changes;
}

const refusal = (verb: keyof typeof VERBS, server: FakeServer) =>
  failureOf(VERBS[verb](createFakeSystem(server).system)({ id: ID }, recordedRun()));

const dumps = ({ disk }: FakeServer) => [...disk.keys()].filter((path) => path.startsWith(`${paths.dumps}/`));

async function removed(server = serverWithDatabase()): Promise<FakeServer> {
  await act('removeDatabase', server);
  return server;
}

function entryOf({ disk }: FakeServer): { readonly removedAt: string | null } {
  const record = disk.get(paths.registeredDatabase(ID)) as { readonly text: string };
  return JSON.parse(record.text) as { readonly removedAt: string | null };
}

/** But for the record of what root remembers of it. */
function databasesOf(server: FakeServer): unknown {
  return { databases: structuredClone([...server.databases]), dumps: dumps(server) };
}

test('a removed database is gone with its accounts, and what it was lies in the trash', async () => {
  const server = serverWithDatabase();
  const answer = await removeDatabase(createFakeSystem(server).system)({ id: ID }, recordedRun());
  expect(answer).toEqual({ purgeAfter: '2026-01-05T03:04:05.678Z' });
  expect(server.databases.get(ID)).toMatchObject({ dropped: true, rows: null });
  expect(server.databases.get(ID)?.accounts.every(({ dropped }) => dropped)).toBe(true);
  expect(dumps(server)).toEqual([paths.dump(ID, '20260102-030405678')]);
  const record = server.disk.get(paths.registeredDatabase(ID));
  expect(record).toMatchObject({ kind: 'file', mode: 0o600 });
  expect(JSON.parse((record as { text: string }).text)).toMatchObject({
    name: 'shop',
    removedAt: '2026-01-02T03:04:05.678Z',
    removal: {
      accounts: [
        { name: 'shop_user', privileges: 'all' },
        { name: 'shop_reader', privileges: 'read' },
      ],
    },
  });
});

test('removed once more, it is only said when it may be purged', async () => {
  const server = await removed();
  const before = stateOf(server);
  server.now = '2026-01-03T00:00:00.000Z';
  const answer = await removeDatabase(createFakeSystem(server).system)({ id: ID }, recordedRun());
  expect([answer, stateOf(server)]).toEqual([{ purgeAfter: '2026-01-05T03:04:05.678Z' }, before]);
});

test.each([
  ['was never here', createFakeServer()],
  ['never came about', serverWithDatabase({ dropped: true, rows: null })],
])('what %s is gone already', async (_, server) => {
  const before = stateOf(server);
  const answer = await removeDatabase(createFakeSystem(server).system)({ id: ID }, recordedRun());
  expect([answer, stateOf(server)]).toEqual([{ purgeAfter: null }, before]);
});

test('whatever change fails before anything is dropped, the database is open and whole', async () => {
  const whole = serverWithDatabase();
  const all = await act('removeDatabase', whole);
  const before = databasesOf(serverWithDatabase());
  for (let at = 1; at <= all; at += 1) {
    const server = serverWithDatabase();
    await act('removeDatabase', server, { accident: { at, kind: 'tool' } });
    if (server.databases.get(ID)?.dropped === false && dumps(server).length === 0)
      expect({ at, databases: databasesOf(server) }).toEqual({ at, databases: before });
    else expect({ at, dumps: dumps(server).length }).toEqual({ at, dumps: 1 });
  }
});

test('wherever removing it breaks off, asking again ends it, and nothing is dropped without a dump', async () => {
  const all = await act('removeDatabase', serverWithDatabase());
  expect(all).toBeGreaterThan(5);
  for (let at = 1; at <= all; at += 1) {
    const server = serverWithDatabase();
    await act('removeDatabase', server, { accident: { at, kind: 'crash' } });
    if (server.databases.get(ID)?.dropped === true)
      expect({ at, dumps: dumps(server).length }).toEqual({ at, dumps: 1 });
    server.now = '2026-01-02T03:05:05.678Z';
    await act('removeDatabase', server);
    expect({ at, dumps: dumps(server).length }).toEqual({ at, dumps: 1 });
    await act('restoreDatabase', server);
    expect({ at, databases: databasesOf(server) }).toEqual({
      at,
      databases: databasesOf(serverWithDatabase()),
    });
  }
});

test('what was written after a removal that failed is in the dump of the next', async () => {
  const server = serverWithDatabase();
  await act('removeDatabase', server, { accident: { at: 3, kind: 'tool' } });
  server.databases.get(ID)!.rows = ['one', 'two', 'three'];
  await act('removeDatabase', server);
  await act('restoreDatabase', server);
  expect(server.databases.get(ID)?.rows).toEqual(['one', 'two', 'three']);
});

test('brought back, it is as it was: rows, accounts, passwords, rights', async () => {
  const server = await removed();
  await act('restoreDatabase', server);
  expect(databasesOf(server)).toEqual(databasesOf(serverWithDatabase()));
  expect(server.doings).toEqual(['play back as shop_user']);
});

test('where no account of it writes, it is played back by one of this purpose', async () => {
  const server = await removed(serverWithDatabase({ accounts: [READER] }));
  await act('restoreDatabase', server);
  expect(server.doings).toEqual([`play back as sculptor-restore-${ID}`]);
});

test('an account whose password was none of ours comes back with one that nobody knows', async () => {
  const server = await removed(serverWithDatabase({ accounts: [fakeAccount({ passwordHash: null })] }));
  await act('restoreDatabase', server);
  expect(server.databases.get(ID)?.accounts[0]?.passwordHash).toMatch(/^\*[0-9A-F]{40}$/);
});

test('a database that its tenant had dropped comes back empty, with its accounts', async () => {
  const server = await removed(serverWithDatabase({ rows: null }));
  expect(dumps(server)).toEqual([]);
  await act('restoreDatabase', server);
  expect(databasesOf(server)).toEqual(databasesOf(serverWithDatabase({ rows: [] })));
  expect(server.doings).toEqual([]);
});

test('whatever change fails before it stands again, it lies in the trash as before', async () => {
  const whole = await removed();
  const trashed = databasesOf(whole);
  const all = await act('restoreDatabase', whole);
  for (let at = 1; at <= all; at += 1) {
    const server = await removed();
    await act('restoreDatabase', server, { accident: { at, kind: 'tool' } });
    if (server.databases.get(ID)?.dropped === true)
      expect({ at, databases: databasesOf(server) }).toEqual({ at, databases: trashed });
    await act('restoreDatabase', server);
    expect({ at, databases: databasesOf(server) }).toEqual({
      at,
      databases: databasesOf(serverWithDatabase()),
    });
  }
});

test('wherever bringing it back breaks off, nobody logs in before it is whole, and asking again ends it', async () => {
  const all = await act('restoreDatabase', await removed());
  expect(all).toBeGreaterThan(7);
  for (let at = 1; at <= all; at += 1) {
    const server = await removed();
    await act('restoreDatabase', server, { accident: { at, kind: 'crash' } });
    const { closed, rows } = server.databases.get(ID)!;
    if (!closed && rows !== null) expect({ at, rows }).toEqual({ at, rows: ['one', 'two'] });
    await act('restoreDatabase', server);
    expect({ at, databases: databasesOf(server) }).toEqual({
      at,
      databases: databasesOf(serverWithDatabase()),
    });
  }
});

test('wherever bringing it back breaks off before it stands, to remove it leaves it in the trash as before', async () => {
  const whole = await removed();
  const trashed = databasesOf(whole);
  const all = await act('restoreDatabase', whole);
  const ends: string[] = [];
  for (let at = 1; at <= all; at += 1) {
    const server = await removed();
    await act('restoreDatabase', server, { accident: { at, kind: 'crash' } });
    const stands = entryOf(server).removedAt === null;
    await act('removeDatabase', server);
    ends.push(stands ? 'stood' : 'lay there');
    if (!stands) expect({ at, databases: databasesOf(server) }).toEqual({ at, databases: trashed });
    expect({ at, dropped: server.databases.get(ID)?.dropped }).toEqual({ at, dropped: true });
  }
  expect(new Set(ends)).toEqual(new Set(['lay there', 'stood']));
});

test('what comes back with less than it had, or with other rights, does not stand', async () => {
  const server = await removed();
  const [dump = ''] = dumps(server);
  const before = databasesOf(server);
  server.disk.set(dump, { kind: 'file', text: '["one"]', mode: 0o600 });
  expect(await refusal('restoreDatabase', server)).toBe('mismatch');
  expect(databasesOf(server)).toEqual(before);
});

test.each([
  ['another database has its name', fakeDatabase({ accounts: [] })],
  [
    'another account has the name of one of its accounts',
    fakeDatabase({ name: 'other' as never, accounts: [READER] }),
  ],
])('is not brought back where %s by now', async (_, other) => {
  const server = await removed();
  server.databases.set(OTHER_ID, other);
  const before = databasesOf(server);
  expect(await refusal('restoreDatabase', server)).toBe('name_taken');
  expect(databasesOf(server)).toEqual(before);
});

test('one that is protected is not removed, whoever asks, and stays so when it is asked for again', async () => {
  const server = serverWithDatabase();
  await act('protectDatabase', server);
  const before = stateOf(server);
  expect(await act('protectDatabase', server)).toBe(0);
  expect(await refusal('removeDatabase', server)).toBe('protected');
  expect(stateOf(server)).toEqual(before);
});

test.each([
  ['was never here', () => Promise.resolve(createFakeServer())],
  ['lies in the trash', () => removed()],
])('what %s is not protected', async (_, make) => {
  const server = await make();
  const before = stateOf(server);
  expect(await refusal('protectDatabase', server)).toBe('not_found');
  expect(stateOf(server)).toEqual(before);
});

test('as many are removed in an hour as may be, sites and databases together', async () => {
  const server = serverWithDatabase();
  server.disk.set(paths.limits, { kind: 'file', text: '{"destroyPerHour":0}', mode: 0o600 });
  const before = stateOf(server);
  expect(await refusal('removeDatabase', server)).toBe('limit_reached');
  expect(stateOf(server)).toEqual(before);
});

test('it is purged when its time is over and not before, and its id and name are all that stays', async () => {
  const server = await removed();
  const before = stateOf(server);
  expect(await refusal('purgeDatabase', server)).toBe('not_due');
  expect(stateOf(server)).toEqual(before);
  server.now = '2026-01-05T03:04:05.678Z';
  await act('purgeDatabase', server);
  expect(dumps(server)).toEqual([]);
  const record = (server.disk.get(paths.registeredDatabase(ID)) as { text: string }).text;
  expect(JSON.parse(record)).toMatchObject({ id: ID, name: 'shop', removal: null });
  expect(record).not.toMatch(/A1A1|B2B2|shop_user/);
  expect(await refusal('restoreDatabase', server)).toBe('not_found');
  expect(await act('purgeDatabase', server)).toBe(0);
});

test('root purges at once what is in the trash, and nothing that is not', async () => {
  const server = serverWithDatabase();
  const atOnce = () =>
    failureOf(purgeDatabase(createFakeSystem(server).system, { atOnce: true })({ id: ID }, recordedRun()));
  expect(await atOnce()).toBe('not_found');
  await act('protectDatabase', server);
  expect(await atOnce()).toBe('invalid_request');
  expect(server.databases.get(ID)?.dropped).toBe(false);
  const trashed = await removed();
  await purgeDatabase(createFakeSystem(trashed).system, { atOnce: true })({ id: ID }, recordedRun());
  expect(dumps(trashed)).toEqual([]);
});

test('wherever purging breaks off, it can only be purged from then on', async () => {
  const all = await act('purgeDatabase', await due());
  for (let at = 2; at <= all; at += 1) {
    const server = await due();
    await act('purgeDatabase', server, { accident: { at, kind: 'crash' } });
    expect({ at, code: await refusal('restoreDatabase', server) }).toEqual({ at, code: 'not_found' });
    await act('purgeDatabase', server);
    expect({ at, dumps: dumps(server) }).toEqual({ at, dumps: [] });
  }
});

async function due(): Promise<FakeServer> {
  const server = await removed();
  server.now = '2026-02-01T00:00:00.000Z';
  return server;
}
