import type { PartId } from '../../../contract/ids.ts';
import { PartName } from '../../../contract/site-parts.ts';
import { SshPublicKey } from '../../../contract/ssh-keys.ts';
import { putPart, removePart } from '../../../worker-privileged/executor/verbs/site-parts.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { purgeSite, restoreSite } from '../../../worker-privileged/executor/verbs/site-trash.ts';
import { createFakeServer, createFakeSystem, stateOf, type FakeServer } from '../../fakes/executor-system.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

const KEY = SshPublicKey.parse(
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl',
);
const FILE = `/etc/sculptor/keys/s-${ID}`;
const place = (id = 'k1k1k1k1k1k1', generation = 1) => ({ id: id as PartId, site: ID, generation });
const key = (id?: string, generation?: number) => ({
  ...place(id, generation),
  name: PartName.parse('anna'),
  spec: { publicKey: KEY },
});

function textOf(server: FakeServer, path: string): string | undefined {
  const node = server.disk.get(path);
  return node?.kind === 'file' ? node.text : undefined;
}

async function withSite(change: Parameters<typeof spec>[0] = {}) {
  const server = createFakeServer();
  const { system } = createFakeSystem(server);
  await putSite(system)(spec(change), recordedRun());
  return { server, system };
}

test('a key stands in the one file that sshd reads for its site', async () => {
  const { server, system } = await withSite();
  await putPart(system, 'key')(key(), recordedRun());
  await putPart(system, 'key')(key('a1a1a1a1a1a1'), recordedRun());
  expect(textOf(server, FILE)).toBe(`restrict ${KEY} a1a1a1a1a1a1\nrestrict ${KEY} k1k1k1k1k1k1\n`);
});

test('asked for again, nothing is changed', async () => {
  const { server, system } = await withSite();
  await putPart(system, 'key')(key(), recordedRun());
  const before = stateOf(server);
  const run = recordedRun();
  await putPart(system, 'key')(key(), run);
  expect(stateOf(server)).toEqual(before);
  expect(run.steps.every(({ changed }) => !changed)).toBe(true);
});

test('what is removed does not come back by a replay', async () => {
  const { server, system } = await withSite();
  await putPart(system, 'key')(key(), recordedRun());
  await removePart(system, 'key')(place(undefined, 2), recordedRun());
  expect(textOf(server, FILE)).toBeUndefined();
  expect(await failureOf(putPart(system, 'key')(key(), recordedRun()))).toBe('invalid_request');
  expect(await failureOf(putPart(system, 'key')(key(undefined, 2), recordedRun()))).toBe('not_found');
  expect(textOf(server, FILE)).toBeUndefined();
});

test('what was asked for after a creation that took away what it had made is asked of nothing', async () => {
  const { system } = await withSite();
  await putPart(system, 'key')(key(), recordedRun());
  await removePart(system, 'key')(place(undefined, 1), recordedRun());
  expect(await failureOf(putPart(system, 'key')(key(undefined, 2), recordedRun()))).toBe('not_found');
  expect(await failureOf(removePart(system, 'key')(place(undefined, 2), recordedRun()))).toBe('not_found');
});

test('it goes to the trash with its site and comes back with it', async () => {
  const { server, system } = await withSite();
  await putPart(system, 'key')(key(), recordedRun());
  const before = textOf(server, FILE);
  await removeSite(system)({ id: ID }, recordedRun());
  expect(textOf(server, FILE)).toBeUndefined();
  await restoreSite(system)(spec({ generation: 2 }), recordedRun());
  expect(textOf(server, FILE)).toBe(before);
});

test('of a site that is purged nothing that belonged to it is known', async () => {
  const { server, system } = await withSite();
  await putPart(system, 'key')(key(), recordedRun());
  await removeSite(system)({ id: ID }, recordedRun());
  await purgeSite(system, { atOnce: true })({ id: ID }, recordedRun());
  expect([...server.disk.keys()].filter((path) => path.includes('/parts/'))).toEqual([]);
  expect(await failureOf(putPart(system, 'key')(key(), recordedRun()))).toBe('not_ready');
});

test('a site that is not there has none', async () => {
  const { server, system } = await withSite();
  const before = stateOf(server);
  const asked = { ...key(), site: 'z9z9z9z9z9z9' as typeof ID };
  expect(await failureOf(putPart(system, 'key')(asked, recordedRun()))).toBe('not_ready');
  expect(stateOf(server)).toEqual(before);
});

test('a site of the shared user has none', async () => {
  const { server, system } = await withSite({ isolation: 'pool' });
  const before = stateOf(server);
  expect(await failureOf(putPart(system, 'key')(key(), recordedRun()))).toBe('invalid_request');
  expect(stateOf(server)).toEqual(before);
});

test('as many are let in in an hour as may be, and no more', async () => {
  const { server, system } = await withSite();
  server.disk.set('/etc/sculptor/limits.json', { kind: 'file', text: '{"letInPerHour":1}', mode: 0o644 });
  await putPart(system, 'key')(key(), recordedRun());
  expect(await failureOf(putPart(system, 'key')(key('a1a1a1a1a1a1'), recordedRun()))).toBe('limit_reached');
  // What stands already is no further one.
  expect(await failureOf(putPart(system, 'key')(key(), recordedRun()))).toBe('none');
});
