import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { MailSettings, type Submission } from '../../../contract/mail.ts';
import { createSubmit, type Outcome } from '../../../mailer/submission.ts';

/* A mail host of few words, over real TLS: what it says to each command is written in the test. */

const folder = mkdtempSync(join(tmpdir(), 'submission-'));
const [key, cert] = ['key', 'cert'].map((name) => join(folder, name)) as [string, string];
const outgoing = {
  from: 'f@x.example',
  to: ['a@there.example'],
  content: Buffer.from('Subject: x\r\n\r\nx\r\n'),
};
const LATER = [expect.objectContaining({ recipient: 'a@there.example' })];

beforeAll(() => {
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const files = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', ...files, ...names], { stdio: 'ignore' });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Null: it cuts the connection off. */
type Says = Readonly<Record<string, string | null>>;
const GOOD: Says = { EHLO: '250 host', MAIL: '250 ok', RCPT: '250 ok', DATA: '354 go on', '.': '250 taken' };

function converse(socket: TLSSocket, says: Says): void {
  let text = '';
  socket.on('error', () => undefined);
  socket.write('220 host\r\n');
  socket.on('data', (part: Buffer) => {
    text += part.toString();
    const lines = text.split('\r\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const word = line.split(' ')[0] ?? '';
      if (!(word in says)) continue;
      const answer = says[word];
      if (typeof answer === 'string') socket.write(`${answer}\r\n`);
      else socket.destroy();
    }
  });
}

async function submitTo(says: Says): Promise<Outcome> {
  const server: Server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) =>
    converse(socket, { ...GOOD, ...says }),
  );
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  const { submission } = MailSettings.parse({
    submission: { host: 'localhost', port, security: 'tls', login: null },
  });
  try {
    return await createSubmit('own.example', cert)(submission as Submission, outgoing);
  } finally {
    server.close();
  }
}

test('what the host takes is handed on', async () => {
  expect(await submitTo({})).toEqual({ kind: 'answered', refused: [], later: [] });
});

test.each([
  ['cuts off at the sender', { MAIL: null }],
  ['cuts off at a recipient', { RCPT: null }],
  ['cuts off before the text', { DATA: null }],
  ['cuts off after the text', { '.': null }],
  ['says amid the text that it goes', { 'Subject:': '421 too busy' }],
  ['says after the text that it goes', { '.': '421 too busy' }],
  ['talks nonsense', { '.': 'hello' }],
])('a host that %s has put off that message, and is not away', async (_what, says) => {
  expect(await submitTo(says)).toEqual({ kind: 'answered', refused: [], later: LATER });
});

test.each([
  ['the sender', { MAIL: '550 no' }],
  ['every recipient', { RCPT: '550 no' }],
  ['the text', { '.': '554 no' }],
  ['the text amid it', { 'Subject:': '554 no' }],
])('%s that is refused for good is not tried again', async (_what, says) => {
  expect(await submitTo(says)).toMatchObject({ kind: 'answered', refused: LATER, later: [] });
});

test('a host that cuts off before it has heard of a message is away', async () => {
  expect(await submitTo({ EHLO: null, HELO: null })).toMatchObject({ kind: 'away' });
});
