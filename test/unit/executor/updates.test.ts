import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createUpdates, writersIn } from '../../../worker-privileged/executor/system/updates.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Who has dpkg's lock: by whom it was started, and as whom it runs. */
type Holder = readonly [real: number, effective: number];
const ROOTS: Holder = [0, 0];

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** A folder in which the hook has left its marks so many milliseconds ago. */
function build(ages: { readonly mark?: number; readonly fresh?: number }, holder?: Holder | 'gone') {
  const folder = mkdtempSync(join(tmpdir(), 'updates-'));
  folders.push(folder);
  const [lock, proc, now] = [`${folder}/lock`, `${folder}/proc`, Date.now()];
  writeFileSync(lock, '');
  mkdirSync(`${proc}/812`, { recursive: true });
  const line = `1: POSIX  ADVISORY  WRITE 812 00:2e:${statSync(lock).ino} 0 EOF\n`;
  writeFileSync(`${proc}/locks`, holder === undefined ? '' : line);
  if (holder !== undefined && holder !== 'gone')
    writeFileSync(`${proc}/812/status`, `Name:\tdpkg\nUid:\t${[...holder, 0, 0].join('\t')}\n`);
  for (const [name, age] of Object.entries(ages)) {
    writeFileSync(`${folder}/${name}`, '');
    utimesSync(`${folder}/${name}`, (now - age) / 1000, (now - age) / 1000);
  }
  const updates = createUpdates({ folder, locks: [lock], proc, now: () => now });
  return { updates, has: (name: string) => existsSync(`${folder}/${name}`) };
}

test.each<[string, Parameters<typeof build>, boolean]>([
  ['nothing was told', [{}, ROOTS], false],
  ['a hook has just told', [{ mark: 0, fresh: 0 }], true],
  ['a hook has told, and root has the lock', [{ mark: 5 * MINUTE, fresh: 5 * MINUTE }, ROOTS], true],
  ['its end was told, and root has the lock still', [{ mark: 5 * MINUTE }, ROOTS], true],
  ['its end was told, and the lock is free', [{ mark: SECOND }], false],
  ['it was killed, and the lock is free', [{ mark: MINUTE, fresh: MINUTE }], false],
  ['whoever has the lock is gone', [{ mark: MINUTE }, 'gone'], false],
  ['whoever has the lock is not root', [{ mark: MINUTE }, [10_001, 10_001]], false],
  ['whoever has the lock runs as root for somebody else', [{ mark: MINUTE }, [10_001, 0]], false],
  ['a question of it is not answered for an hour', [{ mark: 60 * MINUTE, fresh: 60 * MINUTE }, ROOTS], false],
  ['the clock was set back by a day since', [{ mark: -1440 * MINUTE, fresh: -1440 * MINUTE }, ROOTS], false],
])('where %s', async (_what, parts, underWay) => {
  const { updates, has } = build(...parts);
  expect(await updates.meet(false)).toBe(underWay);
  expect(has('mark')).toBe(underWay);
  expect(has('met')).toBe(true);
});

test('the hook is told when nothing is under way, until that is no more or the update is over', async () => {
  const { updates, has } = build({ mark: 0, fresh: 0 });
  await updates.meet(true);
  expect(has('idle')).toBe(true);
  await updates.meet(false);
  expect(has('idle')).toBe(false);
});

test('of all locks those that are written under count, whichever device is named', () => {
  const text = [
    '1: POSIX  ADVISORY  WRITE 812 fe:01:131090 0 EOF',
    '1: -> POSIX  ADVISORY  WRITE 813 fe:01:131090 0 EOF',
    '2: FLOCK  ADVISORY  WRITE 814 fe:01:131091 0 EOF',
    '3: POSIX  ADVISORY  READ  815 fe:01:131092 0 EOF',
  ].join('\n');
  expect(writersIn(text)).toEqual([{ holder: 812, inode: 131090 }]);
});
