import { setImmediate as turn } from 'node:timers/promises';
import type { Hash } from '../../../contract/audit.ts';
import { createAuditLog } from '../../../worker-privileged/executor/system/audit-log.ts';
import { createLocks } from '../../../worker-privileged/executor/system/locks.ts';

test('however many heads are told at once, MariaDB is asked about one after the other', async () => {
  const open = () => Promise.resolve({ fd: 3, close: () => Promise.resolve() });
  const locks = createLocks({ hold: () => Promise.resolve() }, open);
  const files = {
    read: () => Promise.resolve(null),
    replace: () => Promise.reject(new Error('nothing is noted')),
    remove: () => Promise.reject(new Error('nothing is noted')),
  };
  const { noteHead } = createAuditLog({ files, locks, now: () => new Date() });
  let asking = 0;
  const seen: number[] = [];
  const requireChain = async () => {
    seen.push((asking += 1));
    await turn();
    asking -= 1;
    throw new Error('there is no such seal');
  };
  const told = Array.from({ length: 64 }, (_, index) =>
    noteHead({ number: index + 1, hash: 'a'.repeat(64) as Hash }, requireChain),
  );
  const ends = await Promise.allSettled(told);
  expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
  expect(seen).toEqual(Array.from({ length: 64 }, () => 1));
});
