import { createLogger } from '../../../runtime/logger.ts';
import type { Sql, SqlValue, State } from '../../../state/connection.ts';
import { createSealingAudit } from '../../../worker-privileged/sealing-audit.ts';

/* Which rows are looked at for a seal, where more come than are sealed in a round. */

/** Rows by their numbers, and which of them are sealed. */
function build() {
  const rows: boolean[] = [true];
  const clock = { now: 1_000_000 };
  const found = (text: string, values: readonly SqlValue[]): object[] => {
    if (text.includes('MAX(seq)')) return [{ seq: rows.length - 1 }];
    if (!text.includes('LEFT JOIN audit_seal')) return [];
    const [after = 0, to = 0, most = 0] = values.map(Number);
    const unsealed: object[] = [];
    for (let seq = after + 1; seq <= to && seq < rows.length && unsealed.length < most; seq += 1)
      if (rows[seq] === false) unsealed.push({ ...ROW, seq });
    return unsealed;
  };
  const sql: Sql = {
    rows: (schema, text, values = []) => Promise.resolve(found(text, values).map((row) => schema.parse(row))),
    run: (text, values = []) => {
      if (text.startsWith('INSERT INTO audit_seal')) rows[Number(values[1])] = true;
      return Promise.resolve(1);
    },
  };
  const state: State = { ...sql, transaction: (work) => work(sql), close: () => Promise.resolve() };
  const logger = createLogger('test', { write: () => undefined });
  const seal = createSealingAudit({ state, isActive: () => true, logger, now: () => clock.now });
  return {
    add: (count: number) => rows.push(...Array.from({ length: count }, () => false)),
    round: async (afterMs = 1000) => {
      clock.now += afterMs;
      await seal();
    },
    left: () => rows.filter((isSealed) => !isSealed).length,
  };
}
const ROW = {
  ...{ at: '', source: 'api', actor: '', address: '', action: '', resource: '', outcome: '' },
  ...{ times: 1, detail: '' },
};

test('what comes at once and is too much for a round is sealed in the next, however long that takes to come', async () => {
  const { add, round, left } = build();
  await round();
  add(10_000);
  await round();
  expect(left()).toBeGreaterThan(0);
  for (const afterMs of [61_000, 1000, 1000]) await round(afterMs);
  expect(left()).toBe(0);
});

test('what was there before is swept stretch by stretch, each until nothing of it is left', async () => {
  const { add, round, left } = build();
  add(30_000);
  for (let count = 0; count < 60; count += 1) await round();
  expect(left()).toBe(0);
});
