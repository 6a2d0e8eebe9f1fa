import { FailureError } from '../../../contract/failures.ts';
import { StateDumpName } from '../../../contract/state-dumps.ts';
import { keepOn, keepState } from '../../../worker-privileged/executor/admin/keeping-state.ts';
import type { Carried } from '../../../worker-privileged/executor/system/state-carried.ts';

/* What is kept of the state before another is put in its place, and what becomes of it where it cannot be. */

const [NAME, KEPT] = [
  StateDumpName.parse('20261130-021500'),
  StateDumpName.parse('20261201-101500-replaced'),
];
const BOTH: readonly Carried[] = ['token_revocation', 'webhook_version'];
const full = () => Promise.reject(new FailureError('server_full', 'The disk is full.', 'Make room.'));

type Broken = { readonly isThere?: boolean; readonly dump?: 'full'; readonly table?: Carried };

function tools({ isThere = true, dump, table }: Broken = {}, taken: readonly Carried[] = []) {
  const asked: string[] = [];
  const note = (what: string) => Promise.resolve(void asked.push(what));
  return {
    asked,
    system: {
      now: () => new Date('2026-12-01T10:15:00Z'),
      stateDumps: {
        make: () =>
          dump === 'full'
            ? full()
            : note('dump').then(() => ({ made: true, name: KEPT, at: '2026-12-01T10:15:00Z', octets: 1 })),
      },
    },
    state: {
      isThere: () => Promise.resolve(isThere),
      carried: {
        take: (each: Carried) => (each === table ? Promise.reject(new Error('no such table')) : note(each)),
        taken: () => Promise.resolve(taken),
        takeRevokedSince: () => note('revoked since'),
        forget: () => note('forget'),
      },
    },
  };
}

const wanted = (withoutKeeping = false) => ({ name: NAME, withoutKeeping });

test('all of it is kept as a dump, and by itself what has to hold, after what was kept once', async () => {
  const { asked, ...of } = tools();
  expect(await keepState(of, wanted())).toMatchObject({ name: NAME, kept: KEPT, carried: BOTH });
  expect(asked).toEqual(['forget', 'dump', ...BOTH]);
});

test.each<readonly [string, Broken, RegExp]>([
  ['the disk is full', { dump: 'full' }, /could not be kept.* The disk is full\./],
  ['the revocations cannot be read', { table: 'token_revocation' }, /could not be kept/],
  ['the webhooks cannot be read', { table: 'webhook_version' }, /could not be kept/],
])('where %s it is refused', async (_what, broken, words) => {
  await expect(keepState(tools(broken), wanted())).rejects.toThrow(words);
});

test.each<readonly [string, Broken, readonly Carried[]]>([
  ['and all of that can be read', { dump: 'full' }, BOTH],
  ['and the revocations cannot be read', { table: 'token_revocation' }, ['webhook_version']],
])('where root goes without it %s what can be read holds', async (_what, broken, carried) => {
  expect(await keepState(tools(broken), wanted(true))).toMatchObject({ kept: null, carried });
});

test('where there is no state nothing is kept, and nobody is asked to go without', async () => {
  const { asked, ...of } = tools({ isThere: false, dump: 'full' });
  expect(await keepState(of, wanted())).toMatchObject({ kept: null, carried: [] });
  expect(asked).toEqual(['forget']);
});

const MARK = { name: KEPT, since: '2026-12-01T10:15:00.000Z', kept: KEPT, carried: [...BOTH] };

test('one that goes on takes it as it was kept, with what root has revoked since', async () => {
  const { asked, ...of } = tools({}, BOTH);
  expect(await keepOn(of, MARK, wanted())).toEqual({ ...MARK, name: NAME });
  expect(asked).toEqual(['revoked since']);
});

test('where what was kept is gone it is refused, unless root goes without', async () => {
  const gone = () => tools({}, ['webhook_version']);
  await expect(keepOn(gone(), MARK, wanted())).rejects.toThrow('not there any more');
  expect((await keepOn(gone(), MARK, wanted(true))).carried).toEqual(['webhook_version']);
});
