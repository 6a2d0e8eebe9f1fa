import { ServerId } from '../../../contract/ids.ts';
import { claimOperation } from '../../../state/claims.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';
import { askDatabase, askDatabaseUser, askDomain, askPart, freshId, insertOperation } from './asked.ts';
import type { Asked } from './asked.ts';

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

const claim = ({ operation }: Pick<Asked, 'operation'>) => claimOperation(worker, server, operation);

async function cancel({ operation }: Asked): Promise<void> {
  await api.run("INSERT INTO cancellation (operation_id, actor) VALUES (?, 'ttttttttttt1')", [operation]);
}

async function createdAndUpdated(name: string): Promise<readonly [Asked, Asked]> {
  const first = await askDomain(api, { kind: 'domain.create', name });
  const second = await askDomain(api, { kind: 'domain.update', name, id: first.id, generation: 2 });
  return [first, second];
}

test('an operation does not give way to a newer one that is to be cancelled', async () => {
  const [first, second] = await createdAndUpdated('cancelled-update.example');
  await cancel(second);
  expect(await claim(first)).toMatchObject({ result: 'mine', operation: { generation: 1 } });
});

test('an operation that others gave way to is not cancelled, and does what they were to do', async () => {
  const [first, second] = await createdAndUpdated('late-wish.example');
  expect(await claim(first)).toMatchObject({ result: 'ended', status: 'superseded' });
  await cancel(second);
  expect(await claim(second)).toMatchObject({ result: 'mine', operation: { generation: 2 } });
});

test('the creation of a database does not give way to a later wish while an account waits for it', async () => {
  const first = await askDatabase(api, { kind: 'database.create', name: 'waited_for' });
  const user = await askDatabaseUser(api, {
    ...{ kind: 'databaseUser.create', name: 'waiting', database: first.id, hash: `*${'A'.repeat(40)}` },
  });
  const update = await askDatabase(api, {
    kind: 'database.update',
    name: 'waited_for',
    id: first.id,
    generation: 2,
  });
  expect(await claim(first)).toMatchObject({ result: 'mine', operation: { generation: 1 } });
  for (const later of [user, update])
    expect(await claim(later)).toMatchObject({ result: 'left', why: 'waits' });
});

test('the creation of a database gives way to a later wish that nobody waits before', async () => {
  const first = await askDatabase(api, { kind: 'database.create', name: 'overtaken' });
  await askDatabase(api, { kind: 'database.update', name: 'overtaken', id: first.id, generation: 2 });
  expect(await claim(first)).toMatchObject({ result: 'ended', status: 'superseded' });
});

describe('what is to be done once', () => {
  test.each([
    ['queue.restart', 'queue.update'],
    ['cron.run', 'cron.update'],
  ] as const)('such as %s, is done though %s comes at once', async (deed, update) => {
    const first = await askPart(api, { kind: deed, generation: 1 });
    const second = await askPart(api, { ...first, kind: update, generation: 2 });
    expect(await claim(first)).toMatchObject({ result: 'mine', operation: { kind: deed } });
    expect(await claim(second)).toMatchObject({ result: 'left', why: 'waits' });
  });

  test.each(['queue.restart', 'queue.delete'] as const)('gives way to %s', async (kind) => {
    const first = await askPart(api, { kind: 'queue.restart', generation: 1 });
    await askPart(api, { ...first, kind, generation: 2 });
    expect(await claim(first)).toMatchObject({ result: 'ended', status: 'superseded' });
  });
});

describe('an operation that nobody asked for is refused', () => {
  test("when it deletes a database by the name of a domain's kind", async () => {
    const { id } = await askDatabase(api, { kind: 'database.create', name: 'orphan' });
    const forged = { kind: 'domain.delete', id, name: 'orphan', generation: 1 } as const;
    const operation = await insertOperation(api, { ...forged, serialKey: `domain:${id}` });
    expect(await claim({ operation })).toMatchObject({ result: 'ended', status: 'failed' });
    expect(servers.sql(`SELECT status FROM sculptor.resource_state WHERE resource_id = '${id}'`)).toEqual([]);
  });

  test.each([
    ['deletes what was asked to be there', { kind: 'domain.delete', generation: 1 }],
    ['creates a generation that was never written', { kind: 'domain.create', generation: 7 }],
  ] as const)('when it %s', async (_title, { kind, generation }) => {
    const name = `${freshId()}.example`;
    const { id } = await askDomain(api, { kind: 'domain.create', name });
    servers.sql(`DELETE FROM sculptor.operation WHERE resource_id = '${id}'`);
    const operation = await insertOperation(api, { kind, id, name, generation, serialKey: `domain:${id}` });
    expect(await claim({ operation })).toMatchObject({ result: 'ended', status: 'failed' });
  });
});
