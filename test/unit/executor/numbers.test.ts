import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { putSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { createFakeServer, createFakeSystem, stateOf } from '../../fakes/executor-system.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

function serverWithNote(note: string) {
  const server = createFakeServer();
  server.disk.set(paths.nextUid, { kind: 'file', text: note, mode: 0o600 });
  return server;
}

test('the last number of the range is given', async () => {
  const server = serverWithNote('99999\n');
  await putSite(createFakeSystem(server).system)(spec(), recordedRun());
  expect(server.users.get(`s-${ID}`)?.uid).toBe(99_999);
});

test('when every number has been given once, no further site is made', async () => {
  const server = serverWithNote('100000\n');
  const before = stateOf(server);
  expect(await failureOf(putSite(createFakeSystem(server).system)(spec(), recordedRun()))).toBe(
    'uids_exhausted',
  );
  expect(stateOf(server)).toEqual(before);
});

test.each(['', '66000', '0\n', '1000\n', '-1\n', '6.7e4\n', '66000\n0\n', 'many\n'])(
  'the note %j of the next number stops everything, for nobody knows what was given',
  async (note) => {
    const server = serverWithNote(note);
    const before = stateOf(server);
    await expect(putSite(createFakeSystem(server).system)(spec(), recordedRun())).rejects.toThrow(
      'holds no user number',
    );
    expect(stateOf(server)).toEqual(before);
  },
);
