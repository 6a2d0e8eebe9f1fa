import { FailureError } from '../../../contract/failures.ts';
import { ServerId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { createMeasuringSites } from '../../../worker-privileged/measuring-sites.ts';
import type { MeasuringSitesParts } from '../../../worker-privileged/measuring-sites.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';

/* How the sizes of sites come to stand where the API reads them: a few at a time, those of longest ago first. */

let servers: Servers;
let state: State;

beforeAll(async () => {
  servers = await startServers();
  state = openState(servers.state('sculptor'));
});
afterAll(async () => {
  await state.close();
  await servers.stop();
});
afterEach(() => {
  servers.sql('DELETE FROM sculptor.domain_size; DELETE FROM sculptor.domain_version');
  servers.sql('DELETE FROM sculptor.resource_state');
});

function site(id: string, status: string, measuredAt?: string): void {
  servers.sql(`INSERT INTO sculptor.domain_version (domain_id, generation, tenant, server, name, aliases, type,
    public_directory, isolation, enabled) VALUES ('${id}', 1, 'default', 'default', '${id}.example', '[]', 'static',
    'public', 'site', TRUE)`);
  servers.sql(`INSERT INTO sculptor.resource_state (resource_id, status, generation, updated_at)
    VALUES ('${id}', '${status}', 1, UTC_TIMESTAMP(3))`);
  if (measuredAt !== undefined)
    servers.sql(`INSERT INTO sculptor.domain_size (domain_id, octets, enforced, measured_at)
      VALUES ('${id}', 1, FALSE, ${measuredAt})`);
}

const AGO = 'UTC_TIMESTAMP(3) - INTERVAL 61 MINUTE';
const sizes = () =>
  servers.sql(`SELECT domain_id, octets, enforced, measured_at > UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE
    FROM sculptor.domain_size ORDER BY domain_id`);

function measuring(answer: (id: string) => unknown, more: Partial<MeasuringSitesParts> = {}) {
  const asked: string[] = [];
  const call = (_verb: string, { id }: { id: string }) => {
    asked.push(id);
    const answered = answer(id);
    return answered instanceof Error ? Promise.reject(answered) : Promise.resolve(answered);
  };
  const round = createMeasuringSites({
    ...{ server: ServerId.parse('default'), state, isActive: () => true },
    executor: { call } as unknown as MeasuringSitesParts['executor'],
    logger: createLogger('test', { write: () => undefined }),
    ...more,
  });
  return { round, asked };
}

test('what stands and what lies in the trash is measured, not what is gone or was measured within the hour', async () => {
  site('a1a1a1a1a1a1', 'live');
  site('b1b1b1b1b1b1', 'trashed', AGO);
  site('c1c1c1c1c1c1', 'deleted');
  site('d1d1d1d1d1d1', 'live', 'UTC_TIMESTAMP(3) - INTERVAL 5 MINUTE');
  const { round, asked } = measuring((id) => ({ octets: 4096, enforced: id.startsWith('a') }));
  await round();
  expect(asked).toEqual(['a1a1a1a1a1a1', 'b1b1b1b1b1b1']);
  expect(sizes()).toEqual([
    ['a1a1a1a1a1a1', '4096', '1', '1'],
    ['b1b1b1b1b1b1', '4096', '0', '1'],
    ['d1d1d1d1d1d1', '1', '0', '0'],
  ]);
  await round();
  expect(asked).toHaveLength(2);
});

test('one that cannot be measured keeps the others from nothing, and what was known of it stays', async () => {
  site('a1a1a1a1a1a1', 'live', AGO);
  site('b1b1b1b1b1b1', 'live', AGO);
  const refusal = new FailureError('internal', 'no', 'no');
  const { round, asked } = measuring((id) => (id.startsWith('a') ? refusal : { octets: 7, enforced: false }));
  await round();
  await round();
  expect(asked).toEqual(['a1a1a1a1a1a1', 'b1b1b1b1b1b1']);
  expect(sizes()).toEqual([
    ['a1a1a1a1a1a1', '1', '0', '0'],
    ['b1b1b1b1b1b1', '7', '0', '1'],
  ]);
});

test('a site without files has no size, and a round whose time is over begins no further one', async () => {
  site('a1a1a1a1a1a1', 'live');
  const none = measuring(() => ({ octets: null, enforced: false }));
  await none.round();
  expect(sizes()).toEqual([]);
  const late = measuring(() => ({ octets: 1, enforced: false }), { roundMs: -1 });
  await late.round();
  expect(late.asked).toEqual([]);
  const idle = measuring(() => ({ octets: 1, enforced: false }), { isActive: () => false });
  await idle.round();
  expect(idle.asked).toEqual([]);
});
