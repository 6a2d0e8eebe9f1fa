import { createAuditNotes, MOST_LINES } from '../../../api/audit-notes.ts';
import { createLogger } from '../../../runtime/logger.ts';
import type { AuditLine } from '../../../state/audit.ts';

const logger = createLogger('test', { write: () => undefined });

function build() {
  const written: AuditLine[] = [];
  const clock = { now: 0, away: false };
  const notes = createAuditNotes({
    insert: (lines) => {
      if (clock.away) return Promise.reject(new Error('the database is away'));
      written.push(...lines);
      return Promise.resolve();
    },
    logger,
    now: () => clock.now,
  });
  const ask = (change: Partial<AuditLine> = {}, tenant?: string) => {
    const line = {
      ...{
        actor: 'tokenoftests',
        address: '::1',
        action: 'GET',
        resource: '/v1/domains',
        outcome: 'answered',
      },
      ...change,
    };
    notes.note(line, tenant);
  };
  return { ask, notes, written, clock };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const aSecond = () => jest.advanceTimersByTimeAsync(1100);

test('the first of its kind is written within a second, and those like it when the minute is over', async () => {
  const { ask, written, clock } = build();
  ask();
  await aSecond();
  expect(written).toMatchObject([{ resource: '/v1/domains', times: 1 }]);
  ask();
  ask();
  ask({ resource: '/v1/databases' });
  await aSecond();
  expect(written).toHaveLength(2);
  clock.now = 61_000;
  await aSecond();
  expect(written.map(({ resource, times }) => [resource, times])).toEqual([
    ['/v1/domains', 1],
    ['/v1/databases', 1],
    ['/v1/domains', 2],
  ]);
});

test.each([
  ['nobody', MOST_LINES.nobody],
  ['tokenoftests', MOST_LINES.token],
])('a flood of %s’s is so many lines a minute, and one that counts the rest', async (actor, most) => {
  const { ask, notes, written } = build();
  for (let count = 0; count < 5000; count += 1) ask({ actor, resource: `/v1/${count}` });
  await notes.close();
  expect(written).toHaveLength(most + 1);
  expect(written.at(-1)).toMatchObject({ actor, outcome: 'counted', times: 5000 - most });
});

test('whoever floods it leaves the others their room, and all together have no more than there is', async () => {
  const { ask, notes, written } = build();
  for (let token = 0; token < 50; token += 1)
    for (let count = 0; count < 100; count += 1) ask({ actor: `token${token}`, resource: `/v1/${count}` });
  await notes.close();
  expect(written.length).toBeLessThanOrEqual(MOST_LINES.all + 50);
  expect(written.reduce((sum, { times = 1 }) => sum + times, 0)).toBe(5000);
});

test('a tenant with many tokens leaves the others theirs, and all tenants together the administrators', async () => {
  const { ask, notes, written } = build();
  const flood = (tenant: string) => {
    for (let token = 0; token < 10; token += 1)
      for (let count = 0; count < 30; count += 1)
        ask({ actor: `${tenant}token${token}`, resource: `/v1/${count}` }, tenant);
  };
  flood('one');
  ask({ actor: 'anothers', resource: '/v1/sites' }, 'another');
  for (const tenant of ['two', 'three', 'four', 'five']) flood(tenant);
  ask({ actor: 'administrator', resource: '/v1/tenants' });
  await notes.close();
  const one = written.filter(({ actor, outcome }) => actor.startsWith('onetoken') && outcome === 'answered');
  expect(one).toHaveLength(MOST_LINES.tenant);
  expect(written.map(({ resource }) => resource)).toEqual(
    expect.arrayContaining(['/v1/sites', '/v1/tenants']),
  );
  expect(written.filter(({ outcome }) => outcome === 'answered').length).toBeLessThanOrEqual(
    MOST_LINES.tenants + 1,
  );
});

test('what cannot be written is written later, and once', async () => {
  const { ask, notes, written, clock } = build();
  clock.away = true;
  ask();
  await aSecond();
  ask();
  await aSecond();
  expect(written).toEqual([]);
  clock.away = false;
  await aSecond();
  expect(written).toMatchObject([{ times: 2 }]);
  await notes.close();
  expect(written).toHaveLength(1);
});
