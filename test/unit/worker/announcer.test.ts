import { ServerId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import type { Sql } from '../../../state/connection.ts';
import { createAnnouncer } from '../../../worker-unprivileged/announcer.ts';

function setUp() {
  let rows: number[] = [];
  let away = false;
  let lines: Record<string, unknown>[] = [];
  const row = (id: number) => ({
    ...{
      id,
      kind: 'destroyed',
      operation: 'o'.repeat(20),
      resourceType: 'domain',
      resourceId: 'd'.repeat(12),
    },
    ...{ resourceName: 'shop.example', tenant: 'default', server: 'default', message: 'The site is gone.' },
    createdAt: new Date(0),
  });
  const state = {
    rows: (schema: { parse: (row: unknown) => unknown }, _text: string, [, after = 0]: readonly number[]) => {
      if (away) return Promise.reject(new Error('away'));
      const found = rows.filter((id) => id > after).sort((a, b) => a - b);
      return Promise.resolve(found.map((id) => schema.parse(row(id))));
    },
  } as unknown as Sql;
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger('test', { write });
  const announce = createAnnouncer({ server: ServerId.parse('default'), state, logger });
  return {
    set: (next: { rows?: number[]; away?: boolean }) => {
      rows = next.rows ?? rows;
      away = next.away ?? away;
    },
    round: async () => {
      lines = [];
      await announce();
      return lines;
    },
  };
}

const ids = (lines: readonly Record<string, unknown>[]) => lines.map(({ notification }) => notification);

test('each notification is one line, of a fixed message and facts', async () => {
  const { set, round } = setUp();
  set({ rows: [7] });
  expect(await round()).toMatchObject([
    {
      ...{
        level: 'warn',
        msg: 'notification',
        notification: 7,
        kind: 'destroyed',
        operationId: 'o'.repeat(20),
      },
      ...{ type: 'domain', resource: 'd'.repeat(12), name: 'shop.example', tenant: 'default' },
      what: 'The site is gone.',
    },
  ]);
});

test('a notification is announced once, however often it is looked at', async () => {
  const { set, round } = setUp();
  set({ rows: [7, 8] });
  expect(ids(await round())).toEqual([7, 8]);
  expect(ids(await round())).toEqual([]);
  set({ rows: [7, 8, 9] });
  expect(ids(await round())).toEqual([9]);
  expect(ids(await round())).toEqual([]);
});

test('one that becomes visible after a later one is announced too', async () => {
  const { set, round } = setUp();
  set({ rows: [100, 102] });
  await round();
  set({ rows: [100, 101, 102, 103] });
  expect(ids(await round())).toEqual([101, 103]);
  expect(ids(await round())).toEqual([]);
});

test('while the database is away nothing is said, and afterwards all of it', async () => {
  const { set, round } = setUp();
  set({ rows: [7], away: true });
  expect(await round()).toEqual([]);
  set({ away: false });
  expect(ids(await round())).toEqual([7]);
});
