import { createHash } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import { PasswordHash } from '../../../contract/databases.ts';
import { DatabaseId, DatabaseUserId, TenantId } from '../../../contract/ids.ts';
import { DatabaseName, DatabaseUserName } from '../../../contract/names.ts';
import { createDatabaseDoor } from '../../../worker-privileged/database-door.ts';
import type { DatabaseDoor } from '../../../worker-privileged/database-door.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';
import { freshId } from './asked.ts';

/* What of the door is root's alone, how much it lets through in an hour, and whose sessions it ends. */

let servers: Servers;
let door: DatabaseDoor;
/** The worker taken, with a session of its own to speak in. */
let thief: Connection;
let shop: DatabaseId;

beforeAll(async () => {
  servers = await startServers();
  const { socketPath, user, password } = servers.state('sculptor');
  door = createDatabaseDoor({ socketPath, user, password });
  thief = await asSculptor();
  shop = await makeDatabase('shop');
});
beforeEach(() => {
  limit('let_in_per_hour', 60);
  limit('destroy_per_hour', 30);
  servers.sql('DELETE FROM sculptor_door.counted');
});
afterAll(async () => {
  thief.destroy();
  await door.close();
  await servers.stop();
});

/** A session of the worker's account, as whoever has become sculptor opens it. */
function asSculptor(): Promise<Connection> {
  const { socketPath, user, password = '' } = servers.state('sculptor');
  return createConnection({ socketPath, user, password });
}

const limit = (name: string, value: number) =>
  servers.sql(`CALL sculptor_door.set_limit('${name}', ${value})`);
const counted = () =>
  servers.sql('SELECT kind, COUNT(*) FROM sculptor_door.counted GROUP BY kind ORDER BY kind');

async function makeDatabase(name: string): Promise<DatabaseId> {
  const id = DatabaseId.parse(freshId());
  await door.putDatabase(id, {
    name: DatabaseName.parse(name),
    charset: 'utf8mb4',
    collation: 'utf8mb4_unicode_ci',
    tenant: TenantId.parse('default'),
  });
  return id;
}

function sha1(bytes: Buffer | string): Buffer {
  return createHash('sha1').update(bytes).digest();
}

function hashOf(password: string): PasswordHash {
  return PasswordHash.parse(`*${sha1(sha1(password)).toString('hex').toUpperCase()}`);
}

async function makeUser(name: string, privileges: 'all' | 'read' = 'all'): Promise<DatabaseUserId> {
  const id = DatabaseUserId.parse(freshId());
  await putUser(id, name, { privileges });
  return id;
}

type Change = {
  readonly privileges?: 'all' | 'read';
  readonly password?: string;
  readonly maxConnections?: number | null;
};

function putUser(id: DatabaseUserId, name: string, change: Change = {}) {
  const { privileges = 'all', password = 'first', maxConnections = null } = change;
  const account = { name: DatabaseUserName.parse(name), database: DatabaseName.parse('shop'), privileges };
  return door.putUser(id, shop, { ...account, passwordHash: hashOf(password), maxConnections });
}

const login = (user: string, password = 'first') =>
  createConnection({ socketPath: servers.mariadb.socket, user, password });

const full = expect.objectContaining({
  failure: expect.objectContaining({ code: 'limit_reached' }),
}) as unknown;
const lost = expect.objectContaining({ fatal: true }) as unknown;

describe('the worker', () => {
  test('may call what it needs, by name, and nothing of what is root', () => {
    const granted = servers.sql("SHOW GRANTS FOR 'sculptor'@'localhost'").map(([line = '']) => line);
    const callable = granted.flatMap((line) => /EXECUTE ON (.*) TO /.exec(line)?.[1] ?? []);
    expect(callable.sort()).toEqual(
      [
        ...[
          'discard_database',
          'drop_user',
          'end_old_transactions',
          'forget_audit',
          'keep_connections',
          'measure_database',
        ],
        ...['put_database', 'put_password', 'put_user', 'read_database', 'read_user'],
      ].map((name) => `PROCEDURE \`sculptor_door\`.\`${name}\``),
    );
  });

  test('is refused every other procedure that there is, and nothing changes', async () => {
    await makeUser('stays');
    const all = servers.sql(
      "SELECT r.specific_name, COUNT(p.parameter_name) FROM information_schema.routines r LEFT JOIN information_schema.parameters p ON p.specific_schema = r.routine_schema AND p.specific_name = r.specific_name WHERE r.routine_schema = 'sculptor_door' GROUP BY 1",
    );
    const granted = servers.sql("SELECT routine_name FROM mysql.procs_priv WHERE user = 'sculptor'").flat();
    const others = all.filter(([name = '']) => !granted.includes(name));
    expect(others.length).toBeGreaterThan(10);
    const before = servers.sql('SELECT user, priv FROM mysql.global_priv ORDER BY 1; SHOW DATABASES');
    for (const [name = '', parameters] of others) {
      const values = Array.from({ length: Number(parameters) }, () => `'${shop}'`).join(', ');
      await expect(thief.query(`CALL sculptor_door.${name}(${values})`)).rejects.toMatchObject({
        code: 'ER_PROCACCESS_DENIED_ERROR',
      });
    }
    expect(servers.sql('SELECT user, priv FROM mysql.global_priv ORDER BY 1; SHOW DATABASES')).toEqual(
      before,
    );
  });

  test.each([
    "UPDATE sculptor_door.setting SET value = 1000 WHERE name = 'let_in_per_hour'",
    'DELETE FROM sculptor_door.counted',
    'UPDATE sculptor_door.counted SET counted_at = 0',
    'TRUNCATE sculptor_door.counted',
    'UPDATE sculptor_door.managed_database SET closed_at = NULL',
  ])('may not say %s', async (text) => {
    await expect(thief.query(text)).rejects.toMatchObject({ sqlState: expect.stringMatching(/^42/) });
  });

  test.each([
    ['a table', 'CREATE TABLE full_of.t (v INT)'],
    ['a view', 'CREATE VIEW full_of.v AS SELECT 1 AS one'],
    ['a sequence', 'CREATE SEQUENCE full_of.s'],
    ['a procedure', 'CREATE PROCEDURE full_of.p() SELECT 1'],
    ['a function', 'CREATE FUNCTION full_of.f() RETURNS INT RETURN 1'],
    ['an event', 'CREATE EVENT full_of.e ON SCHEDULE EVERY 1 DAY DO SELECT 1'],
  ])('discards no database that has %s', async (_what, statement) => {
    const id = await makeDatabase('full_of');
    servers.sql(statement);
    await expect(door.discardDatabase(id)).rejects.toMatchObject({ failure: { code: 'invalid_request' } });
    expect(await door.readDatabase(id)).toMatchObject({ name: 'full_of' });
    servers.sql(`CALL sculptor_door.remove_database('${id}')`);
  });

  test('discards no database that somebody can log in to, and discards an empty one once', async () => {
    const user = await makeUser('holds_it');
    await expect(door.discardDatabase(shop)).rejects.toMatchObject({ failure: { code: 'invalid_request' } });
    await door.dropUser(user);
    const empty = await makeDatabase('nothing_in_it');
    await door.discardDatabase(empty);
    await door.discardDatabase(empty);
    expect(servers.sql("SHOW DATABASES LIKE 'nothing_in_it'")).toEqual([]);
  });
});

describe('in an hour', () => {
  test('so many accounts are made and passwords changed, and what is so already counts nothing', async () => {
    limit('let_in_per_hour', 3);
    const one = await makeUser('count_one');
    await putUser(one, 'count_one');
    await door.putPassword(one, hashOf('first'));
    expect(counted()).toEqual([['let_in_per_hour', '1']]);
    await door.putPassword(one, hashOf('second'));
    await putUser(one, 'count_one', { password: 'third' });
    const before = servers.sql('SELECT user, priv FROM mysql.global_priv ORDER BY 1');
    await expect(door.putPassword(one, hashOf('fourth'))).rejects.toEqual(full);
    await expect(makeUser('count_two')).rejects.toEqual(full);
    expect(servers.sql('SELECT user, priv FROM mysql.global_priv ORDER BY 1')).toEqual(before);
    expect(servers.sql("SELECT id FROM sculptor_door.managed_user WHERE name = 'count_two'")).toEqual([]);
    await putUser(one, 'count_one', { password: 'third' });
  });

  test('what was refused for another reason counts nothing', async () => {
    await expect(makeUser('root')).rejects.toThrow();
    await expect(door.putPassword(DatabaseUserId.parse(freshId()), hashOf('x'))).rejects.toThrow();
    const call = `CALL sculptor_door.put_user('${freshId()}', '${freshId()}', 'nobody_here', 'all', '${hashOf('x')}', NULL)`;
    await expect(thief.query(call)).rejects.toMatchObject({ sqlMessage: 'not_ready' });
    expect(counted()).toEqual([]);
  });

  test('so many accounts are removed, and one that is gone counts nothing', async () => {
    const [one, two] = [await makeUser('away_one'), await makeUser('away_two')];
    limit('destroy_per_hour', 1);
    await door.dropUser(one);
    await door.dropUser(one);
    await expect(door.dropUser(two)).rejects.toEqual(full);
    expect(await door.readUser(two)).toHaveLength(4);
    limit('destroy_per_hour', 2);
    await door.dropUser(two);
  });

  test('that is over there is room again', async () => {
    limit('let_in_per_hour', 1);
    await makeUser('hour_one');
    await expect(makeUser('hour_two')).rejects.toEqual(full);
    servers.sql('UPDATE sculptor_door.counted SET counted_at = counted_at - 3601');
    await makeUser('hour_two');
    expect(counted()).toEqual([['let_in_per_hour', '1']]);
  });

  test.each([
    'SET timestamp = 2000000000',
    "SET time_zone = '+13:00'",
    "SET timestamp = 2000000000, time_zone = '-12:00'",
    'SET autocommit = 0',
    'SET sql_select_limit = 0',
    "SET tx_isolation = 'READ-UNCOMMITTED'",
    "SET tx_isolation = 'SERIALIZABLE'",
    'SET completion_type = 1',
    'START TRANSACTION WITH CONSISTENT SNAPSHOT',
    "SET sql_mode = ''",
  ])('there is no more room for a session that says %s', async (session) => {
    limit('let_in_per_hour', 1);
    const id = await makeUser(`u${freshId(8)}`);
    const own = await asSculptor();
    try {
      await own.query(session);
      for (const password of ['x', 'y']) {
        await expect(
          own.query(`CALL sculptor_door.put_password('${id}', '${hashOf(password)}')`),
        ).rejects.toMatchObject({ sqlMessage: 'limit_reached' });
      }
      await own.query('ROLLBACK');
    } finally {
      own.destroy();
    }
    expect(counted()).toEqual([['let_in_per_hour', '1']]);
  });

  test('what a session takes back afterwards is counted all the same', async () => {
    const id = await makeUser('takes_back');
    const own = await asSculptor();
    await own.query('SET autocommit = 0');
    await own.query(`CALL sculptor_door.put_password('${id}', '${hashOf('x')}')`);
    await own.query('ROLLBACK');
    own.destroy();
    expect(counted()).toEqual([['let_in_per_hour', '2']]);
  });

  test('of many that ask at once as many get through as may', async () => {
    limit('let_in_per_hour', 5);
    const id = await makeUser('at_once');
    const sessions = await Promise.all(Array.from({ length: 12 }, asSculptor));
    const answers = await Promise.allSettled(
      sessions.map((own, index) =>
        own.query(`CALL sculptor_door.put_password('${id}', '${hashOf(`race ${index}`)}')`),
      ),
    );
    sessions.forEach((own) => own.destroy());
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    expect(counted()).toEqual([['let_in_per_hour', '5']]);
  });
});

describe('an open session', () => {
  test('ends when its account is dropped', async () => {
    const id = await makeUser('open_drop');
    const session = await login('open_drop');
    session.on('error', () => undefined);
    await door.dropUser(id);
    await expect(session.query('SELECT 1')).rejects.toEqual(lost);
  });

  test('ends when its password is changed, also one that is in the middle of something', async () => {
    const id = await makeUser('open_rotate');
    const [idle, busy] = [await login('open_rotate'), await login('open_rotate')];
    for (const session of [idle, busy]) session.on('error', () => undefined);
    const sleeping = busy.query('SELECT SLEEP(60)');
    sleeping.catch(() => undefined);
    await door.putPassword(id, hashOf('second'));
    await expect(sleeping).rejects.toBeDefined();
    await expect(idle.query('SELECT 1')).rejects.toEqual(lost);
    (await login('open_rotate', 'second')).destroy();
  });

  test('goes on when the same is asked for once more, and when another account is dropped', async () => {
    const [id, other] = [await makeUser('open_same'), await makeUser('open_same_not')];
    const session = await login('open_same');
    await putUser(id, 'open_same');
    await door.putPassword(id, hashOf('first'));
    await door.dropUser(other);
    const [rows] = await session.query('SELECT 1 AS one');
    expect(rows).toEqual([{ one: 1 }]);
    session.destroy();
  });

  test('is one of as many as an account may have', async () => {
    limit('connections_per_account', 2);
    await makeUser('many');
    const sessions = [await login('many'), await login('many')];
    await expect(login('many')).rejects.toMatchObject({ code: 'ER_USER_LIMIT_REACHED' });
    limit('connections_per_account', 3);
    sessions.push(await login('many'));
    sessions.forEach((session) => session.destroy());
    expect(servers.sql("SHOW GRANTS FOR 'many'@'localhost'")[0]?.[0]).toMatch(
      / WITH MAX_USER_CONNECTIONS 3$/,
    );
  });
});

describe('a database that is closed', () => {
  test('has nobody in it and lets nobody in, not by a new account or password either', async () => {
    const user = await makeUser('closed_user');
    const session = await login('closed_user');
    session.on('error', () => undefined);
    servers.sql(`CALL sculptor_door.close_database('${shop}')`);
    await expect(session.query('SELECT 1')).rejects.toEqual(lost);
    await expect(login('closed_user')).rejects.toMatchObject({ errno: 4151 });
    await expect(makeUser('closed_new')).rejects.toMatchObject({ failure: { code: 'not_ready' } });
    await expect(door.putPassword(user, hashOf('x'))).rejects.toMatchObject({
      failure: { code: 'not_found' },
    });
    servers.sql(`CALL sculptor_door.open_database('${shop}')`);
    (await login('closed_user')).destroy();
  });
});

test.each(["'let_in', 5", "'let_in_per_hour', NULL", "'connections_per_account', 0"])(
  'root is told that a limit cannot be %s',
  (values) => {
    expect(() => servers.sql(`CALL sculptor_door.set_limit(${values})`)).toThrow('invalid_request');
  },
);
