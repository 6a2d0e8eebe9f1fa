import { Operation } from '../../../contract/operations.ts';
import { TenantId, TokenId } from '../../../contract/ids.ts';
import { ProblemError } from '../../../api/problems.ts';
import type { WriteContext } from '../../../api/write-context.ts';
import { createWriter } from '../../../api/writer.ts';
import type { Written } from '../../../api/writer.ts';
import type { Sql, SqlValue, State } from '../../../state/connection.ts';

const operation = Operation.parse({
  id: 'o'.repeat(20),
  kind: 'databaseUser.create',
  status: 'queued',
  resource: { type: 'databaseUser', id: 'u'.repeat(12), name: 'shop' },
  generation: 1,
  tenant: 'default',
  server: 'default',
  steps: [],
  error: null,
  attempt: 0,
  createdAt: '2025-01-01T00:00:00.000Z',
  startedAt: null,
  endedAt: null,
});

const written: Written = {
  operation,
  body: { databaseUser: 'shop' },
  once: { shown: { password: 'shown once' }, kept: { password: null } },
};

const caller = {
  tokenId: TokenId.parse('tokenoftests'),
  role: 'administrator' as const,
  tenant: TenantId.parse('default'),
  acting: false,
  scopes: [],
  address: 'socket',
};
const context: WriteContext = {
  caller,
  key: { tokenId: 'tokenoftests', key: 'k', request: 'POST /' },
  plan: false,
};

const admit = () => Promise.resolve(() => Promise.resolve());
const requireRoomInQueue = () => Promise.resolve();

/** Keeps the idempotency rows that were committed, and the order of everything. */
function fakeState(): { state: State; events: string[]; statements: (readonly SqlValue[])[] } {
  const events: string[] = [];
  const statements: (readonly SqlValue[])[] = [];
  const committed = new Map<string, { request: string; response: string }>();
  const sqlInto = (rows: typeof committed): Sql => ({
    rows: (schema, _text, values = []) => {
      const row = rows.get(String(values[1]));
      return Promise.resolve(row === undefined ? [] : [schema.parse(row)]);
    },
    run: (text, values = []) => {
      events.push(/INSERT INTO (\w+)/.exec(text)?.[1] ?? text);
      statements.push(values);
      if (text.includes('idempotency'))
        rows.set(String(values[1]), { request: String(values[2]), response: String(values[4]) });
      return Promise.resolve(1);
    },
  });
  const state: State = {
    ...sqlInto(committed),
    transaction: async (work) => {
      const own = new Map(committed);
      const result = await work(sqlInto(own));
      for (const [key, row] of own) committed.set(key, row);
      events.push('commit');
      return result;
    },
    close: () => Promise.resolve(),
  };
  return { state, events, statements };
}

test('everything is written in one transaction, and the worker is woken after it', async () => {
  const { state, events } = fakeState();
  const wake = (id: string): Promise<boolean> => Promise.resolve(events.push(`wake ${id}`) > 0);
  const write = createWriter({ ...{ state, admit, requireRoomInQueue }, wakeUps: { wake } });
  const answer = await write(context, 'databaseUser.create', () => Promise.resolve(written));
  expect(answer).toEqual({
    operationId: operation.id,
    body: { databaseUser: 'shop', password: 'shown once' },
    replayed: false,
  });
  expect(events).toEqual(['audit', 'idempotency', 'commit', `wake ${operation.id}`]);
});

test('what is shown once is given to no statement', async () => {
  const { state, statements } = fakeState();
  const write = createWriter({
    ...{ state, admit, requireRoomInQueue },
    wakeUps: { wake: () => Promise.resolve(true) },
  });
  await write(context, 'databaseUser.create', () => Promise.resolve(written));
  expect(JSON.stringify(statements)).not.toContain('shown once');
});

test('a repetition gets the answer without it, and the work is not done', async () => {
  const { state } = fakeState();
  const write = createWriter({
    ...{ state, admit, requireRoomInQueue },
    wakeUps: { wake: () => Promise.resolve(true) },
  });
  await write(context, 'databaseUser.create', () => Promise.resolve(written));
  const again = await write(context, 'databaseUser.create', () => Promise.reject(new Error('done twice')));
  expect(again).toEqual({
    operationId: operation.id,
    body: { databaseUser: 'shop', password: null },
    replayed: true,
  });
});

test('who loses a race against the same key gets the answer of who won it', async () => {
  const { state } = fakeState();
  const write = createWriter({
    ...{ state, admit, requireRoomInQueue },
    wakeUps: { wake: () => Promise.resolve(true) },
  });
  const answer = await write(context, 'databaseUser.create', async () => {
    await write(context, 'databaseUser.create', () => Promise.resolve(written));
    throw new ProblemError('name-taken', 'The other was faster.');
  });
  expect(answer.replayed).toBe(true);
});

test('a refusal without a key is a refusal, and nothing is woken', async () => {
  const { state, events } = fakeState();
  const wake = (): Promise<boolean> => Promise.resolve(events.push('wake') > 0);
  const write = createWriter({ ...{ state, admit, requireRoomInQueue }, wakeUps: { wake } });
  const refused = write({ caller, key: undefined, plan: false }, 'domain.create', () =>
    Promise.reject(new ProblemError('conflict', 'No.')),
  );
  await expect(refused).rejects.toThrow('No.');
  expect(events).toEqual([]);
});
