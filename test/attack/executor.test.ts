import { setTimeout as pause } from 'node:timers/promises';
import { MAX_REQUEST_BYTES } from '../../contract/executor.ts';
import { ready } from '../machine/agent.ts';
import {
  ask,
  converse,
  EXECUTOR,
  newId,
  openChannel,
  requestLine,
  site,
  type Way,
} from '../machine/executor-conversation.ts';
import { page, place, run } from '../machine/server.ts';
import { refused, type Attempt } from './attempt.ts';
import { as, createSite, fed, SCULPTOR, script, type Site } from './thieves.ts';

/* Row 28: the executor as whoever has become sculptor, by the socket and by the one sudo command. Hostile words in
   its fields are in words-executor.test.ts. */

let standing: Site;
beforeAll(async () => {
  await ready();
  standing = await createSite();
  place(standing.user, `${standing.home}/public/index.html`, 'as before');
});
afterEach(async () => expect(await page(standing.name, '/index.html')).toEqual([200, 'as before']));

const WAYS: readonly Way[] = ['socket', 'sudo'];
const codes = async (way: Way, bytes: string | Buffer) =>
  (await converse(way, bytes).catch(() => [])).map((answer) =>
    'error' in answer ? answer.error.code : 'served',
  );

test('row 28: an argument, another program, another user or the editor is not what sudo lets sculptor have', async () => {
  const words = [
    ...[[EXECUTOR, '--help'], [EXECUTOR, ''], [EXECUTOR, '-e', 'x'], [EXECUTOR, ';id'], [`${EXECUTOR} x`]],
    ...[
      ['-u', 'www-data', EXECUTOR],
      ['-g', 'shadow', EXECUTOR],
      ['-s'],
      ['-i'],
      ['-e', '/etc/passwd'],
      ['id'],
    ],
    ...[
      ['/usr/lib/sculptor/app/../build'],
      ['/usr/lib/sculptor/node/bin/node', '-e', '1'],
      ['-R', '/', EXECUTOR],
    ],
    ...[
      ['-D', '/tmp', EXECUTOR],
      ['-C', '9', EXECUTOR],
      ['-E', EXECUTOR],
      ['NODE_OPTIONS=-r/tmp/x', EXECUTOR],
    ],
    ...[
      ['PATH=/tmp', EXECUTOR],
      ['LD_PRELOAD=/tmp/x.so', EXECUTOR],
    ],
  ];
  await refused(
    28,
    words.map((args) => ({
      what: args.join(' '),
      act: () =>
        fed(SCULPTOR, requestLine('server.facts', {}), ['sudo', '-n', ...args]).out.includes('phpVersions'),
      refusal: false,
    })),
  );
});

const MEANT = [
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_EXTRA_CA_CERTS',
  'NODE_REPL_EXTERNAL_MODULE',
  'LD_PRELOAD',
  'LD_AUDIT',
];
const SHELLS = [
  'BASH_ENV',
  'ENV',
  'SHELLOPTS',
  'PS4',
  'IFS',
  'CDPATH',
  'PERL5OPT',
  'PYTHONPATH',
  'HOME',
  'TMPDIR',
  'TERM',
];

test('row 28: no environment, folder, limit, mask or descriptor of sculptor’s gets a say', async () => {
  const line = requestLine('server.facts', {});
  const set = [...MEANT, ...SHELLS].map((name) => `${name}=/tmp/x`);
  const served = (words: readonly [string, ...string[]]): Attempt => ({
    what: words.join(' ').slice(0, 120),
    act: () => {
      const { code, out } = fed(SCULPTOR, line, words);
      return [code, out.split('\n').filter(Boolean).length, out.includes('phpVersions')];
    },
    refusal: [0, 1, true],
  });
  await refused(28, [
    ...set.map((one) => served(['env', one, 'sudo', '-n', EXECUTOR])),
    ...['LISTEN_FDS=1', 'LISTEN_PID=1', 'LISTEN_FDNAMES=x;y', 'WATCHDOG_USEC=1', 'SUDO_UID='].map((one) =>
      served(['env', one, 'sudo', '-n', EXECUTOR]),
    ),
    served(['env', '-C', '/var/lib/sculptor', 'sudo', '-n', EXECUTOR]),
    served(['sh', '-c', `umask 0; exec sudo -n ${EXECUTOR}`]),
    served(['sh', '-c', `ulimit -n 64; ulimit -c unlimited; exec sudo -n ${EXECUTOR}`]),
    served(['sh', '-c', `exec 3</etc/passwd 4>&1 9</dev/null; exec sudo -n ${EXECUTOR} 3<&3 9<&9`]),
    served(['sh', '-c', `exec sudo -n ${EXECUTOR} 2>&-`]),
    served(['nice', '-n', '19', 'sudo', '-n', EXECUTOR]),
    served(['sh', '-c', `trap '' TERM HUP INT; exec sudo -n ${EXECUTOR}`]),
  ]);
});

/** What stands for standard input, and how often that is noted: nothing at all is no request. */
const INPUTS = [
  ...([
    ['</dev/null', 0],
    ['<&-', 1],
    ['</', 0],
    ['</dev/zero', 1],
    // What is random may begin with a line of text, which is one refusal more.
    ["printf '\\377' | cat - /dev/urandom |", 1],
  ] as const),
  ...([
    ['<>/dev/full', 1],
    ['</usr/lib/sculptor/node/bin/node', 1],
    ['</proc/self/mem', 1],
  ] as const),
] as const;

function fedWith(input: string): string {
  const executor = `sudo -n ${EXECUTOR}`;
  return input.endsWith('|') ? `${input} ${executor}` : `${executor} ${input}`;
}

test('row 28: no input, a folder, a device or a file for one is the end of it, and nothing was done', async () => {
  await refused(
    28,
    INPUTS.map(([input, noted]) => ({
      what: input,
      act: () => fed(SCULPTOR, '', ['timeout', '60', 'sh', '-c', fedWith(input)]).out.includes('"result"'),
      refusal: false,
      audit: Array.from({ length: noted }, () => ({ event: 'refused' })),
    })),
  );
});

const facts = { request: 'r1', operation: null, verb: 'server.facts', args: {} };
const json = (value: unknown) => `${JSON.stringify(value)}\n`;
const HALVES: readonly (readonly [string, string])[] = [
  ['no JSON', 'nonsense\n'],
  ['nothing', '\n'],
  ['a blank', ' \n'],
  ['a list', json([facts])],
  ['a text', json('server.facts')],
  ['two in one line', `${JSON.stringify(facts)}${json(facts)}`],
  ['a key twice', '{"request":"r1","operation":null,"verb":"site.purge","verb":"server.facts","args":{}}\n'],
  ['keys in another form', '{"request": "r1","operation":null,"verb":"server.facts","args":{}}\n'],
  ['an escaped key', '{"request":"r1","operation":null,"v\\u0065rb":"server.facts","args":{}}\n'],
  ['a carriage return', JSON.stringify(facts) + '\r\n'],
  ['a mark of the byte order', '\ufeff' + json(facts)],
  [
    'a prototype',
    '{"request":"r1","operation":null,"verb":"server.facts","args":{},"__proto__":{"verb":"x"}}\n',
  ],
  ['an extra key', json({ ...facts, user: 'root' })],
  ['a key less', json({ request: 'r1', verb: 'server.facts', args: {} })],
  ['extra args', json({ ...facts, args: { path: '/etc' } })],
  ['no args', json({ ...facts, args: null })],
  ['an unknown verb', json({ ...facts, verb: 'shell.run' })],
  ['a verb of objects', json({ ...facts, verb: 'constructor' })],
  ['a number for an id', json({ ...facts, verb: 'site.remove', args: { id: 1 } })],
  ['a list for an id', json({ ...facts, verb: 'site.remove', args: { id: ['abcdefghijkl'] } })],
  ['a path', json({ ...facts, verb: 'site.put', args: { ...site(), home: '/etc' } })],
  ['a user', json({ ...facts, verb: 'site.put', args: { ...site(), user: 'root' } })],
  ['a number past all', json({ ...facts, verb: 'site.put', args: { ...site(), generation: 1e300 } })],
  ['a broken number', json({ ...facts, verb: 'site.put', args: { ...site(), generation: 1.5 } })],
  ['deep', `${'{"args":'.repeat(5000)}1${'}'.repeat(5000)}\n`],
];

test.each(WAYS)('row 28: what is no request is refused and noted, by %s', async (way) => {
  await refused(
    28,
    HALVES.map(([what, line]) => ({
      what,
      act: () => codes(way, line),
      refusal: ['invalid_request'],
      audit: [{ event: 'refused' }],
    })),
  );
});

test.each(WAYS)(
  'row 28: too much, no text, or half a line ends the conversation by %s, and nothing else',
  async (way) => {
    const broken: readonly (readonly [string, Buffer])[] = [
      ['a line too long', Buffer.alloc(MAX_REQUEST_BYTES + 2, 'x')],
      ['fifty megabytes', Buffer.alloc(50_000_000, '[')],
      ['half a line', Buffer.from(JSON.stringify(facts))],
      ['no UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22, 0x0a])],
      ['an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22, 0x0a])],
      ['half a surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22, 0x0a])],
    ];
    await refused(
      28,
      broken.map(([what, bytes]) => ({
        what,
        act: async () => (await codes(way, bytes)).filter((code) => code !== 'invalid_request'),
        refusal: [],
        audit: [{ event: 'refused' }],
      })),
    );
  },
);

test.each(WAYS)('row 28: an id that is not in the registry is nothing to act on, by %s', async (way) => {
  const id = newId();
  const asked: readonly (readonly [string, unknown, string])[] = [
    ['site.remove', { id }, 'succeeded'],
    ['site.purge', { id }, 'not_found'],
    ['site.restore', { ...site(), id }, 'not_found'],
    ['database.remove', { id }, 'succeeded'],
    ['database.purge', { id }, 'not_found'],
    ['database.restore', { id }, 'not_found'],
    ['database.protect', { id }, 'not_found'],
    ['database.collate', { id, charset: 'utf8mb4', collation: 'utf8mb4_bin' }, 'not_found'],
    ['site.purge', { id: standing.id }, 'invalid_request'],
  ];
  await refused(
    28,
    asked.map(([verb, args, outcome]) => ({
      what: `${verb} of ${JSON.stringify(args).slice(0, 40)}`,
      act: async () => (await ask(way, verb as 'site.remove', args)).code,
      refusal: outcome,
      audit: [
        { event: 'begun', verb },
        { event: 'ended', outcome },
      ],
    })),
  );
});

test('row 28: a flood is refused and not kept, and who reads nothing keeps nobody from root’s ear', async () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, n) => json({ ...facts, request: `r${n}` })).join('');
  for (const way of WAYS) {
    const came = await codes(way, lines(1000));
    expect(came).toHaveLength(1000);
    expect(came.filter((code) => !['served', 'limit_reached'].includes(code))).toEqual([]);
  }
  const silent = WAYS.flatMap((way) => Array.from({ length: 3 }, () => openChannel(way)));
  for (const { input, output } of silent) {
    input.on('error', () => undefined);
    output.on('error', () => undefined);
    output.pause();
    input.write(lines(200));
  }
  // It has no room for more than some of them, and has room again as soon as they have left.
  for (const { kill } of silent) kill();
  for (const way of WAYS) expect(await roomAgain(way)).toBe('succeeded');
});

async function roomAgain(way: Way): Promise<string> {
  for (;;) {
    const { code } = await ask(way, 'server.facts', {});
    if (code !== 'limit_reached') return code;
    await pause(20);
  }
}

test('row 28: of many who ask for one id at once, by both ways, one at a time is heard', async () => {
  const one = site({ type: 'static' });
  const names = Array.from({ length: 6 }, () => `${newId()}.example`);
  const came = await Promise.all(
    names.map((name, at) => ask(WAYS[at % 2] ?? 'sudo', 'site.put', { ...one, name })),
  );
  // The first makes it; to the others a site's name is for life.
  expect(came.map(({ code }) => code).sort()).toEqual([
    ...Array<string>(5).fill('invalid_request'),
    'succeeded',
  ]);
  expect(
    run('find', ['/etc/sculptor/hosts', '-lname', `*${one.id}*`])
      .out.split('\n')
      .filter(Boolean),
  ).toHaveLength(1);
  const removals = await Promise.all(
    WAYS.flatMap((way) => [1, 2, 3].map(() => ask(way, 'site.remove', { id: one.id }))),
  );
  expect(removals.map(({ code }) => code)).toEqual(Array<string>(6).fill('succeeded'));
});

test('row 28: sculptor gets no descriptor, memory or signal of the executor', async () => {
  const pid = run('systemctl', ['show', '--property=MainPID', '--value', 'sculptor-executor']).out.trim();
  const files = ['fd', 'mem', 'environ', 'maps', 'cwd', 'root', 'exe', 'map_files'];
  await refused(28, [
    ...files.map((name) => ({
      what: `/proc/${pid}/${name}`,
      act: () =>
        script(
          SCULPTOR,
          `const fs = require('fs'); const path = '/proc/${pid}/${name}';
          for (const read of [fs.readlinkSync, fs.readdirSync, fs.readFileSync])
            try { if (read(path).length > 0) return 'read'; } catch {}
          return 'closed'`,
        ),
      refusal: 'closed',
    })),
    ...['KILL', 'STOP', 'USR1', 'TERM'].map((signal) => ({
      what: signal,
      act: () => as(SCULPTOR, 'kill', `-${signal}`, pid).code,
      refusal: 1,
    })),
  ]);
});
