import { MailRefusedError } from '../../../mailer/refusal.ts';
import { writeLetter, type Handed } from '../../../mailer/letter.ts';
import type { MailSite } from '../../../contract/mail.ts';

const SITE = 'a1b2c3d4e5f6' as MailSite;
const posting = {
  id: 'mabc',
  site: SITE,
  senderDomain: 'sent.example',
  now: new Date('2026-01-02T03:04:05Z'),
};

function letter(raw: string, change: Partial<Handed> = {}) {
  const handed = { raw: Buffer.from(raw, 'latin1'), byHeader: true, to: [], from: null, ...change };
  const { from, to, content } = writeLetter(handed, posting);
  return { from, to, content: content.toString('latin1') };
}

test('a message gets what it lacks, and an envelope that names the site', () => {
  expect(letter('To: a@there.example\nSubject: x\n\nbody\n', { from: 'me@shop.example' })).toEqual({
    from: `s-${SITE}@sent.example`,
    to: ['a@there.example'],
    content: [
      `X-Sculptor-Site: ${SITE}`,
      'Date: Fri, 02 Jan 2026 03:04:05 +0000',
      'Message-ID: <mabc@sent.example>',
      'From: me@shop.example',
      'To: a@there.example',
      'Subject: x',
      '',
      'body',
      '',
    ].join('\r\n'),
  });
});

test('To, Cc, Bcc and the command line name recipients, each once, and Bcc is not seen', () => {
  const { to, content } = letter(
    'To: "A, B" <a@there.example>,\n c@there.example\nCc: Team: d@there.example, A@THERE.example;\nBcc: e@there.example\n\n',
    { to: ['a@there.example', 'f@xn--bcher-kva.example'] },
  );
  expect(to).toEqual([
    'a@there.example',
    'f@xn--bcher-kva.example',
    'c@there.example',
    'd@there.example',
    'A@there.example',
    'e@there.example',
  ]);
  expect(content).not.toMatch(/bcc|e@there/i);
});

test('without -t the header names nobody', () => {
  expect(letter('To: a@there.example\n\n', { byHeader: false, to: ['b@there.example'] }).to).toEqual([
    'b@there.example',
  ]);
});

test('a domain in other letters is written as DNS has it', () => {
  expect(letter(Buffer.from('To: a@bücher.example\n\n').toString('latin1')).to).toEqual([
    'a@xn--bcher-kva.example',
  ]);
});

test('however lines end, they end in one way, so that no server finds another end in them', () => {
  expect(letter('To: a@there.example\r\n\r\na\rb\n.\r\nc').content).toMatch(/\r\n\r\na\r\nb\r\n\.\r\nc$/);
});

test('what only this side says is not taken from a program', () => {
  const raw =
    'Return-Path: <x@bank.example>\nX-Sculptor-Site: other\nResent-Bcc: y@there.example\nTo: a@there.example\n\n';
  expect(letter(raw).content).not.toMatch(/bank|other|Resent/);
});

test.each([
  ['a second field that there is once', 'To: a@there.example\nSubject: x\nSubject: y\n\n'],
  ['a second Bcc', 'Bcc: a@there.example\nbcc: b@there.example\n\n'],
  ['a line that is no field', 'To: a@there.example\nhello\n\n'],
  ['a line that goes on with nothing', 'To: a@there.example\n \nSubject: x\n\n'],
  ['the rest of no field', ' To: a@there.example\n\n'],
  ['a blank before the colon', 'To : a@there.example\n\n'],
  ['a control character', 'To: a@there.example\nSubject: x\x0by\n\n'],
  ['a NUL', 'To: a@there.example\n\n\0'],
  ['nobody', 'Subject: x\n\n'],
  ['an address without a domain', 'To: root\n\n'],
  ['a quoted address', 'To: "a b"@there.example\n\n'],
  ['a blank in an address', 'To: <a b@there.example>\n\n'],
  ['two addresses without a comma', 'To: a@there.example b@there.example\n\n'],
  ['a bracket that is not closed', 'To: A <a@there.example\n\n'],
  ['an address literal', 'To: a@[127.0.0.1]\n\n'],
  ['a pipe', 'To: |/bin/sh\n\n'],
  ['a bracket', 'To: a@there.example>\n\n'],
  ['a long header', `To: a@there.example\nX: ${'x'.repeat(70_000)}\n\n`],
  ['51 recipients', `To: ${Array.from({ length: 51 }, (_, n) => `n${n}@there.example`).join(', ')}\n\n`],
])('%s is refused', (_, raw) => {
  expect(() => letter(raw)).toThrow(MailRefusedError);
});

test('a field of addresses that patterns would look through for seconds is refused for its length', () => {
  for (const long of ['@'.repeat(60_000), `"${'\\"'.repeat(30_000)}`])
    expect(() => letter(`To: ${long}\n\n`)).toThrow('A field of addresses is too long.');
});

test.each([
  'a@there.example\r\nRCPT TO:<b@there.example>',
  'a@there.example> SIZE=1',
  '-f@there.example x',
  'a\0@b.example',
])('the recipient %j of a command line is refused', (recipient) => {
  expect(() => letter('Subject: x\n\n', { to: [recipient] })).toThrow('is no address');
});
