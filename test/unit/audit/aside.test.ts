import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  appendAside,
  asideIsTaken,
  takeAside,
} from '../../../worker-privileged/executor/system/audit-aside.ts';

/* Lines for which no lock was to be had. */

const folder = mkdtempSync(join(tmpdir(), 'sculptor-aside-'));
const places = { aside: join(folder, 'aside.log'), taken: join(folder, 'taken.log') };
afterEach(() => {
  for (const path of Object.values(places)) rmSync(path, { force: true });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const [FIRST, SECOND, THIRD] = [{ event: 'begun' }, { event: 'ended' }, { event: 'refused' }];

test('they wait in their order, and are taken once', () => {
  expect(takeAside(places)).toEqual([]);
  appendAside([FIRST, SECOND], places);
  appendAside([THIRD], places);
  expect(takeAside(places)).toEqual([FIRST, SECOND, THIRD]);
  asideIsTaken(places);
  expect([takeAside(places), existsSync(places.aside)]).toEqual([[], false]);
});

test('what was taken by one that broke off is taken again before what came later', () => {
  appendAside([FIRST], places);
  takeAside(places);
  appendAside([SECOND], places);
  expect(takeAside(places)).toEqual([FIRST]);
  asideIsTaken(places);
  expect(takeAside(places)).toEqual([SECOND]);
});

test('a line that broke off is said to be one', () => {
  writeFileSync(places.aside, '{"event":"beg');
  appendFileSync(places.aside, '\n{"event":"ended"}\n');
  expect(takeAside(places)).toEqual([{ event: 'torn' }, SECOND]);
});
