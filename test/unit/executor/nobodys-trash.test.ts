import { purgeNobodysTrash } from '../../../worker-privileged/executor/verbs/nobodys-trash.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { createFakeServer, createFakeSystem } from '../../fakes/executor-system.ts';
import { ID, recordedRun, spec } from './sites.ts';

test('what lies in the trash and belongs to no site is removed when its time is over, and nothing else', async () => {
  const server = createFakeServer();
  const { system } = createFakeSystem(server);
  await putSite(system)(spec(), recordedRun());
  await removeSite(system)({ id: ID }, recordedRun());
  const inTrash = () => [...server.disk.keys()].filter((path) => /^\/home\/www\/\.trash\/[^/]+$/.test(path));
  const [ofSite = ''] = inTrash();
  expect(ofSite).toContain(ID);
  const folder = { kind: 'folder', uid: 0, gid: 0, mode: 0o755 } as const;
  const [old, young, others] = [
    't1t1t1t1t1t1-20251229-030405678',
    't1t1t1t1t1t1-20260102-030405678',
    'by-hand',
  ];
  for (const name of [old, young, others]) server.disk.set(`/home/www/.trash/${name}`, folder);
  await purgeNobodysTrash(system);
  const kept = [ofSite, `/home/www/.trash/${young}`, `/home/www/.trash/${others}`];
  expect(inTrash().sort()).toEqual(kept.sort());
  server.now = '2026-02-01T00:00:00.000Z';
  await purgeNobodysTrash(system);
  expect(inTrash().sort()).toEqual([ofSite, `/home/www/.trash/${others}`].sort());
});
