import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { talkOver } from '../../../worker-privileged/executor/admin/talk.ts';

function setUp(interactive: boolean) {
  const [input, output, errors, client] = [
    new PassThrough(),
    new PassThrough(),
    new PassThrough(),
    new PassThrough(),
  ];
  const said = { out: '', err: '', toClient: '' };
  output.on('data', (text: Buffer) => (said.out += text.toString()));
  errors.on('data', (text: Buffer) => (said.err += text.toString()));
  client.on('data', (text: Buffer) => (said.toClient += text.toString()));
  return { input, client, said, talk: talkOver({ input, output, errors, interactive }, 'shop> ') };
}

const EVIL = 'a\u001b]0;x\u0007\u009b2J\u202e\rb\tc\n';
const HARMLESS = 'a\\u001b]0;x\\u0007\\u009b2J\\u202e\\u000db\tc\n';

test('what a tenant wrote drives no terminal, neither in an answer nor in an error', async () => {
  const { said, talk } = setUp(false);
  for (const show of [talk.show, talk.complain]) {
    const from = new PassThrough();
    const shown = show(from);
    // A character may come in two pieces.
    for (const byte of Buffer.from(EVIL)) from.write(Buffer.of(byte));
    from.end();
    await shown;
  }
  expect([said.out, said.err]).toEqual([HARMLESS, HARMLESS]);
});

test('what is piped in reaches the client as it is, to its end', async () => {
  const { input, client, said, talk } = setUp(false);
  const fed = talk.feed(client);
  input.end('SELECT 1;\nexit\nSELECT 2;\n');
  await fed;
  if (!client.readableEnded) await once(client, 'end');
  expect(said.toClient).toBe('SELECT 1;\nexit\nSELECT 2;\n');
});

test.each(['exit', 'quit;', '\\q', ' EXIT ; '])(
  'a person leaves with %j, and what was typed before was sent',
  async (word) => {
    const { input, client, said, talk } = setUp(true);
    const fed = talk.feed(client);
    input.write(`SELECT 1;\n${word}\n`);
    await fed;
    if (!client.readableEnded) await once(client, 'end');
    expect(said.toClient).toBe('SELECT 1;\n');
    expect(said.out).toContain('shop> ');
  },
);

test('a person is let go when the client has ended', async () => {
  const { client, talk } = setUp(true);
  const fed = talk.feed(client);
  client.destroy();
  await fed;
});
