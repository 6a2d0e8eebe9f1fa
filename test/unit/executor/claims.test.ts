import { mkdtempSync, readdirSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperationId } from '../../../contract/ids.ts';
import { createFence } from '../../../worker-privileged/executor/server/fence.ts';
import { createClaims } from '../../../worker-privileged/executor/system/claims.ts';

const folder = () => join(mkdtempSync(join(tmpdir(), 'claims-')), 'claims');
const operation = OperationId.parse('abcdefghij0123456789');
const fenceOf = (path: string) => createFence(createClaims(path), () => undefined);

test('an executor that was started anew, and one beside it, know of the last claim', async () => {
  const path = folder();
  const before = fenceOf(path);
  await before.note({ operation, epoch: 9 });
  await before.note({ operation, epoch: 10 });
  const after = fenceOf(path);
  await expect(after.require({ operation, epoch: 9 })).rejects.toThrow(/taken this operation over/);
  await expect(after.require({ operation, epoch: 10 })).resolves.toBeUndefined();
  await after.note({ operation, epoch: 11 });
  await after.note({ operation, epoch: 2 });
  await expect(before.require({ operation, epoch: 10 })).rejects.toThrow(/taken this operation over/);
  await expect(before.require({ operation, epoch: 11 })).resolves.toBeUndefined();
});

test('what is no operation, or one that was never claimed here, is not kept', async () => {
  const fence = fenceOf(folder());
  await expect(fence.require({ operation, epoch: 1 })).resolves.toBeUndefined();
  await fence.note({ operation: null });
  await expect(fence.require({ operation: null })).resolves.toBeUndefined();
  await expect(fence.require({ operation })).resolves.toBeUndefined();
});

test('of an operation only the last claim is kept, however often it is claimed', async () => {
  const path = folder();
  const claims = createClaims(path);
  for (const epoch of [3, 1, 4, 4, 2, 9]) await claims.note(operation, epoch);
  expect(readdirSync(join(path, operation))).toEqual(['9']);
  expect(await claims.latest(operation)).toBe(9);
});

test('so many are kept and no more, and the oldest are forgotten', async () => {
  const path = folder();
  const idOf = (number: number) => OperationId.parse(`abcdefghij${String(number).padStart(10, '0')}`);
  for (let number = 0; number < 6; number += 1) {
    await createClaims(path).note(idOf(number), 1);
    utimesSync(join(path, idOf(number)), number, number);
  }
  await createClaims(path, 3).note(operation, 7);
  expect(readdirSync(path).sort()).toEqual([...[3, 4, 5].map(idOf), operation].sort());
});

test('where claims cannot be kept, a server is not kept from being repaired', async () => {
  const logged: string[] = [];
  const fence = createFence(
    {
      note: () => Promise.reject(Object.assign(new Error('no room'), { code: 'ENOSPC' })),
      latest: () => Promise.resolve(0),
    },
    (_level, message) => void logged.push(message),
  );
  await fence.note({ operation, epoch: 1 });
  await expect(fence.require({ operation, epoch: 1 })).resolves.toBeUndefined();
  expect(logged).toEqual(['a claim cannot be noted']);
});
