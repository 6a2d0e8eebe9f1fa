import { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import type { FailureCode } from '../../../contract/failures.ts';
import { ServerId, TenantId } from '../../../contract/ids.ts';
import type { OperationId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { listTrash } from '../../../state/trash.ts';
import { createPurging } from '../../../worker-privileged/purging.ts';
import type { PurgingParts } from '../../../worker-privileged/purging.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';
import { askDomain, freshId, insertOperation } from './asked.ts';

const server = ServerId.parse('default');
const tenant = TenantId.parse('default');
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
afterEach(() => servers.sql('DELETE FROM sculptor.resource_state; DELETE FROM sculptor.operation'));

/** A site in the trash, as the worker leaves it; `dueIn` is an interval of MariaDB's. */
async function trashed(name: string, dueIn: string): Promise<string> {
  const { id, operation } = await askDomain(api, { kind: 'domain.create', name });
  servers.sql(`UPDATE sculptor.operation SET status = 'succeeded' WHERE id = '${operation}'`);
  servers.sql(`INSERT INTO sculptor.resource_state (resource_id, status, generation, trashed_at, purge_after, updated_at)
    VALUES ('${id}', 'trashed', 2, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL ${dueIn}, UTC_TIMESTAMP(3))`);
  return id;
}

/** One round over an executor that answers as it is told. */
async function round(answer: () => Promise<unknown> = () => Promise.resolve({}), isActive = true) {
  const asked: unknown[] = [];
  const log: string[] = [];
  const call = (verb: string, args: { readonly id: string }) => {
    asked.push([verb, args.id]);
    return answer();
  };
  const purge = createPurging({
    ...{ server, state: worker, isActive: () => isActive },
    executor: { call } as unknown as PurgingParts['executor'],
    logger: createLogger('test', {
      write: (line) => void log.push((JSON.parse(line) as { msg: string }).msg),
    }),
  });
  await purge();
  return { asked, log };
}

const refuse = (code: FailureCode) => () => Promise.reject(new FailureError(code, 'no', 'wait'));
const left = (id: string) =>
  worker.rows(
    z.object({ status: z.string(), minutes: z.number().nullable() }),
    `SELECT status, TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(3) - INTERVAL 30 SECOND, purge_after) AS minutes FROM resource_state
       WHERE resource_id = ?`,
    [id],
  );
const held = (id: string) => servers.sql(`SELECT name FROM sculptor.domain_name WHERE domain_id = '${id}'`);

test('what is past its time is purged, is gone for the API, and holds no name any more', async () => {
  const id = await trashed('due.example', '-1 SECOND');
  expect(await listTrash(api, tenant, { limit: 10 })).toMatchObject([
    { type: 'domain', id, name: 'due.example' },
  ]);
  expect(await round()).toEqual({ asked: [['site.purge', id]], log: ['purged'] });
  expect(await left(id)).toEqual([{ status: 'deleted', minutes: null }]);
  expect(held(id)).toEqual([]);
  expect(await listTrash(api, tenant, { limit: 10 })).toEqual([]);
  expect((await round()).asked).toEqual([]);
});

test('what is not past it is left alone, and so is everything while another worker is at work', async () => {
  await trashed('later.example', '1 HOUR');
  expect((await round()).asked).toEqual([]);
  await trashed('now.example', '-1 HOUR');
  expect((await round(undefined, false)).asked).toEqual([]);
});

test('what somebody still wants something of is left to that', async () => {
  const id = await trashed('wanted.example', '-1 HOUR');
  const row = { id, name: 'wanted.example', generation: 3, serialKey: `domain:${id}` };
  await insertOperation(api, { kind: 'domain.restore', ...row });
  expect((await round()).asked).toEqual([]);
});

test.each([
  ['under an id that nobody can claim', { operation: 'X' as OperationId }],
  ['for a server that is none', { server: 'nowhere00000' }],
])('what somebody who has the API wrote %s keeps nothing from being purged', async (_, forged) => {
  const id = await trashed(`${freshId()}.example`, '-1 HOUR');
  const row = { id, name: 'forged.example', generation: 3, serialKey: `domain:${id}`, ...forged };
  await api.transaction(async (sql) => {
    await sql.run('SET foreign_key_checks = 0');
    await insertOperation(sql, { kind: 'domain.restore', ...row });
  });
  expect((await round()).asked).toEqual([['site.purge', id]]);
});

test.each(['not_due', 'invalid_request', 'not_found', 'internal'] as const)(
  'what the executor refuses as %s stays, and is asked for again in an hour',
  async (code) => {
    const id = await trashed(`${freshId()}.example`, '-1 HOUR');
    expect((await round(refuse(code))).log).toEqual(['not purged, asked again in an hour']);
    expect(await left(id)).toEqual([{ status: 'trashed', minutes: 60 }]);
    expect(held(id)).toHaveLength(1);
    expect((await round()).asked).toEqual([]);
  },
);

test('while the executor is away nothing more is asked, and the next round finds all of it', async () => {
  const ids = [await trashed('one.example', '-2 HOUR'), await trashed('two.example', '-1 HOUR')];
  const away = await round(refuse('executor_unavailable'));
  expect(away).toEqual({ asked: [['site.purge', ids[0]]], log: ['purging broken off'] });
  expect((await round()).asked).toEqual(ids.map((id) => ['site.purge', id]));
});

test('what was restored while it was being purged is not marked as gone', async () => {
  const id = await trashed('back.example', '-1 HOUR');
  const { log } = await round(() => {
    servers.sql(`UPDATE sculptor.resource_state SET status = 'live' WHERE resource_id = '${id}'`);
    return Promise.resolve({});
  });
  expect(log).toEqual([]);
  expect(await left(id)).toMatchObject([{ status: 'live' }]);
  expect(held(id)).toHaveLength(1);
});

test('of another server nothing is purged', async () => {
  const id = await trashed('elsewhere.example', '-1 HOUR');
  servers.sql("INSERT IGNORE INTO sculptor.server (id, name) VALUES ('sother000000', 'other')");
  servers.sql(`UPDATE sculptor.domain_version SET server = 'sother000000' WHERE domain_id = '${id}'`);
  expect((await round()).asked).toEqual([]);
});
