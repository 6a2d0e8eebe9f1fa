import { NoticeSettings } from '../../../contract/mail-notices.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { adminTerminal, createFakeRecords } from '../../fakes/admin-terminal.ts';
import { createFakeServer } from '../../fakes/executor-system.ts';

function world() {
  const server = createFakeServer();
  const records = createFakeRecords();
  const type = (...words: readonly string[]) => adminTerminal(server, records, ['mail', ...words]);
  const file = () => {
    const node = server.disk.get(paths.noticeSettings);
    return node?.kind === 'file' ? { mode: node.mode, ...NoticeSettings.parse(JSON.parse(node.text)) } : null;
  };
  return { records, type, file };
}

const BY_DEFAULT = ['notification.*', 'system.*', 'operation.failed'];

test('who is told, and of what, is in a file of root’s, and is shown', async () => {
  const { type, file } = world();
  const { code, out } = await type('notify', 'Admin@There.Example');
  expect(code).toBe(0);
  expect(out).toContain(
    'told of events    Admin@there.example: notification.*, system.*, operation.failed\n',
  );
  expect(out).toContain('of the server     20 letters an hour to each of them, and as many of operations\n');
  expect(file()).toMatchObject({
    mode: 0o640,
    perHour: 20,
    recipients: [{ address: 'Admin@there.example', events: BY_DEFAULT }],
  });
});

test('one more is beside the first, one again is told of what was said last, and since when stays', async () => {
  const { type, file } = world();
  await type('notify', 'a@there.example');
  const since = file()?.recipients[0]?.since;
  await type('notify', 'b@there.example', '--events', '*', '--per-hour', '5');
  await type('notify', 'a@there.example', '--events', 'notification.alarm,operation.*');
  expect(file()).toMatchObject({ perHour: 5 });
  expect(file()?.recipients).toMatchObject([
    { address: 'b@there.example', events: ['*'] },
    { address: 'a@there.example', events: ['notification.alarm', 'operation.*'], since },
  ]);
  expect((await type('notify', 'b@there.example', 'off')).code).toBe(0);
  expect(file()?.recipients).toMatchObject([{ address: 'a@there.example' }]);
  await type('notify', '--per-hour', '7');
  expect(file()).toMatchObject({ perHour: 7, recipients: [{ address: 'a@there.example' }] });
});

test.each([
  ['notify'],
  ['notify', 'a'],
  ['notify', 'a@b'],
  ['notify', 'a b@there.example'],
  ['notify', 'a@there.example\nBcc: b@there.example'],
  ['notify', 'a@there.example,b@there.example'],
  ['notify', '<a@there.example>'],
  ['notify', '"a"@there.example'],
  ['notify', 'ä@there.example'],
  ['notify', 'a@dört.example'],
  ['notify', 'a@there.example', 'b@there.example'],
  ['notify', 'a@there.example', 'off', 'now'],
  ['notify', 'a@there.example', 'off', '--events', '*'],
  ['notify', 'a@there.example', '--events', ''],
  ['notify', 'a@there.example', '--events', 'alarm'],
  ['notify', 'a@there.example', '--events', 'notification.alarm, *'],
  ['notify', 'a@there.example', '--per-hour', '0'],
  ['notify', 'a@there.example', '--per-hour', 'many'],
  ['notify', '--events', '*'],
  ['notify', 'a@there.example', '--to', 'b@there.example'],
  ['test', 'a@there.example'],
])('mail %s %s %s is used wrongly, and changes nothing', async (...words) => {
  const { type, file, records } = world();
  expect((await type(...words)).code).toBe(2);
  expect(file()).toBeNull();
  expect(records.noticed).toEqual([]);
});

test('no more than twenty are told', async () => {
  const { type, file } = world();
  for (let at = 0; at < 20; at += 1) await type('notify', `a${at}@there.example`);
  const { code, err } = await type('notify', 'more@there.example');
  expect([code, err]).toEqual([1, expect.stringContaining('No more than 20 addresses are told.')]);
  expect(file()?.recipients).toHaveLength(20);
});

test('a test is written to who is told, once there are somebody and a host', async () => {
  const { type, records } = world();
  expect((await type('test')).err).toContain('No mail goes out: no host is set.');
  await type('set', 'mail.example');
  expect((await type('test')).err).toContain('Nobody is told of anything by mail.');
  expect(records.noticed).toEqual([]);
  await type('notify', 'a@there.example');
  expect((await type('test')).out).toContain(
    '1 letters are on their way to the mail host: a@there.example\n',
  );
  expect(records.noticed).toMatchObject([{ event: { type: 'mail.test' } }]);
});
