import { FailureError } from '../../../contract/failures.ts';
import type { FailureCode } from '../../../contract/failures.ts';
import { ServerId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { createForgettingRuns } from '../../../worker-privileged/forgetting-runs.ts';
import type { ForgettingRunsParts } from '../../../worker-privileged/forgetting-runs.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';
import { askPart } from './asked.ts';

const server = ServerId.parse('default');
let servers: Servers;
let api: State;
let worker: State;

beforeAll(async () => {
  servers = await startServers();
  api = openState(servers.state('www-data'));
  worker = openState(servers.state('sculptor'));
});
afterAll(async () => {
  await Promise.all([api.close(), worker.close()]);
  await servers.stop();
});
afterEach(() => {
  servers.sql('DELETE FROM sculptor.site_part_name; DELETE FROM sculptor.run_result');
});

/** A command that ended so many days ago, with what it said. */
async function ran(daysAgo: number, domain = 's1s1s1s1s1s1'): Promise<string> {
  const { id, operation } = await askPart(api, { kind: 'run.create', generation: 1, domain });
  servers.sql(
    `INSERT INTO sculptor.site_part_name (domain_id, type, name, part_id) VALUES ('${domain}', 'run', '${id}', '${id}')`,
  );
  servers.sql(`UPDATE sculptor.operation SET status = 'succeeded',
    ended_at = UTC_TIMESTAMP(3) - INTERVAL ${daysAgo} DAY WHERE id = '${operation}'`);
  servers.sql(`INSERT INTO sculptor.run_result (part_id, result) VALUES ('${id}', '{}')`);
  return id;
}

/** Rounds over an executor that answers as it is told. */
function forgetting(refusals: ReadonlyMap<string, FailureCode> = new Map()) {
  const asked: string[] = [];
  const call = (_verb: string, { id }: { readonly id: string }) => {
    asked.push(id);
    const code = refusals.get(id);
    return code === undefined ? Promise.resolve({}) : Promise.reject(new FailureError(code, 'no', 'wait'));
  };
  const forget = createForgettingRuns({
    ...{ server, state: worker, isActive: () => true },
    executor: { call } as unknown as ForgettingRunsParts['executor'],
    logger: createLogger('test', { write: () => undefined }),
  });
  return { asked, forget };
}

const results = () => servers.sql('SELECT part_id FROM sculptor.run_result').flat();

test('what ended more than a week ago is forgotten, on the server and in the state', async () => {
  const [old, young] = [await ran(8), await ran(6)];
  const { asked, forget } = forgetting();
  await forget();
  expect([asked, results()]).toEqual([[old], [young]]);
});

test('one that is refused is asked for once, and keeps no other', async () => {
  const [refused, unknown, other] = [await ran(10), await ran(9), await ran(8)];
  const { asked, forget } = forgetting(
    new Map([
      [refused, 'internal'],
      [unknown, 'not_found'],
    ]),
  );
  await forget();
  await forget();
  expect([asked, results()]).toEqual([[refused, unknown, other], [refused]]);
});

test('while the executor is away nothing more is asked, and all of it later', async () => {
  const [first, second] = [await ran(9), await ran(8)];
  const refusals = new Map<string, FailureCode>([[first, 'executor_unavailable']]);
  const { asked, forget } = forgetting(refusals);
  await forget();
  refusals.clear();
  await forget();
  expect([asked, results()]).toEqual([[first, first, second], []]);
});

test('one that nothing can be called by is forgotten in the state alone', async () => {
  await ran(9, 'X!');
  const other = await ran(8);
  const { asked, forget } = forgetting();
  await forget();
  expect([asked, results()]).toEqual([[other], []]);
});

test('what the commands of a site said is forgotten when the site is gone, however young it is', async () => {
  await ran(1, 's2s2s2s2s2s2');
  const other = await ran(1);
  servers.sql("DELETE FROM sculptor.site_part_name WHERE domain_id = 's2s2s2s2s2s2'");
  const { asked, forget } = forgetting();
  await forget();
  expect([asked, results()]).toEqual([[], [other]]);
});
