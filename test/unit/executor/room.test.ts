import { FailureError } from '../../../contract/failures.ts';
import {
  createRequireRoom,
  namedWhereFull,
  whatIsLacking,
} from '../../../worker-privileged/executor/system/room.ts';
import { failureOf } from './sites.ts';

const GIB = 1024 ** 3;
const disk = { path: '/home/www', octets: GIB, files: 1_000_000, allFiles: 2_000_000 };
const enough = { disks: [disk], memory: GIB };

test('where there is enough of all nothing is lacking', () => {
  expect(whatIsLacking(enough)).toBeNull();
});

test.each([
  [
    'of a disk',
    { disks: [disk, { ...disk, octets: 3 * 1024 ** 2 }] },
    'the file system of /home/www has 3 MiB left',
  ],
  ['of files', { disks: [{ ...disk, files: 7 }] }, 'the file system of /home/www has room for 7 files more'],
  ['of memory', { memory: 5 * 1024 ** 2 }, 'the server has 5 MiB of memory left'],
])('too little %s is said in words', (_what, less, words) => {
  expect(whatIsLacking({ ...enough, ...less })).toBe(words);
});

test('a file system that counts no files has no end of them', () => {
  expect(whatIsLacking({ ...enough, disks: [{ ...disk, files: 0, allFiles: 0 }] })).toBeNull();
});

test('what is in memory needs less room than a disk', () => {
  const run = { ...disk, path: '/run', octets: 10 * 1024 ** 2 };
  expect(whatIsLacking({ ...enough, disks: [run] })).toBeNull();
  expect(whatIsLacking({ ...enough, disks: [{ ...run, octets: 1024 ** 2 }] })).toContain('/run has 1 MiB');
});

test('a server that is full refuses by a code of its own, and one that is not lets pass', async () => {
  expect(await failureOf(createRequireRoom(() => Promise.resolve({ ...enough, memory: 0 }))())).toBe(
    'server_full',
  );
  await createRequireRoom(() => Promise.resolve(enough))();
});

test('what ran out in the midst has the same code, and any other failure its own', () => {
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  expect(namedWhereFull(full)).toMatchObject({ failure: { code: 'server_full' }, cause: full });
  const other = new FailureError('not_ours', 'it is there', 'move it away');
  expect(namedWhereFull(other)).toBe(other);
});
