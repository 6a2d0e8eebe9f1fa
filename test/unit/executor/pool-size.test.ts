import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { PhpLimits, NO_PHP_LIMITS } from '../../../contract/domains.ts';
import { Plan, NO_LIMITS } from '../../../contract/tenants.ts';
import { poolSize } from '../../../worker-privileged/executor/verbs/site/pool-size.ts';
import { arbitraryOf } from '../../fuzz/arbitrary-of.ts';

const MIB = 1024 ** 2;
const plans = arbitraryOf(Plan).map((plan) => Plan.parse(plan));
const allLimits = arbitraryOf(PhpLimits).map((limits) => PhpLimits.parse(limits));
const servers = fc.integer({ min: 256, max: 1_048_576 }).map((mebibytes) => mebibytes * MIB);
const everything = fc.record({ plan: plans, limits: allLimits, serverBytes: servers });

test('a plan is never exceeded, and there is always a process', () => {
  fc.assert(
    fc.property(everything, (sized) => {
      const size = poolSize(sized);
      expect(Number.isInteger(size)).toBe(true);
      expect(size).toBeGreaterThanOrEqual(1);
      expect(size).toBeLessThanOrEqual(sized.plan.phpProcesses ?? 1000);
      expect(size).toBeLessThanOrEqual(sized.limits.processes ?? 1000);
    }),
  );
});

test('more memory never means fewer processes, and larger requests never mean more', () => {
  const unnamed = { plan: { ...NO_LIMITS }, limits: NO_PHP_LIMITS };
  fc.assert(
    fc.property(servers, servers, fc.integer({ min: 16, max: 4096 }), (one, other, mebibytes) => {
      const [less, more] = [Math.min(one, other), Math.max(one, other)];
      const size = (serverBytes: number) => poolSize({ ...unnamed, serverBytes });
      expect(size(less)).toBeLessThanOrEqual(size(more));
      const planned = (phpMemoryBytes: number) =>
        poolSize({ ...unnamed, plan: { phpMemoryBytes, phpProcesses: null }, serverBytes: 2 ** 50 });
      expect(planned(less)).toBeLessThanOrEqual(planned(more));
      const limited = (memoryBytes: number) =>
        poolSize({ ...unnamed, limits: { memoryBytes, processes: null }, serverBytes: one });
      expect(limited(mebibytes * MIB)).toBeGreaterThanOrEqual(limited(2 * mebibytes * MIB));
    }),
  );
});

/** Rows such as `| 4 GiB | none | 128 MiB | 20 |`. */
const ROW = /^\| (\d+) GiB \| (none|\d+ MiB) \| (\d+) MiB \| (\d+) \|$/gm;

test('the numbers that docs/php.md has are those that a site gets', () => {
  const rows = [...readFileSync(join(__dirname, '../../../docs/php.md'), 'utf8').matchAll(ROW)];
  expect(rows.length).toBeGreaterThan(4);
  for (const [row, server, plan, limit, size] of rows) {
    const phpMemoryBytes = plan === 'none' ? null : parseInt(plan ?? '', 10) * MIB;
    const found = poolSize({
      plan: { phpMemoryBytes, phpProcesses: null },
      limits: { memoryBytes: Number(limit) * MIB, processes: null },
      serverBytes: Number(server) * 1024 * MIB,
    });
    expect([row, found]).toEqual([row, Number(size)]);
  }
});
