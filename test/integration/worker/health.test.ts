import { HealthSettings } from '../../../contract/alarms.ts';
import type { ServerLook } from '../../../contract/health.ts';
import { ServerId } from '../../../contract/ids.ts';
import type { DomainId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { dayOf, latestSample } from '../../../state/health.ts';
import { createCheckingSites } from '../../../worker-privileged/checking-sites.ts';
import { settleAlarms } from '../../../worker-privileged/raising.ts';
import type { SiteAnswer } from '../../../worker-privileged/site-request.ts';
import { createWatchingHealth } from '../../../worker-privileged/watching-health.ts';
import type { WatchingHealthParts } from '../../../worker-privileged/watching-health.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';

/* How what is measured comes to stand in the state, and how often an alarm is told. */

let servers: Servers;
let state: State;
let api: State;
const server = ServerId.parse('default');
const logger = createLogger('test', { write: () => undefined });
const MINUTE = 60_000;

beforeAll(async () => {
  servers = await startServers();
  state = openState(servers.state('sculptor'));
  api = openState(servers.state('www-data'));
});
afterAll(async () => {
  await Promise.all([state.close(), api.close()]);
  await servers.stop();
});
afterEach(() => {
  servers.sql("DELETE FROM sculptor.resource_state WHERE resource_id <> 'default'");
  for (const table of ['alarm', 'health_sample', 'site_check', 'notification', 'domain_version'])
    servers.sql(`DELETE FROM sculptor.${table}`);
});

const LOOK: ServerLook = {
  ...{ cpus: 2, ticks: { busy: 0, total: 0 }, memory: { bytes: 1000, available: 900 }, load: [0, 0, 0] },
  ...{ places: [], services: [], certificateEnds: null, awake: [] },
};
const place = (percent: number) => ({ place: '/home', bytes: 10, percent, inodesPercent: null });

/** A worker that measures what it is given, minute after minute of a clock of its own. */
function watching(settings: object = {}) {
  const { alarms } = HealthSettings.parse({ alarms: settings });
  const world = { look: LOOK, now: Date.now() };
  const start = () =>
    createWatchingHealth({
      ...{ state, server, serverName: 'machine.example', logger, isActive: () => true },
      executor: { call: () => Promise.resolve(world.look) } as unknown as WatchingHealthParts['executor'],
      rules: () => Promise.resolve(alarms),
      now: () => world.now,
    });
  let worker = start();
  return {
    restart: () => (worker = start()),
    minutes: async (count: number, percent: number) => {
      world.look = { ...LOOK, places: [place(percent)] };
      for (let minute = 0; minute < count; minute += 1) {
        await worker.once();
        world.now += MINUTE;
      }
    },
    without: async () => {
      world.look = { ...LOOK, places: [{ ...place(1), place: '/' }] };
      await worker.once();
      world.now += MINUTE;
    },
  };
}

const told = () =>
  servers
    .sql('SELECT kind, resource_type, COALESCE(tenant, "-"), message FROM sculptor.notification ORDER BY seq')
    .map(([kind, type, tenant, message = '']) => `${kind} ${type} ${tenant}: ${message.split(',')[0]}`);
const FULL = 'alarm server -: The disk at /home is full to 95 %';
/** Where the rule waits for no minutes. */
const FULL_AT_ONCE = `${FULL}. du --one-file-system shows by what.`;
const FREE = 'alarm_over server -: The disk at /home is full to 50 % again.';

test('an alarm is told once when it is raised and once when it is over, and again the next time', async () => {
  const { minutes } = watching();
  await minutes(5, 95);
  expect(told()).toEqual([]);
  await minutes(10, 95);
  expect(told()).toEqual([FULL]);
  await minutes(7, 50);
  expect(told()).toEqual([FULL, FREE]);
  expect(servers.sql('SELECT * FROM sculptor.alarm')).toEqual([]);
  await minutes(7, 95);
  expect(told()).toEqual([FULL, FREE, FULL]);
});

test('a worker that starts anew goes on where the last was, and tells nothing twice', async () => {
  const { minutes, restart } = watching();
  await minutes(3, 95);
  restart();
  await minutes(3, 95);
  expect(told()).toEqual([FULL]);
  restart();
  await minutes(3, 95);
  restart();
  await minutes(3, 50);
  restart();
  await minutes(4, 50);
  expect(told()).toEqual([FULL, FREE]);
});

test('an alarm whose notification cannot be written is not raised, and is told by the next look', async () => {
  const { minutes } = watching();
  const columns = 'kind, operation_id, resource_type, resource_id, resource_name, tenant, server, message';
  servers.sql(`REVOKE INSERT (${columns}) ON sculptor.notification FROM 'sculptor'@'localhost'`);
  await minutes(7, 95);
  expect(servers.sql('SELECT COUNT(*) FROM sculptor.alarm WHERE raised_at IS NOT NULL')).toEqual([['0']]);
  servers.sql(`GRANT INSERT (${columns}) ON sculptor.notification TO 'sculptor'@'localhost'`);
  await minutes(2, 95);
  expect(told()).toEqual([FULL]);
});

test.each([
  ['for the first time', 0, FULL_AT_ONCE],
  ['once more', 5, FULL],
])('of workers that see the same at once, %s, one tells', async (_, before, words) => {
  const { minutes } = watching();
  await minutes(before, 95);
  const reading = { kind: 'disk', subject: '/home', name: '/home', tenant: null, value: 95 } as const;
  const { alarms: rules } = HealthSettings.parse({ alarms: { disk: { minutes: before } } });
  const round = { rules, now: Date.now() + 5 * MINUTE, gapMs: 5 * MINUTE, isGone: () => false };
  const parts = { state, server, serverName: 'machine.example' };
  await Promise.all([1, 2, 3, 4].map(() => settleAlarms(parts, [reading], round)));
  expect(told()).toEqual([words]);
});

test('what is gone, or is switched off, is told to be watched no more', async () => {
  const { minutes, without } = watching({ disk: { minutes: 0 } });
  await minutes(1, 95);
  await without();
  expect(told()).toEqual([
    FULL_AT_ONCE,
    'alarm_over server -: /home is not watched for this any more: it is gone',
  ]);
});

test('a sample a minute is kept, for a day, and the API reads them', async () => {
  servers.sql(`INSERT INTO sculptor.health_sample SELECT 'default', UTC_TIMESTAMP() - INTERVAL s.seq MINUTE, 1, 1, 1, 1, 0, '{}'
    FROM sculptor.seq_1_to_1500 s`);
  servers.sql(
    `INSERT INTO sculptor.health_sample VALUES ('default', UTC_TIMESTAMP() + INTERVAL 1 HOUR, 1, 1, 1, 1, 0, '{}')`,
  );
  const { minutes } = watching();
  await minutes(2, 30);
  const [[count = '', newest = ''] = []] = servers.sql(
    'SELECT COUNT(*), MAX(at) <= UTC_TIMESTAMP() FROM sculptor.health_sample',
  );
  expect(Number(count)).toBeGreaterThanOrEqual(1438);
  expect(Number(count)).toBeLessThanOrEqual(1442);
  expect(newest).toBe('1');
  expect((await latestSample(api, server))?.places).toEqual([place(30)]);
  const day = await dayOf(api, server, 60);
  expect(day.length).toBeGreaterThanOrEqual(24);
  expect(day.length).toBeLessThanOrEqual(25);
  expect(day.at(-1)).toMatchObject({ diskPercent: 30, unwell: 0 });
});

describe('that nothing is measured', () => {
  const call = () => api.run('CALL sculptor_door.note_silence(?)', [server]);
  const measuredAgo = (minutes: number) =>
    servers.sql(`DELETE FROM sculptor.health_sample; INSERT INTO sculptor.health_sample
      VALUES ('default', UTC_TIMESTAMP() - INTERVAL ${minutes} MINUTE, 1, 1, 1, 1, 0, '{}')`);
  /** As if the look before had been so long ago. */
  const minutesLater = (minutes: number) =>
    servers.sql(`UPDATE sculptor.alarm SET since = since - INTERVAL ${minutes} MINUTE`);
  const kinds = () => servers.sql('SELECT kind FROM sculptor.notification ORDER BY seq').flat();

  test('is told once, not before it was seen twice, and its end once', async () => {
    await call();
    measuredAgo(4);
    await call();
    minutesLater(3);
    await call();
    expect([kinds(), servers.sql('SELECT * FROM sculptor.alarm')]).toEqual([[], []]);
    measuredAgo(6);
    await call();
    await call();
    expect(kinds()).toEqual([]);
    minutesLater(3);
    await call();
    await call();
    expect(kinds()).toEqual(['alarm']);
    measuredAgo(0);
    await call();
    await call();
    expect(kinds()).toEqual(['alarm', 'alarm_over']);
  });

  test('is not said by a session that sets its clock, its zone or the number of a row', async () => {
    measuredAgo(0);
    const thief = openState({ ...servers.state('www-data'), connections: 1 });
    await thief.run("SET time_zone = '+12:00', timestamp = 2147483647");
    await thief.run('CALL sculptor_door.note_silence(?)', [server]);
    expect(servers.sql('SELECT * FROM sculptor.alarm')).toEqual([]);
    measuredAgo(6);
    await thief.run('CALL sculptor_door.note_silence(?)', [server]);
    minutesLater(3);
    await thief.run('SET insert_id = 4294967290');
    await thief.run('CALL sculptor_door.note_silence(?)', [server]).catch(() => undefined);
    await thief.close();
    await call();
    expect(kinds()).toEqual(['alarm']);
    expect(servers.sql('SELECT MAX(seq) < 1000000 FROM sculptor.notification')).toEqual([['1']]);
  });

  test('is said of no server that there is not', async () => {
    await api.run('CALL sculptor_door.note_silence(?)', ['other0000000']);
    expect([kinds(), servers.sql('SELECT * FROM sculptor.alarm')]).toEqual([[], []]);
  });
});

describe('sites', () => {
  function site(id: string, { type = 'static', enabled = 'TRUE' } = {}): void {
    servers.sql(`INSERT INTO sculptor.domain_version (domain_id, generation, tenant, server, name, aliases, type,
      public_directory, isolation, enabled) VALUES ('${id}', 1, 'default', 'default', '${id}.example', '[]', '${type}',
      'public', 'site', ${enabled})`);
    servers.sql(`INSERT INTO sculptor.resource_state (resource_id, status, generation, updated_at)
      VALUES ('${id}', 'live', 1, UTC_TIMESTAMP(3))`);
  }

  /** So many, and their ids. */
  function sites(count: number): string[] {
    const id = "CONCAT('a', LPAD(s.seq, 11, '0'))";
    const all = `FROM sculptor.seq_1_to_${count} s`;
    servers.sql(`INSERT INTO sculptor.domain_version (domain_id, generation, tenant, server, name, aliases, type,
      public_directory, isolation, enabled) SELECT ${id}, 1, 'default', 'default', CONCAT(${id}, '.example'), '[]',
      'static', 'public', 'site', TRUE ${all}`);
    servers.sql(`INSERT INTO sculptor.resource_state (resource_id, status, generation, updated_at)
      SELECT ${id}, 'live', 1, UTC_TIMESTAMP(3) ${all}`);
    return servers.sql(`SELECT ${id} ${all} ORDER BY 1`).flat();
  }

  function checking(settings: object = {}, awake: readonly string[] = []) {
    const asked: string[] = [];
    // The state says by its own clock when a site was asked, so this one goes on too.
    const world = { later: 0, answer: { status: 200, milliseconds: 5 } as SiteAnswer | null };
    const once = createCheckingSites({
      ...{ state, server, serverName: 'machine.example', logger, isActive: () => true },
      settings: () => Promise.resolve(HealthSettings.parse(settings)),
      awake: () => new Set(awake as DomainId[]),
      ask: (host) => {
        asked.push(host.replace('.example', ''));
        return Promise.resolve(world.answer);
      },
      askCertificate: () => Promise.resolve({ answer: 'silent' }),
      now: () => Date.now() + world.later,
      elapsed: () => performance.now() + world.later,
    });
    return { once, asked, world };
  }

  const NOW = { alarms: { siteDown: { minutes: 0 }, siteSlow: { minutes: 0 } } };

  test('are asked each in its turn, a few in a round; one that is off, or sleeps, or is not to be asked is not', async () => {
    const many = sites(20);
    site('offf00000000', { enabled: 'FALSE' });
    site('sleeps000000', { type: 'php' });
    site('awake0000000', { type: 'php' });
    site('except000000');
    const { once, asked } = checking({ uncheckedSites: ['except000000.example'] }, ['awake0000000']);
    await once();
    expect(asked).toHaveLength(15);
    await once();
    await once();
    expect(asked.sort()).toEqual([...many, 'awake0000000'].sort());
  });

  test('one of a suspended tenant is not asked, as it answers 503 to everybody', async () => {
    site('a00000000001');
    servers.sql("UPDATE sculptor.tenant_version SET suspended_reason = 'bill' WHERE tenant_id = 'default'");
    const { once, asked } = checking();
    await once();
    servers.sql("UPDATE sculptor.tenant_version SET suspended_reason = NULL WHERE tenant_id = 'default'");
    expect(asked).toEqual([]);
    await once();
    expect(asked).toEqual(['a00000000001']);
  });

  test('one that is down is told to its tenant, once, and asked again after a minute', async () => {
    site('a00000000001');
    const { once, world, asked } = checking(NOW);
    world.answer = { status: 500, milliseconds: 5 };
    await once();
    await once();
    expect(asked).toHaveLength(1);
    world.later += MINUTE + 1000;
    await once();
    expect(asked).toHaveLength(2);
    world.answer = { status: 404, milliseconds: 5 };
    world.later += MINUTE + 1000;
    await once();
    expect(told()).toEqual([
      'alarm domain default: a00000000001.example does not answer',
      'alarm_over domain default: a00000000001.example answers again.',
    ]);
  });

  test('one that was not well has its turn while others wait for theirs', async () => {
    sites(40);
    const { once, world, asked } = checking();
    world.answer = { status: 500, milliseconds: 5 };
    await once();
    const unwell = new Set(asked);
    world.answer = { status: 200, milliseconds: 5 };
    world.later += MINUTE + 1000;
    await once();
    await once();
    // Five that were not well in each round, beside ten that were never asked.
    expect(asked.filter((id) => unwell.has(id))).toHaveLength(15 + 10);
    expect(new Set(asked).size).toBe(15 + 20);
  });

  test('how long one waits for its turn is no gap in what was seen of it', async () => {
    sites(120);
    servers.sql(`INSERT INTO sculptor.site_check (domain_id, status, milliseconds, well, checked_at)
      SELECT domain_id, 500, 5, FALSE, UTC_TIMESTAMP(3) - INTERVAL 1 HOUR FROM sculptor.domain_version`);
    const { once, world } = checking({ alarms: { siteDown: { minutes: 30 } } });
    world.answer = { status: 500, milliseconds: 5 };
    // With fifteen in each round it is the turn of the first again after eight.
    for (let round = 0; round < 9; round += 1) {
      world.later += 4 * MINUTE;
      await once();
    }
    expect(told()).toHaveLength(15);
  });

  test('one that is slow is told, and one that was removed is watched no more', async () => {
    site('a00000000001');
    const { once, world } = checking(NOW);
    world.answer = { status: 200, milliseconds: 5000 };
    await once();
    expect(told()).toEqual([
      'alarm domain default: a00000000001.example takes 5000 ms to answer. Its own log',
    ]);
    servers.sql("UPDATE sculptor.resource_state SET status = 'trashed' WHERE resource_id = 'a00000000001'");
    await once();
    expect(told()[1]).toMatch(/^alarm_over domain default: a00000000001\.example is not watched/);
  });

  test('where nginx is not there no site is down', async () => {
    site('a00000000001');
    const { once, world } = checking(NOW);
    world.answer = null;
    await once();
    expect([told(), servers.sql('SELECT * FROM sculptor.site_check')]).toEqual([[], []]);
  });

  test('none is asked where root has said so', async () => {
    site('a00000000001');
    const { once, asked } = checking({ siteCheckMinutes: 0 });
    await once();
    expect(asked).toEqual([]);
  });
});
