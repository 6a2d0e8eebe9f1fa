import { DomainId } from '../../../contract/ids.ts';
import type { Files } from '../../../worker-privileged/executor/system/files.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { createUnread } from '../../../worker-privileged/executor/system/unread.ts';
import { createFakeServer, createFakeSystem, stateOf } from '../../fakes/executor-system.ts';

const SITE = DomainId.parse('a1b2c3d4e5f6');
const BLOCK = { path: '/etc/nginx/sculptor/sites/a1b2c3d4e5f6.conf', mode: 0o644 };
const LINES = { path: '/etc/nginx/sculptor/snippets/a1b2c3d4e5f6-x.conf', mode: 0o600 };

function fresh() {
  const server = createFakeServer();
  const { files, folders } = createFakeSystem(server).system;
  const at = (boot: string) => createUnread({ files, folders, boot: () => Promise.resolve(boot) });
  return { server, files, at };
}

const [THIS, NEXT] = ['0', '1'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`) as [
  string,
  string,
];

test.each([
  ['of the same start', THIS],
  ['after the system was started anew', NEXT],
])('what an executor died of changing is as it was when the next one starts, %s', async (_, boot) => {
  const { server, files, at } = fresh();
  await files.replace(LINES.path, 'former', LINES.mode);
  const before = stateOf(server);
  await at(THIS).note(SITE, [BLOCK, LINES]);
  await files.replace(BLOCK.path, 'nobody has checked this');
  await files.replace(LINES.path, 'nor this');
  await at(boot).putBack();
  expect(stateOf(server)).toEqual(before);
});

test('what nginx has read stays', async () => {
  const { server, files, at } = fresh();
  const forget = await at(THIS).note(SITE, [BLOCK]);
  await files.replace(BLOCK.path, 'read');
  await forget();
  const before = stateOf(server);
  await at(THIS).putBack();
  expect(stateOf(server)).toEqual(before);
});

test('what another executor changes at the moment is left to it', async () => {
  const { files, at } = fresh();
  await at(THIS).note(SITE, [BLOCK]);
  await asIfBy(files, process.ppid);
  await files.replace(BLOCK.path, 'on its way');
  await at(THIS).putBack();
  expect(await files.read(BLOCK.path)).toBe('on its way');
});

test('what was left by one that died is forgotten by who changes the files with success, and undone by nobody after that', async () => {
  const { server, files, at } = fresh();
  await at(THIS).note(SITE, [BLOCK]);
  // Its number is another process's by now: nobody sees that it died.
  await asIfBy(files, process.ppid);
  await files.replace(BLOCK.path, 'nobody has checked this');
  expect(await at(THIS).isNoted(SITE)).toBe(true);
  const forget = await at(THIS).note(SITE, [BLOCK, LINES]);
  await files.replace(BLOCK.path, 'read');
  await forget();
  expect(await at(THIS).isNoted(SITE)).toBe(false);
  const before = stateOf(server);
  await at(NEXT).putBack();
  expect(stateOf(server)).toEqual(before);
});

test('two that died one after the other of the same file: it is as it was before both', async () => {
  const { server, files, at } = fresh();
  await files.replace(BLOCK.path, 'former', BLOCK.mode);
  const before = stateOf(server);
  await at(THIS).note(SITE, [BLOCK]);
  await files.replace(BLOCK.path, 'one');
  await at(NEXT).note(SITE, [BLOCK]);
  await files.replace(BLOCK.path, 'two');
  await at(NEXT).putBack();
  expect(stateOf(server)).toEqual(before);
});

test('a note that cannot be read keeps no other from being put back', async () => {
  const { files, at } = fresh();
  await files.replace('/var/lib/sculptor-root/locks/unread-000000000000.json', 'torn');
  await at(THIS).note(SITE, [BLOCK]);
  await files.replace(BLOCK.path, 'nobody has checked this');
  await expect(at(NEXT).putBack()).rejects.toThrow();
  expect(await files.read(BLOCK.path)).toBeNull();
});

async function asIfBy(files: Pick<Files, 'read' | 'replace'>, pid: number): Promise<void> {
  const text = (await files.read(paths.unread(SITE))) ?? '';
  await files.replace(paths.unread(SITE), text.replace(`"pid":${process.pid},`, `"pid":${pid},`));
}
