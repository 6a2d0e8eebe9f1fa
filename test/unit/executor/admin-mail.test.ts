import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { putSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { adminTerminal, createFakeRecords } from '../../fakes/admin-terminal.ts';
import { createFakeServer, createFakeSystem } from '../../fakes/executor-system.ts';
import { ID, recordedRun, spec } from './sites.ts';

function world() {
  const server = createFakeServer();
  const records = createFakeRecords();
  const type = (...words: readonly string[]) => adminTerminal(server, records, words);
  const file = () => {
    const node = server.disk.get(paths.mailSettings);
    return node?.kind === 'file' ? { mode: node.mode, settings: JSON.parse(node.text) as unknown } : null;
  };
  return { server, records, type, file };
}

test('where mail goes out is set whole, and its password is in the file and in nothing that is said', async () => {
  const { records, type, file } = world();
  records.input = 'a secret\n';
  const { code, out, err, events } = await type(
    'mail',
    'set',
    'Mail.example',
    '--user',
    'me',
    '--per-hour',
    '50',
  );
  expect([code, err]).toEqual([0, '']);
  expect(file()).toEqual({
    mode: 0o640,
    settings: {
      submission: {
        host: 'mail.example',
        port: 587,
        security: 'starttls',
        login: { user: 'me', password: 'a secret' },
      },
      senderDomain: null,
      perHour: 50,
      perHourOf: {},
    },
  });
  expect(out).toContain('mail.example, port 587, starttls');
  expect(out + JSON.stringify(events)).not.toContain('secret');
});

test('switched off, host and password are forgotten, and limits stay', async () => {
  const { server, records, type, file } = world();
  await putSite(createFakeSystem(server).system)(spec(), recordedRun());
  records.input = 'a secret';
  await type('mail', 'set', 'mail.example', '--security', 'tls', '--user', 'me');
  await type('mail', 'limit', 'shop.example', '5');
  expect((await type('mail', 'off')).out).toContain('no mail goes out');
  expect(file()?.settings).toEqual({
    submission: null,
    senderDomain: null,
    perHour: 200,
    perHourOf: { [ID]: 5 },
  });
  await type('mail', 'limit', 'shop.example', 'default');
  expect(file()?.settings).toMatchObject({ perHourOf: {} });
});

test.each([
  ['mail'],
  ['mail', 'set'],
  ['mail', 'set', '127.0.0.1'],
  ['mail', 'set', 'a b'],
  ['mail', 'set', 'mail.example', 'more'],
  ['mail', 'set', 'mail.example', '--port', '0'],
  ['mail', 'set', 'mail.example', '--port', '65536'],
  ['mail', 'set', 'mail.example', '--security', 'none'],
  ['mail', 'set', 'mail.example', '--user', 'a b'],
  ['mail', 'set', 'mail.example', '--sender-domain', 'x\ny'],
  ['mail', 'set', 'mail.example', '--per-hour', '-1'],
  ['mail', 'set', 'mail.example', '--password', 'x'],
  ['mail', 'limit', 'shop.example'],
  ['mail', 'limit', 'shop.example', 'many'],
  ['mail', 'off', 'now'],
])('%s %s %s %s %s is used wrongly, and changes nothing', async (...words) => {
  const { type, file } = world();
  expect((await type(...words)).code).toBe(2);
  expect(file()).toBeNull();
});

test('a user without a password on standard input is refused', async () => {
  const { type, file } = world();
  expect((await type('mail', 'set', 'mail.example', '--user', 'me')).code).toBe(1);
  expect(file()).toBeNull();
});
