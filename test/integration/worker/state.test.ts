import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { ServerId } from '../../../contract/ids.ts';
import { claimOperation } from '../../../state/claims.ts';
import type { Claim } from '../../../state/claims.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { lockOpenOperations, queuedOperations } from '../../../state/open-operations.ts';
import type { ClaimedOperation } from '../../../state/open-operations.ts';
import { endOperation, endUnclaimable, recordStep } from '../../../state/outcomes.ts';
import { putBack, putBackOrphans } from '../../../state/tickets.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';
import {
  askDatabase,
  askDatabaseUser,
  askDomain,
  freshId,
  freshOperationId,
  insertOperation,
} from './asked.ts';
import type { Asked } from './asked.ts';

const server = ServerId.parse('default');
const HASH = `*${'A'.repeat(40)}`;
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

const claim = (asked: Asked): Promise<Claim> => claimOperation(worker, server, asked.operation);

async function claimed(asked: Asked): Promise<ClaimedOperation> {
  const result = await claim(asked);
  if (result.result !== 'mine') throw new Error(`not claimed: ${JSON.stringify(result)}`);
  return result.operation;
}

async function row(asked: Asked) {
  const Row = z.object({
    status: z.string(),
    epoch: z.number(),
    attempt: z.number(),
    code: z.string().nullable(),
  });
  const text = 'SELECT status, epoch, attempt, error_code AS code FROM operation WHERE id = ?';
  return (await api.rows(Row, text, [asked.operation]))[0]!;
}

async function stands(id: string): Promise<unknown> {
  const text = 'SELECT status, generation FROM resource_state WHERE resource_id = ?';
  return (await api.rows(z.unknown(), text, [id]))[0];
}

async function names(id: string): Promise<string[]> {
  const Row = z.object({ name: z.string() });
  const rows = await api.rows(Row, 'SELECT name FROM domain_name WHERE domain_id = ? ORDER BY name', [id]);
  return rows.map(({ name }) => name);
}

async function succeed(asked: Asked, resource: 'live' | 'deleted' = 'live'): Promise<void> {
  expect(await endOperation(worker, await claimed(asked), { status: 'succeeded', resource })).toBe(true);
}

const FAILURE = { code: 'not_live', message: 'a sentence', hint: 'what to do' } as const;

describe('a claim', () => {
  test('takes a queued operation with a new epoch', async () => {
    const asked = await askDomain(api, { kind: 'domain.create', name: 'take.example' });
    expect(await claimed(asked)).toMatchObject({ epoch: 1, attempt: 1, before: null, kind: 'domain.create' });
    expect(await row(asked)).toMatchObject({ status: 'running', epoch: 1, attempt: 1 });
  });

  test('is given to one of many who ask at once', async () => {
    const asked = await askDomain(api, { kind: 'domain.create', name: 'once.example' });
    const results = await Promise.all(Array.from({ length: 8 }, () => claim(asked)));
    expect(results.filter(({ result }) => result === 'mine')).toHaveLength(1);
  });

  test('waits for whoever is writing about the same resource, and sees what was written', async () => {
    const asked = await askDomain(api, { kind: 'domain.create', name: 'between.example' });
    const place = { server, serialKey: `domain:${asked.id}` };
    const waiting = 'SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = "LOCK WAIT"';
    const second = await worker.transaction(async (sql) => {
      await lockOpenOperations(sql, place);
      const claiming = claim(asked);
      // MariaDB shows this table anew only to whoever has not looked for 100 ms.
      while (servers.sql(waiting)[0]![0] === '0') await pause(150);
      await sql.run("UPDATE operation SET status = 'succeeded' WHERE id = ?", [asked.operation]);
      return { claiming };
    });
    expect(await second.claiming).toEqual({ result: 'left', why: 'ended' });
  });

  test('leaves what waits behind another on the same resource', async () => {
    const first = await askDomain(api, { kind: 'domain.create', name: 'order.example' });
    await claimed(first);
    const second = await askDomain(api, {
      kind: 'domain.update',
      name: 'order.example',
      id: first.id,
      generation: 2,
    });
    expect(await claim(second)).toEqual({ result: 'left', why: 'waits' });
    expect(await row(second)).toMatchObject({ status: 'queued', epoch: 0 });
  });

  test("leaves what nobody asked for, what has ended, what runs, and what is another server's", async () => {
    const asked = await askDomain(api, { kind: 'domain.create', name: 'left.example' });
    await claimed(asked);
    expect(await claim(asked)).toEqual({ result: 'left', why: 'running' });
    const done = await askDomain(api, { kind: 'domain.create', name: 'done.example' });
    await succeed(done);
    expect(await claim(done)).toEqual({ result: 'left', why: 'ended' });
    expect(await claim({ operation: freshOperationId(), id: '' })).toEqual({
      result: 'left',
      why: 'unknown',
    });
    servers.sql("INSERT INTO sculptor.server (id, name) VALUES ('other0000001', 'other')");
    const id = freshId();
    const operation = await insertOperation(api, {
      ...{ kind: 'domain.create', id, name: 'x.example', generation: 1, serialKey: `domain:${id}` },
      server: 'other0000001',
    });
    expect(await claim({ operation, id })).toEqual({ result: 'left', why: 'foreign' });
    expect(await row({ operation, id })).toMatchObject({ status: 'queued', epoch: 0 });
  });

  test('supersedes what a newer generation has overtaken', async () => {
    const first = await askDomain(api, {
      kind: 'domain.create',
      name: 'newer.example',
      aliases: ['old.example'],
    });
    const second = await askDomain(api, {
      ...{ kind: 'domain.update', name: 'newer.example', id: first.id, generation: 2 },
      aliases: ['new.example'],
    });
    expect(await claim(first)).toMatchObject({ result: 'ended', status: 'superseded' });
    expect(await row(first)).toMatchObject({ status: 'superseded', epoch: 0 });
    expect(await names(first.id)).toEqual(['new.example', 'newer.example']);
    expect(await claimed(second)).toMatchObject({ generation: 2, before: null });
  });

  test('does not bring back a generation older than what stands', async () => {
    const asked = await askDomain(api, { kind: 'domain.create', name: 'stale.example' });
    await succeed(asked);
    const replay = await insertOperation(api, {
      ...{ kind: 'domain.update', id: asked.id, name: 'stale.example', generation: 1 },
      serialKey: `domain:${asked.id}`,
    });
    expect(await claim({ operation: replay, id: asked.id })).toMatchObject({ status: 'superseded' });
  });

  test('does not let an account supersede its neighbour in the same database', async () => {
    const database = await askDatabase(api, { kind: 'database.create', name: 'neighbours' });
    await succeed(database);
    const one = await askDatabaseUser(api, {
      ...{ kind: 'databaseUser.create', name: 'n_one', database: database.id, hash: HASH },
    });
    const two = await askDatabaseUser(api, {
      ...{ kind: 'databaseUser.rotate', name: 'n_two', database: database.id, hash: HASH, generation: 2 },
    });
    expect(await claim(two)).toEqual({ result: 'left', why: 'waits' });
    expect(await claimed(one)).toMatchObject({ resourceType: 'databaseUser' });
  });

  test('grants a wish to cancel, and frees what only the cancelled version named', async () => {
    const first = await askDomain(api, {
      kind: 'domain.create',
      name: 'keep.example',
      aliases: ['a.example'],
    });
    await succeed(first);
    const update = await askDomain(api, {
      ...{ kind: 'domain.update', name: 'keep.example', id: first.id, generation: 2 },
      aliases: ['b.example'],
    });
    await api.run("INSERT INTO cancellation (operation_id, actor) VALUES (?, 'ttttttttttt1')", [
      update.operation,
    ]);
    expect(await claim(update)).toMatchObject({ result: 'ended', status: 'cancelled' });
    expect(await row(update)).toMatchObject({ status: 'cancelled', epoch: 0, attempt: 0 });
    expect(await names(first.id)).toEqual(['a.example', 'keep.example']);
    expect(await stands(first.id)).toEqual({ status: 'live', generation: 1 });
  });

  test('frees the names of a resource whose creation was cancelled', async () => {
    const asked = await askDomain(api, { kind: 'domain.create', name: 'never.example' });
    await api.run("INSERT INTO cancellation (operation_id, actor) VALUES (?, 'ttttttttttt1')", [
      asked.operation,
    ]);
    await claim(asked);
    expect(await names(asked.id)).toEqual([]);
    expect(await stands(asked.id)).toEqual({ status: 'deleted', generation: 1 });
  });

  test('does not cancel what has been begun', async () => {
    const asked = await askDomain(api, { kind: 'domain.create', name: 'begun.example' });
    await putBack(worker, await claimed(asked));
    await api.run("INSERT INTO cancellation (operation_id, actor) VALUES (?, 'ttttttttttt1')", [
      asked.operation,
    ]);
    expect(await claimed(asked)).toMatchObject({ epoch: 2, attempt: 2 });
  });

  test.each([
    ['a kind that is not in the table', { kind: 'domain.explode' }],
    ['a kind named after a prototype', { kind: '__proto__' }],
    ['a resource of another type', { type: 'database' }],
    ["another resource's key", { key: 'domain:zzzzzzzzzzzz' }],
    ['a generation that cannot be', { generation: 0 }],
  ])('ends an operation with %s as refused, and writes it in the audit', async (_what, forged) => {
    const id = freshId();
    const operation = freshOperationId();
    const values = { kind: 'domain.create', type: 'domain', key: `domain:${id}`, generation: 1, ...forged };
    await api.run(
      `INSERT INTO operation (id, kind, resource_type, resource_id, resource_name, serial_key, generation, tenant,
         server, actor) VALUES (?, ?, ?, ?, 'x.example', ?, ?, 'default', 'default', 'ttttttttttt1')`,
      [operation, values.kind, values.type, id, values.key, values.generation],
    );
    expect(await claim({ operation, id })).toMatchObject({ result: 'ended', status: 'failed' });
    expect(await row({ operation, id })).toMatchObject({ status: 'failed', code: 'invalid_request' });
    expect(await stands(id)).toBeUndefined();
    const audit = servers.sql(`SELECT outcome FROM sculptor.audit WHERE resource = '${id}' ORDER BY seq`);
    expect(audit).toEqual([['failed:invalid_request'], ['refused']]);
  });

  test('is not kept from its turn by a row that no wake-up could name', async () => {
    const id = freshId();
    const forged = { kind: 'domain.update', id, name: 'x.example', generation: 9 } as const;
    const operation = 'NOT-AN-ID' as Asked['operation'];
    await insertOperation(api, { ...forged, operation, serialKey: `domain:${id}` });
    const asked = await askDomain(api, { kind: 'domain.create', name: 'behind.example', id });
    expect(await claimed(asked)).toMatchObject({ epoch: 1 });
    expect(await queuedOperations(worker, server)).not.toContain(operation);
  });

  test('waits for ever for no row that nobody can claim: that is refused, and noted', async () => {
    const forged = { kind: 'tenant.update', id: 'default', name: 'default', generation: 9 } as const;
    const operation = 'NOT-AN-ID-2' as Asked['operation'];
    await insertOperation(api, { ...forged, operation, serialKey: 'tenant:default' });
    const asked = await askDomain(api, { kind: 'domain.create', name: 'waiting.example' });
    expect(await claim(asked)).toEqual({ result: 'left', why: 'waits' });
    expect(await endUnclaimable(worker, server)).toBeGreaterThan(0);
    expect(await endUnclaimable(worker, server)).toBe(0);
    expect(await row({ ...asked, operation })).toMatchObject({ status: 'failed', code: 'invalid_request' });
    expect(servers.sql("SELECT outcome FROM sculptor.audit WHERE action = 'operation of no id'")).toEqual([
      ['refused'],
    ]);
    expect(await claimed(asked)).toMatchObject({ epoch: 1 });
  });
});

describe('an epoch', () => {
  test('keeps whoever comes late with an old one from changing anything', async () => {
    const asked = await askDomain(api, { kind: 'domain.create', name: 'late.example' });
    const late = await claimed(asked);
    await putBack(worker, late);
    const now = await claimed(asked);
    const step = { name: 'x', status: 'succeeded', changed: true, durationMs: 1 } as const;
    expect(await recordStep(worker, late, { position: 1, step })).toBe(false);
    expect(await putBack(worker, late)).toBe(false);
    expect(await endOperation(worker, late, { status: 'succeeded', resource: 'deleted' })).toBe(false);
    expect(await endOperation(worker, late, { status: 'failed', resource: 'failed', failure: FAILURE })).toBe(
      false,
    );
    expect(await row(asked)).toMatchObject({ status: 'running', epoch: 2, code: null });
    expect(await stands(asked.id)).toBeUndefined();
    expect(await names(asked.id)).toEqual(['late.example']);
    expect(
      await api.rows(z.unknown(), 'SELECT 1 FROM operation_step WHERE operation_id = ?', [asked.operation]),
    ).toEqual([]);
    expect(await recordStep(worker, now, { position: 1, step })).toBe(true);
    expect(await endOperation(worker, now, { status: 'succeeded', resource: 'live' })).toBe(true);
  });

  test('ends an operation once', async () => {
    const asked = await askDomain(api, { kind: 'domain.create', name: 'twice.example' });
    const mine = await claimed(asked);
    const ends = await Promise.all([
      endOperation(worker, mine, { status: 'succeeded', resource: 'live' }),
      endOperation(worker, mine, { status: 'failed', resource: 'failed', failure: FAILURE }),
    ]);
    expect(ends.filter((written) => written)).toHaveLength(1);
  });
});

describe('an end', () => {
  test('frees the names a successful update no longer uses', async () => {
    const first = await askDomain(api, {
      kind: 'domain.create',
      name: 'upd.example',
      aliases: ['u1.example'],
    });
    await succeed(first);
    const more = { kind: 'domain.update', name: 'upd.example', id: first.id } as const;
    await succeed(await askDomain(api, { ...more, generation: 2, aliases: ['u2.example'] }));
    expect(await names(first.id)).toEqual(['u2.example', 'upd.example']);
  });

  test('keeps the names of what stood before when an update fails', async () => {
    const first = await askDomain(api, {
      kind: 'domain.create',
      name: 'bad.example',
      aliases: ['bad1.example'],
    });
    await succeed(first);
    const more = { kind: 'domain.update', name: 'bad.example', id: first.id } as const;
    const update = await askDomain(api, { ...more, generation: 2, aliases: ['bad2.example'] });
    await endOperation(worker, await claimed(update), {
      ...{ status: 'failed', resource: 'failed', failure: FAILURE },
    });
    expect(await names(first.id)).toEqual(['bad.example', 'bad1.example', 'bad2.example']);
    expect(await stands(first.id)).toEqual({ status: 'failed', generation: 2 });
    expect(await row(update)).toMatchObject({ status: 'failed', code: 'not_live' });
  });

  test('keeps the names that an update waiting behind needs', async () => {
    const first = await askDomain(api, {
      kind: 'domain.create',
      name: 'gap.example',
      aliases: ['g1.example'],
    });
    await succeed(first);
    const more = { kind: 'domain.update', name: 'gap.example', id: first.id } as const;
    const second = await claimed(await askDomain(api, { ...more, generation: 2, aliases: [] }));
    await askDomain(api, { ...more, generation: 3, aliases: ['g1.example'] });
    await endOperation(worker, second, { status: 'succeeded', resource: 'live' });
    expect(await names(first.id)).toEqual(['g1.example', 'gap.example']);
  });

  test('frees every name when a resource is deleted or never came about', async () => {
    const failed = await askDomain(api, {
      kind: 'domain.create',
      name: 'fail.example',
      aliases: ['f1.example'],
    });
    await endOperation(worker, await claimed(failed), {
      ...{ status: 'failed', resource: 'deleted', failure: FAILURE },
    });
    expect(await names(failed.id)).toEqual([]);
    expect(await stands(failed.id)).toEqual({ status: 'deleted', generation: 1 });
  });

  test("is not a new domain's end while an update waits to bring it about", async () => {
    const first = await askDomain(api, { kind: 'domain.create', name: 'second.example' });
    const mine = await claimed(first);
    await askDomain(api, { kind: 'domain.update', name: 'second.example', id: first.id, generation: 2 });
    await endOperation(worker, mine, { status: 'failed', resource: 'deleted', failure: FAILURE });
    expect(await stands(first.id)).toBeUndefined();
    expect(await names(first.id)).toEqual(['second.example']);
  });

  test("takes a database's accounts with it", async () => {
    const database = await askDatabase(api, { kind: 'database.create', name: 'with_users' });
    await succeed(database);
    const user = await askDatabaseUser(api, {
      ...{ kind: 'databaseUser.create', name: 'wu_one', database: database.id, hash: HASH },
    });
    await succeed(user);
    const more = { kind: 'database.delete', name: 'with_users', id: database.id, generation: 2 } as const;
    await succeed(await askDatabase(api, more), 'deleted');
    expect(await stands(user.id)).toEqual({ status: 'deleted', generation: 1 });
    const held = `SELECT name FROM sculptor.database_name WHERE database_id = '${database.id}'
      UNION SELECT name FROM sculptor.database_user_name WHERE database_id = '${database.id}'`;
    expect(servers.sql(held)).toEqual([]);
  });

  test('does not bring a deleted resource back', async () => {
    const asked = await askDomain(api, { kind: 'domain.create', name: 'dead.example' });
    await succeed(asked, 'deleted');
    const more = { kind: 'domain.update', name: 'dead.example', id: asked.id, generation: 2 } as const;
    await endOperation(worker, await claimed(await askDomain(api, more)), {
      ...{ status: 'failed', resource: 'failed', failure: FAILURE },
    });
    expect(await stands(asked.id)).toEqual({ status: 'deleted', generation: 2 });
  });

  test('may meet the claims of others under the same key', async () => {
    const first = await askDomain(api, { kind: 'domain.create', name: 'meet.example' });
    for (let generation = 2; generation <= 6; generation += 1) {
      const mine = await claimed({ ...first, operation: await nextOf(first.id) });
      await askDomain(api, { kind: 'domain.update', name: 'meet.example', id: first.id, generation });
      await Promise.all([
        endOperation(worker, mine, { status: 'succeeded', resource: 'live' }),
        ...Array.from({ length: 4 }, () => claim({ ...first, operation: mine.id })),
      ]);
    }
  });
});

async function nextOf(id: string) {
  const text = "SELECT id FROM operation WHERE resource_id = ? AND status = 'queued' ORDER BY seq LIMIT 1";
  const [next] = await api.rows(z.object({ id: z.string() }), text, [id]);
  return next!.id as Asked['operation'];
}

test('what a crash left running is queued again, but for what is being carried out', async () => {
  const lost = await askDomain(api, { kind: 'domain.create', name: 'lost.example' });
  const kept = await askDomain(api, { kind: 'domain.create', name: 'kept.example' });
  await claimed(lost);
  await claimed(kept);
  await putBackOrphans(worker, server, (id) => id !== lost.operation);
  expect(await row(lost)).toMatchObject({ status: 'queued', epoch: 1, attempt: 1 });
  expect(await row(kept)).toMatchObject({ status: 'running' });
});
