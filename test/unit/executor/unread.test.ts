import { createUnread } from '../../../worker-privileged/executor/system/unread.ts';
import { createFakeServer, createFakeSystem, stateOf } from '../../fakes/executor-system.ts';

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
  await at(THIS).note([BLOCK, LINES]);
  await files.replace(BLOCK.path, 'nobody has checked this');
  await files.replace(LINES.path, 'nor this');
  await at(boot).putBack();
  expect(stateOf(server)).toEqual(before);
});

test('what nginx has read stays', async () => {
  const { server, files, at } = fresh();
  const forget = await at(THIS).note([BLOCK]);
  await files.replace(BLOCK.path, 'read');
  await forget();
  const before = stateOf(server);
  await at(THIS).putBack();
  expect(stateOf(server)).toEqual(before);
});

test('what another executor changes at the moment is left to it', async () => {
  const { server, files, at } = fresh();
  await at(THIS).note([BLOCK]);
  const [note] = [...server.disk.keys()].filter((path) => path.includes('/unread-')) as [string];
  const node = server.disk.get(note)!;
  server.disk.delete(note);
  server.disk.set(note.replace(`-${process.pid}-`, `-${process.ppid}-`), node);
  await files.replace(BLOCK.path, 'on its way');
  await at(THIS).putBack();
  expect(await files.read(BLOCK.path)).toBe('on its way');
});
