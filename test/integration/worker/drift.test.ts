import type { Difference } from '../../../contract/drift.ts';
import { FailureError } from '../../../contract/failures.ts';
import { ServerId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { createWatchingDrift } from '../../../worker-privileged/watching-drift.ts';
import type { WatchingDriftParts } from '../../../worker-privileged/watching-drift.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';

/* How what was changed by hand comes to stand where the API reads it: once a day, a few at a time, told once. */

let servers: Servers;
let state: State;

beforeAll(async () => {
  servers = await startServers();
  servers.sql('DELETE FROM sculptor.resource_state');
  state = openState(servers.state('sculptor'));
});
afterAll(async () => {
  await state.close();
  await servers.stop();
});
afterEach(() => {
  for (const table of [
    'drift',
    'drift_kept',
    'notification',
    'operation',
    'domain_version',
    'resource_state',
  ])
    servers.sql(`DELETE FROM sculptor.${table}`);
});

let count = 0;

function operation(id: string, kind: string, status: string): void {
  const name = `o${String((count += 1)).padStart(19, '0')}`;
  servers.sql(`INSERT INTO sculptor.operation (id, kind, resource_type, resource_id, resource_name, serial_key,
    generation, tenant, server, actor, status) VALUES ('${name}', '${kind}', 'domain', '${id}', '${id}.example',
    'domain:${id}', 1, 'default', 'default', 'ttttttttttt1', '${status}')`);
}

function site(id: string, status = 'live'): void {
  servers.sql(`INSERT INTO sculptor.domain_version (domain_id, generation, tenant, server, name, aliases, type,
    public_directory, isolation, enabled) VALUES ('${id}', 1, 'default', 'default', '${id}.example', '[]', 'static',
    'public', 'site', TRUE)`);
  servers.sql(`INSERT INTO sculptor.resource_state (resource_id, status, generation, updated_at)
    VALUES ('${id}', '${status}', 1, UTC_TIMESTAMP(3))`);
  operation(id, 'domain.create', 'succeeded');
}

const CHANGED: Difference = { step: 'configure PHP', words: 'the configuration is another', files: [] };

function watching(
  answer: (id: string) => readonly Difference[] | Error,
  policy: 'report' | 'repair' = 'report',
) {
  const asked: string[] = [];
  const call = (_verb: string, { id }: { id: string }) => {
    asked.push(id);
    const differences = answer(id);
    return differences instanceof Error
      ? Promise.reject(differences)
      : Promise.resolve({ differences, probes: [] });
  };
  const round = createWatchingDrift({
    ...{ server: ServerId.parse('default'), state, policy, isActive: () => true },
    executor: { call } as unknown as WatchingDriftParts['executor'],
    door: {} as WatchingDriftParts['door'],
    askPage: () => Promise.resolve(),
    logger: createLogger('test', { write: () => undefined }),
  });
  return { round, asked };
}

const found = () =>
  servers.sql('SELECT resource_id, since IS NOT NULL, differences FROM sculptor.drift ORDER BY resource_id');
const news = () => servers.sql("SELECT resource_id, message FROM sculptor.notification WHERE kind = 'drift'");
const age = (hours: number) =>
  servers.sql(`UPDATE sculptor.drift SET looked_at = UTC_TIMESTAMP(3) - INTERVAL ${hours} HOUR`);

test('what stands is looked at once a day, and not what is gone or being changed', async () => {
  site('a1a1a1a1a1a1');
  site('b1b1b1b1b1b1', 'trashed');
  site('c1c1c1c1c1c1');
  operation('c1c1c1c1c1c1', 'domain.update', 'queued');
  const { round, asked } = watching(() => []);
  await round();
  expect(asked).toEqual(['a1a1a1a1a1a1']);
  expect(found()).toEqual([['a1a1a1a1a1a1', '0', '[]']]);
  age(23);
  await round();
  expect(asked).toHaveLength(1);
  age(25);
  await round();
  expect(asked).toHaveLength(2);
});

test('what has drifted is told once, again where it is another, and forgotten when it is as it was', async () => {
  site('a1a1a1a1a1a1');
  let now: readonly Difference[] = [CHANGED];
  const { round } = watching(() => now);
  await round();
  age(2);
  await round();
  expect(found()).toEqual([['a1a1a1a1a1a1', '1', JSON.stringify([CHANGED])]]);
  expect(news()).toEqual([
    ['a1a1a1a1a1a1', expect.stringContaining('in one way. An administrator sees what it is')],
  ]);
  now = [{ ...CHANGED, words: 'its mode is 0666' }];
  age(2);
  await round();
  expect(news()).toHaveLength(2);
  now = [];
  age(2);
  await round();
  expect(found()).toEqual([['a1a1a1a1a1a1', '0', '[]']]);
});

test('what was begun while it was looked at is not taken for drift', async () => {
  site('a1a1a1a1a1a1');
  const { round } = watching((id) => {
    operation(id, 'domain.update', 'queued');
    return [CHANGED];
  });
  await round();
  expect([found(), news()]).toEqual([[], []]);
});

test('one that cannot be looked at keeps the others from nothing', async () => {
  site('a1a1a1a1a1a1');
  site('b1b1b1b1b1b1');
  const { round, asked } = watching((id) =>
    id.startsWith('a') ? new FailureError('internal', 'no', 'no') : [CHANGED],
  );
  await round();
  expect(asked).toEqual(['a1a1a1a1a1a1', 'b1b1b1b1b1b1']);
  expect(found().map(([id, since]) => [id, since])).toEqual([
    ['a1a1a1a1a1a1', '0'],
    ['b1b1b1b1b1b1', '1'],
  ]);
});

test('under repair an operation is begun, once in a while; under report none is', async () => {
  site('a1a1a1a1a1a1');
  const repairs = () =>
    servers.sql("SELECT kind, status, generation FROM sculptor.operation WHERE kind = 'domain.repair'");
  await watching(() => [CHANGED]).round();
  expect(repairs()).toEqual([]);
  age(2);
  const { round } = watching(() => [CHANGED], 'repair');
  await round();
  expect(repairs()).toEqual([['domain.repair', 'queued', '1']]);
  servers.sql("UPDATE sculptor.operation SET status = 'failed' WHERE kind = 'domain.repair'");
  age(2);
  await round();
  expect(repairs()).toEqual([['domain.repair', 'failed', '1']]);
});
