import { readdirSync, readFileSync } from 'node:fs';
import { Waiting } from '../../mailer/spool.ts';
import { ready } from '../machine/agent.ts';
import { emptySpool, SPOOL } from '../machine/mail-spool.ts';
import { must, run } from '../machine/server.ts';
import { refused } from './attempt.ts';
import {
  API,
  as,
  createSite,
  NGINX,
  php,
  SCULPTOR,
  script,
  shellOf,
  WWW,
  type Site,
  type Thief,
} from './thieves.ts';

/* Rows 3, 24, 34, 41 and 45 for the mailer: who reaches it, as whom, and what a message may bring with it. */

const folderOf = ({ id }: Site) => `/var/lib/sculptor-mail/sites/${id}`;

let site: Site;
let victim: Site;
let flooder: Site;
let shell: Thief;

beforeAll(async () => {
  await ready();
  // A host that is never there: what is taken waits, and can be looked at.
  must('sculptorctl', ['mail', 'set', 'nowhere.example', '--port', '9', '--sender-domain', 'sent.example']);
  [site, victim, flooder] = [await createSite(), await createSite(), await createSite()];
  shell = shellOf(site);
});
afterAll(() => {
  must('sculptorctl', ['mail', 'off']);
  emptySpool();
});

type Sent = { readonly bytes: string; readonly ends?: boolean };

/**
 * Bytes into a site's way to the mailer, by somebody; gives the status, or the error. Who ends at once hears nothing
 * more.
 */
function send(thief: Thief, to: Site, { bytes, ends = false }: Sent): unknown {
  return script(
    thief,
    `return new Promise((resolve, reject) => {
      const socket = require('net').connect('${folderOf(to)}/socket');
      let answer = '';
      socket.on('data', (part) => (answer += part));
      socket.on('close', () => resolve(answer.match(/HTTP\\/1.1 \\d+/g)?.join() ?? 'nothing'));
      socket.on('error', (error) => (answer === '' ? reject(error) : undefined));
      socket.${ends ? 'end' : 'write'}(Buffer.from('${Buffer.from(bytes).toString('base64')}', 'base64'));
    });`,
  );
}

type Message = { readonly query?: string; readonly headers?: string; readonly text: string };

const post = ({ query = 'to=a%40there.example', headers = '', text }: Message) =>
  `POST /?${query} HTTP/1.1\r\nHost: mailer\r\n${headers}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;

const TAKEN = 'HTTP/1.1 202';
const REFUSED = 'HTTP/1.1 400';

/** What waits, with its header. */
function waiting() {
  return readdirSync(SPOOL)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const { id, from, to, site: of } = Waiting.parse(JSON.parse(readFileSync(`${SPOOL}/${name}`, 'utf8')));
      const [header = ''] = readFileSync(`${SPOOL}/${id}.eml`, 'latin1').split('\r\n\r\n');
      return { id, from, to, of, header };
    });
}

test('rows 24 and 41: nobody but the site reaches its way to the mailer', async () => {
  await refused(
    [24, 41],
    [shell, WWW, NGINX, API, SCULPTOR].map((thief) => ({
      what: `${thief.name} writes to the neighbour's`,
      act: () => send(thief, victim, { bytes: post({ text: 'Subject: x\n\nx' }) }),
      refusal: { error: 'EACCES' },
    })),
  );
  await refused(
    [24, 41],
    [
      {
        what: 'PHP of the neighbour',
        act: () =>
          php(site, `echo var_export(@stream_socket_client('unix://${folderOf(victim)}/socket'), true);`),
        refusal: 'false',
      },
    ],
    [site.home],
  );
  expect(waiting()).toEqual([]);
});

test('row 24: nor does the site put something in its place, or see who else has one', async () => {
  const [folder, socket] = [folderOf(site), `${folderOf(site)}/socket`];
  const tried: readonly (readonly [string, ...string[]])[] = [
    ['rm', '-f', socket],
    ['ln', '-sfn', '/run/sculptor/api.sock', socket],
    ['mv', socket, `${site.home}/private/socket`],
    ['chmod', '666', socket],
    ['touch', `${folder}/x`],
    ['mv', folder, `${folder}x`],
    ['ln', '-s', folderOf(victim), '/var/lib/sculptor-mail/sites/x'],
    ['ls', '/var/lib/sculptor-mail/sites'],
    ['ls', SPOOL],
    ['cat', '/etc/sculptor/mail/settings.json'],
  ];
  await refused(
    24,
    tried.map((words) => ({
      what: words.join(' '),
      act: () => as(shell, ...words).code === 0,
      refusal: false,
    })),
  );
  expect(must('stat', ['--format=%U:%G %a', socket]).trim()).toBe(`sculptor-mail:${site.user} 660`);
});

test('row 24: the way of the server’s own letters is not a site’s, nor the API’s in its unit', async () => {
  const folder = '/var/lib/sculptor-mail/sites/agent';
  const socket = `${folder}/socket`;
  const tried: readonly (readonly [string, ...string[]])[] = [
    ['curl', '--silent', '--fail', '--unix-socket', socket, 'http://mailer/'],
    ['ls', folder],
    ['rm', '-f', socket],
  ];
  const pid = must('systemctl', ['show', '--property=MainPID', '--value', 'sculptor-api']).trim();
  const inUnit = ['--target', pid, '--mount', '--', 'setpriv', '--reuid=www-data', '--regid=www-data'];
  await refused(24, [
    ...[shell, WWW, NGINX, SCULPTOR].flatMap((thief) =>
      tried.map((words) => ({
        what: `${thief.name}: ${words.join(' ')}`,
        act: () => as(thief, ...words).code === 0,
        refusal: false,
      })),
    ),
    ...tried.map((words) => ({
      what: `the API in its unit: ${words.join(' ')}`,
      act: () => run('nsenter', [...inUnit, '--clear-groups', ...words]).code === 0,
      refusal: false,
    })),
  ]);
  // Who may is answered: what was tried above is how it is done.
  expect(as(API, ...tried[0]!).out).toContain('"wanted"');
});

test('row 24: a message is from whose way it came by, whatever it says', async () => {
  const names = `${victim.id} s-${victim.id}@sent.example`;
  const own = { from: `s-${site.id}@sent.example`, of: site.id, forged: false };
  const text = `From: s-${victim.id}@sent.example\nX-Sculptor-Site: ${victim.id}\nReturn-Path: <${victim.id}@x.example>\n\nx`;
  const says: readonly Message[] = [
    { query: `to=a%40there.example&from=s-${victim.id}%40sent.example`, text },
    { query: `to=a%40there.example&site=${victim.id}&of=${victim.id}`, text },
    { headers: `X-Sculptor-Site: ${victim.id}\r\nSculptor-Site: ${victim.id}\r\nFrom: ${names}\r\n`, text },
    { text: `x-sculptor-site : ${victim.id}\n${text}` },
    { text: `X-Sculptor-Site:\n ${victim.id}\n${text}` },
  ];
  const act = (message: Message) => () => {
    const before = new Set(waiting().map(({ id }) => id));
    const said = send(shell, site, { bytes: post(message) });
    const [found, ...more] = waiting().filter(({ id }) => !before.has(id));
    // What is not read in one way only is not taken at all.
    if (said === REFUSED && found === undefined) return own;
    const forged = new RegExp(`(?:Site:|Return-Path:).*\\n? *.*${victim.id}`, 'i').test(found?.header ?? '');
    return { from: found?.from, of: found?.of, forged: forged || more.length > 0 };
  };
  await refused(24, [
    ...says.map((message, index) => ({ what: `says ${index}`, act: act(message), refusal: own })),
    {
      what: 'an address of HTTP that names the neighbour',
      act: () =>
        send(shell, site, {
          bytes: `POST http://${victim.id}/${victim.id}?to=a%40there.example HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n\nx`,
        }),
      refusal: TAKEN,
    },
  ]);
  expect(waiting().filter(({ of, from }) => of !== site.id || from !== own.from)).toEqual([]);
});

const long = Array.from({ length: 51 }, (_, n) => `to=n${n}%40there.example`).join('&');
const SMUGGLED: readonly (readonly [string, Message])[] = [
  ['a second subject', { text: 'Subject: a\nSubject: b\n\nx' }],
  [
    'a second list of hidden ones',
    { query: 'header=1', text: 'Bcc: a@there.example\nBcc: smuggled@x.example\n\nx' },
  ],
  ['a NUL in the header', { text: 'Subject: a\0b\n\nx' }],
  ['a NUL in the body', { text: 'Subject: a\n\nx\0x' }],
  ['an escape in the header', { text: 'Subject: \u001b[2J\n\nx' }],
  ['a line that is no field', { text: 'Subject: a\nRCPT TO <smuggled@x.example>\n\nx' }],
  ['a line of blanks that hides the next', { text: 'Subject: a\n \nBcc: smuggled@x.example\n\nx' }],
  [
    'a recipient with an end of line',
    { query: 'to=a%40there.example%0d%0aRCPT%20TO:%3csmuggled%40x.example%3e', text: 'Subject: x\n\nx' },
  ],
  ['a recipient with a NUL', { query: 'to=a%40there.example%00smuggled', text: 'Subject: x\n\nx' }],
  [
    'a recipient in brackets',
    { query: 'to=%3Ca%40there.example%3E%20NOTIFY%3DNEVER', text: 'Subject: x\n\nx' },
  ],
  [
    'two recipients in one',
    { query: 'to=a%40there.example%2Csmuggled%40x.example', text: 'Subject: x\n\nx' },
  ],
  [
    'a sender with an end of line',
    {
      query: 'to=a%40there.example&from=a%40x.example%0d%0aBcc:smuggled%40x.example',
      text: 'Subject: x\n\nx',
    },
  ],
  ['a recipient in quotes', { query: 'to=%22a%0d%0aDATA%22%40there.example', text: 'Subject: x\n\nx' }],
  [
    'a list that can be read in two ways',
    { query: 'header=1', text: 'To: <a@there.example smuggled@x.example>\n\nx' },
  ],
  ['a crowd', { query: long, text: 'Subject: x\n\nx' }],
  ['nobody', { query: '', text: 'Subject: x\n\nx' }],
  ['a header without an end', { text: `X: ${'x'.repeat(70_000)}\n\nx` }],
];

test('row 3: nothing rides along in a header, an address or an envelope', async () => {
  const before = waiting();
  await refused(
    3,
    SMUGGLED.map(([what, message]) => ({
      what,
      act: () => send(shell, site, { bytes: post(message) }),
      refusal: REFUSED,
    })),
  );
  expect(waiting()).toEqual(before);
});

test('row 34: what is no message is none, and after one nothing more is read', async () => {
  const before = waiting().length;
  const one = post({ text: 'Subject: x\n\nx' });
  const requests: readonly (readonly [string, string, unknown])[] = [
    ['no length', 'POST /?to=a%40there.example HTTP/1.1\r\nHost: x\r\n\r\nx', REFUSED],
    [
      'pieces',
      'POST /?to=a%40there.example HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
      REFUSED,
    ],
    [
      'both lengths',
      'POST /?to=a%40there.example HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx',
      REFUSED,
    ],
    [
      'another method',
      'GET /?to=a%40there.example HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
      REFUSED,
    ],
    [
      'too much',
      'POST /?to=a%40there.example HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\nx',
      'HTTP/1.1 413',
    ],
    [
      'less than it says',
      'POST /?to=a%40there.example HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx',
      expect.not.stringContaining('202'),
    ],
    ['SMTP', 'EHLO x\r\nMAIL FROM:<a@x.example>\r\n', expect.not.stringContaining('202')],
    [
      'a second message behind the first',
      one + one,
      expect.stringMatching(/^HTTP.1.1 202(?:,HTTP.1.1 503)?$/),
    ],
  ];
  await refused(
    34,
    requests.map(([what, bytes, refusal]) => ({
      what,
      act: () => send(shell, site, { bytes, ends: ['less than it says', 'SMTP'].includes(what) }),
      refusal,
    })),
  );
  expect(waiting()).toHaveLength(before + 1);
});

test('row 45: a flood ends at the hour’s limit, to the last recipient, and a neighbour’s mail is taken meanwhile', async () => {
  must('sculptorctl', ['mail', 'limit', flooder.name, '5']);
  const thief = shellOf(flooder);
  const of = (id: string) =>
    waiting()
      .filter((message) => message.of === id)
      .flatMap(({ to }) => to).length;
  const crowd = post({
    query: Array.from({ length: 6 }, (_, n) => `to=n${n}%40there.example`).join('&'),
    text: 'Subject: x\n\nx',
  });
  await refused(45, [
    {
      what: 'more at once than there is room for',
      act: () => send(thief, flooder, { bytes: crowd }),
      refusal: 'HTTP/1.1 429',
    },
  ]);
  const flood = script(
    thief,
    `const one = () => new Promise((resolve) => {
      const socket = require('net').connect('${folderOf(flooder)}/socket');
      let answer = '';
      socket.on('data', (part) => (answer += part));
      socket.on('error', () => undefined).on('close', () => resolve(answer.slice(9, 12)));
      socket.write(${JSON.stringify(post({ text: 'Subject: x\n\nx' }))});
    });
    return Promise.all(Array.from({ length: 60 }, one));`,
  ) as readonly string[];
  expect(flood.filter((status) => status === '202')).toHaveLength(5);
  expect(of(flooder.id)).toBe(5);
  // Connections that are held and say nothing.
  const held = script(
    thief,
    `const program = "Array.from({ length: 40 }, () => require('net').connect(process.argv[1]).on('error', () => 0))"
      + "[39].on('connect', () => process.send('held')); setTimeout(() => process.exit(), 20000)";
    const child = require('child_process').spawn(process.execPath, ['-e', program, '${folderOf(flooder)}/socket'],
      { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    await new Promise((resolve) => child.once('message', resolve));
    child.disconnect();
    child.unref();
    return 'held';`,
  );
  expect(held).toBe('held');
  await refused(45, [
    {
      what: 'the neighbour sends',
      act: () => send(shellOf(victim), victim, { bytes: post({ text: 'Subject: x\n\nx' }) }),
      refusal: TAKEN,
    },
    {
      what: 'one more of the flood',
      act: () => String(send(thief, flooder, { bytes: post({ text: 'Subject: x\n\nx' }) })).includes('202'),
      refusal: false,
    },
  ]);
  expect(of(flooder.id)).toBe(5);
});
