import { letterIdOf, writeNoticeLetter } from '../../../mailer/notice-letter.ts';
import { writeNotices } from '../../../mailer/notice-text.ts';
import { alarm, ended } from './notice-world.ts';

const written = (...notices: Parameters<typeof writeNotices>[0]) => writeNotices(notices, 'host.example');

async function letter(...notices: Parameters<typeof writeNotices>[0]): Promise<string> {
  const content = await writeNoticeLetter({
    ...written(...notices),
    ...{ id: 'mabc', from: 'sculptor@sent.example', to: 'a@there.example' },
    date: new Date('2026-01-02T03:04:05Z'),
  });
  return content.toString('latin1');
}

test('a notification is its sentence, and what it is about', async () => {
  expect(await letter(alarm(7))).toBe(
    [
      'Auto-Submitted: auto-generated',
      'From: Sculptor Agent <sculptor@sent.example>',
      'To: a@there.example',
      'Subject: [host.example] notification.alarm: cron is failed (dead).',
      'Message-ID: <mabc@sent.example>',
      'Date: Fri, 02 Jan 2026 03:04:05 +0000',
      'Content-Transfer-Encoding: 7bit',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'cron is failed (dead).',
      '',
      'event      notification.alarm',
      'time       2026-01-02 03:04:05 UTC',
      'server     host.example',
      'resource   server host.example (default)',
      'id         notification_7_1',
      '',
    ].join('\r\n'),
  );
});

test('an operation is what it was, of what, and why it failed', () => {
  expect(written(ended('failed')).subject).toBe(
    '[host.example] operation.failed: domain.create of shop.example failed, not_live',
  );
  expect(written(ended('succeeded')).text).toBe(
    [
      'domain.create of shop.example succeeded',
      '',
      'event      operation.succeeded',
      'time       2026-01-02 03:04:05 UTC',
      'server     host.example',
      'resource   domain shop.example (d5b9wq3hk2fd)',
      'tenant     default',
      'operation  oq2m4r8c0xv6tnzd1k7w',
      'id         operation_oq2m4r8c0xv6tnzd1k7w',
      '',
    ].join('\n'),
  );
});

const FIELDS = [
  ...['Auto-Submitted', 'Content-Transfer-Encoding', 'Content-Type', 'Date', 'From', 'MIME-Version'],
  ...['Message-ID', 'Subject', 'To'],
];
const HOSTILE = [
  'x\r\nBcc: b@there.example\r\n\r\nbody',
  'x\nBcc: b@there.example',
  'x\rBcc: b@there.example',
  'x\u2028Bcc: b@there.example',
  'x\u0085Bcc: b@there.example',
  'x\0\x1b[31m',
  'x\u202egnp.exe',
  '=?utf-8?Q?x=0D=0ABcc:_b@there.example?=',
  '\ud800',
  '"><a@b.example>',
  'é'.repeat(400),
  'x '.repeat(200),
];

test.each(HOSTILE)(
  '%j in a name or a sentence begins no field, no line and no other letter',
  async (text) => {
    const [id, name] = [text.slice(0, 60), text.slice(0, 253)];
    const hostile = [
      alarm(1, { message: text, resource: { type: 'server', id, name } }),
      ended('failed', { error: id, resource: { type: 'domain', id, name } }),
    ];
    for (const some of [...hostile.map((one) => [one]), hostile]) {
      const content = await letter(...some);
      const header = content.slice(0, content.indexOf('\r\n\r\n'));
      const names = header.split(/\r\n(?![ \t])/).map((line) => line.slice(0, line.indexOf(':')));
      expect(names.sort()).toEqual(FIELDS);
      expect(content).not.toMatch(/^Bcc/m);
      expect(content).not.toMatch(/[^\r]\n|\r[^\n]|[^\x20-\x7e\r\n]/);
      expect(Math.max(...content.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
      const { subject, text: shown } = written(...some);
      expect(subject + shown.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    }
  },
);

test('lines end before a reader’s window does, and no word is lost', () => {
  const message = Array.from({ length: 60 }, (_, at) => `word${at}`).join(' ');
  const { text } = written(alarm(1, { message }));
  const lines = text.slice(0, text.indexOf('\n\n')).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(76);
  expect(lines.join(' ')).toBe(message);
});

test('several are a line or two each, with how many there are of which', () => {
  const { subject, text } = written(alarm(1), alarm(2), ended('failed'));
  expect(subject).toBe('[host.example] 3 notifications: 2 notification.alarm, 1 operation.failed');
  expect(text).toBe(
    [
      'So much happened within an hour on host.example that it comes together:',
      ...['', '2026-01-02 03:04:05 UTC notification.alarm', 'cron is failed (dead). (server host.example)'],
      ...['', '2026-01-02 03:04:05 UTC notification.alarm', 'cron is failed (dead). (server host.example)'],
      ...[
        '',
        '2026-01-02 03:04:05 UTC operation.failed',
        'domain.create of shop.example failed, not_live',
        '',
      ],
    ].join('\n'),
  );
});

test('a letter’s id follows from what it tells whom', () => {
  expect(letterIdOf(['a', 'b'])).toMatch(/^m[a-z0-9]{23}$/);
  expect(letterIdOf(['a', 'b'])).toBe(letterIdOf(['a', 'b']));
  expect(letterIdOf(['a', 'b'])).not.toBe(letterIdOf(['a b']));
});

test('a name, an id or a reason that is longer than any is nothing that is told', () => {
  const resource = { type: 'domain', id: 'd5b9wq3hk2fd', name: 'shop.example' };
  for (const change of [{ name: 'x'.repeat(254) }, { id: 'x'.repeat(61) }])
    expect(() => ended('failed', { resource: { ...resource, ...change } })).toThrow('Too big');
  expect(() => ended('failed', { error: 'x'.repeat(61) })).toThrow('Too big');
});
