import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Run } from '../../contract/site-parts.ts';
import { accepted as taken, api, ready, succeeded } from '../machine/agent.ts';
import { must, place, run } from '../machine/server.ts';
import { accepted, refused } from './attempt.ts';
import { as, createSite, NGINX, php, shellOf, WWW, type Site, type Thief } from './thieves.ts';

/* Rows 6, 7, 10, 11 and 44 for queues, crons, commands and what starts them: what one site can do to a neighbour's. */

const SECRET = 'of-the-neighbour';

type Programs = Site & { readonly queue: string; readonly cron: string };
let thief: Programs;
let victim: Programs;
let shell: Thief;

/** A site with a queue and a cron that run and have said something. */
async function withPrograms(word: string): Promise<Programs> {
  const site = await createSite();
  const make = async (type: 'queue' | 'cron', more: object) => {
    const command = ['sh', '-c', `echo ${word}; exec sleep 100000`];
    const answer = await taken('POST', `/v1/domains/${site.name}/${type}s`, {
      body: { name: 'one', command, environment: { WORD: word }, ...more },
    });
    await succeeded(answer);
    return (answer.json[type] as { id: string }).id;
  };
  const queue = await make('queue', {});
  const cron = await make('cron', { schedule: '@yearly' });
  await succeeded(await taken('POST', `/v1/domains/${site.name}/crons/one/run`));
  const said = (part: string) => run('cat', [outputOf(part)]).out.includes(word);
  while (!said(queue) || !said(cron)) await pause(100);
  return { ...site, queue, cron };
}

const outputOf = (part: string) => `/var/log/sculptor/programs/${part}/0/now`;

beforeAll(async () => {
  await ready();
  thief = await withPrograms('of-the-thief');
  victim = await withPrograms(SECRET);
  shell = shellOf(thief);
  place(victim.user, `${victim.home}/private/key`, SECRET);
});

/** As the site's own programs run: a command of the site, by the API. */
async function command(words: readonly string[], more: object = {}) {
  const answer = await taken('POST', `/v1/domains/${thief.name}/runs`, { body: { command: words, ...more } });
  await succeeded(answer);
  const { id } = Run.parse(answer.json['run']);
  const { result } = Run.parse((await api('GET', `/v1/domains/${thief.name}/runs/${id}`)).json);
  return { code: result?.exitCode, said: result?.output ?? '' };
}

const processesOf = ({ user }: Site) => must('pgrep', ['-u', user, '-f', 'sleep 100000']).trim().split('\n');

const thieves = () => [shell, WWW, NGINX];

/** Each place where root keeps something of a site's programs. */
const places = ({ queue, cron }: Programs): readonly string[] => [
  ...[queue, cron].flatMap((part) => [`/etc/sculptor/programs/${part}`, outputOf(part)]),
  `/etc/sculptor/supervised/sculptor-part-${queue}.conf`,
  `/etc/cron.d/sculptor-${cron}`,
  ...['bounds', 'pid.0', 'lock.0'].map((name) => `/var/lib/sculptor-root/once/${cron}/${name}`),
];

test('rows 6 and 7: nobody reads what root has written of a site’s programs, the site of its own neither', async () => {
  await refused(
    [6, 7],
    thieves().flatMap((who) =>
      [victim, thief].flatMap((whose) =>
        places(whose).map((path) => ({
          what: `${who.name} reads ${path}`,
          act: () => as(who, 'cat', path),
          refusal: {
            code: 1,
            out: '',
            err: expect.stringMatching(/Permission denied|No such file/) as string,
          },
        })),
      ),
    ),
  );
});

test('rows 6, 7 and 11: nor does anybody change it, put a link or a pipe there, or take it away', async () => {
  const attempts = (path: string): readonly (readonly [string, ...string[]])[] => [
    ['sh', '-c', `echo '* * * * * root id' >>'${path}'`],
    ['ln', '-sfn', '/etc/shadow', path],
    ['ln', '-f', `${thief.home}/private/x`, path],
    ['mkfifo', `${path}.x`],
    ['rm', '-f', path],
    ['mv', '-f', path, `${thief.home}/private/taken`],
    ['chmod', '666', path],
    ['touch', `${path}x`],
  ];
  place(thief.user, `${thief.home}/private/x`, 'x');
  await refused(
    [6, 7, 11],
    [victim, thief].flatMap((whose) =>
      places(whose).flatMap((path) =>
        attempts(path).map((words) => ({
          what: words.join(' '),
          act: () => as(shell, ...words).code === 0,
          // `rm -f` of what cannot be seen to be there is content, and nothing is gone: the digest and these say so.
          refusal: words[0] === 'rm' ? (expect.any(Boolean) as boolean) : false,
        })),
      ),
    ),
  );
  for (const path of [...places(victim), ...places(thief)])
    expect([path, existsSync(path)]).toEqual([path, true]);
  expect(must('find', ['/var/log/sculptor/programs', '-type', 'l'])).toBe('');
});

test('rows 6 and 7: a site’s own program makes no job of cron’s, and speaks to no Supervisor', async () => {
  const asked: readonly (readonly string[])[] = [
    ['sh', '-c', 'echo "* * * * * id" | crontab -'],
    ['sh', '-c', 'echo id | at now'],
    ['supervisorctl', '-s', 'unix:///run/sculptor-supervisor/supervisor.sock', 'status'],
    ['supervisorctl', '-s', 'unix:///run/supervisor.sock', 'status'],
    ['systemd-run', '--user', 'id'],
    ['systemctl', 'stop', `sculptor-part-${victim.queue}-0.scope`],
    ['systemctl', 'start', `sculptor-run@${victim.cron}.service`],
    ['sudo', '-n', 'id'],
  ];
  await refused(
    [6, 7],
    asked.map((words) => ({
      what: words.join(' '),
      act: async () => (await command(words)).code === 0,
      refusal: false,
      besides: ['run.start'],
    })),
    [thief.home, ...traces()],
  );
  expect(existsSync(`/var/spool/cron/crontabs/${thief.user}`)).toBe(false);
  expect(processesOf(victim)).toHaveLength(2);
});

/** What each command of the thief's leaves of itself. */
const traces = () => [
  `/var/lib/sculptor-root/parts/${thief.id}`,
  '/var/lib/sculptor-root/once',
  '/var/lib/sculptor-root/let-in.json',
  '/var/lib/sculptor-root',
  '/etc/sculptor/programs',
  '/run/systemd/transient',
];

test('rows 6 and 7: whatever the words of a site’s cron are, cron reads when it is, and which', async () => {
  const words = ['%', 'a%b', '$(id)', '`id`', '#', 'MAILTO=root', '\\', '"', "'"];
  const answer = await taken('POST', `/v1/domains/${thief.name}/crons`, {
    body: {
      ...{ name: 'words', schedule: '7 3 * * *', command: ['echo', ...words] },
      environment: { WORD: '* * * * * root id', MAILTO: 'root' },
    },
  });
  await succeeded(answer);
  const { id } = answer.json['cron'] as { id: string };
  expect(run('cat', [`/etc/cron.d/sculptor-${id}`]).out).toBe(
    [
      '# Written by Sculptor Agent, and written anew. Nobody is sent what it says.',
      ...['SHELL=/bin/sh', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'MAILTO=""'],
      `7 3 * * * root /usr/lib/sculptor/launch-once ${id}\n`,
    ].join('\n'),
  );
  accepted([6, 7]);
});

test('rows 6 and 7: PHP of a site makes no job of cron’s either', async () => {
  await refused(
    [6, 7],
    [
      {
        what: 'crontab from PHP',
        act: () =>
          php(thief, `exec('echo "* * * * * id" | crontab - 2>&1', $o, $c); echo $c === 0 ? 'made' : 'not';`),
        refusal: 'not',
      },
      {
        what: 'a table of cron’s from PHP',
        act: () =>
          php(thief, `echo @file_put_contents('/etc/cron.d/sculptor-x', 'x') === false ? 'not' : 'made';`),
        refusal: 'not',
      },
    ],
    [thief.home],
  );
});

test('row 7: who is no root starts nothing by the launchers, whatever words it gives them', async () => {
  await refused(
    7,
    ['launch', 'launch-once'].flatMap((name) =>
      [
        ...[victim.queue, victim.cron, thief.queue, thief.cron].flatMap((part) => [
          [part],
          [part, 'stop'],
          [part, '0'],
        ]),
        ...['../../etc', 'a;id;aaaaaaa', '', '-c', `${victim.cron}\n`, '$(id)'].map((word) => [word]),
      ].map((words) => ({
        what: `${name} ${words.join(' ')}`,
        act: () => {
          const { code, out } = as(shell, `/usr/lib/sculptor/${name}`, ...words);
          return { started: code === 0, out };
        },
        refusal: { started: false, out: '' },
      })),
    ),
  );
  expect(processesOf(victim)).toHaveLength(2);
});

test('row 7: nor does root, where what it is given is no id', async () => {
  await refused(
    7,
    ['launch', 'launch-once'].flatMap((name) =>
      [
        '../../etc/passwd',
        'x',
        'a;id;aaaaaaa',
        '',
        `${victim.cron}\n`,
        `${victim.cron} `,
        '-aaaaaaaaaaa',
      ].map((word) => ({
        what: `${name} ${JSON.stringify(word)}`,
        act: () => run(`/usr/lib/sculptor/${name}`, [word]).code,
        refusal: 64,
      })),
    ),
  );
});

test('row 44: no signal reaches a neighbour’s programs, or those that watch over one’s own', async () => {
  const watchers = () =>
    [thief, victim].flatMap(({ cron }) =>
      must('pgrep', ['-f', `launch-once ${cron}`])
        .trim()
        .split('\n'),
    );
  const targets = [...processesOf(victim), ...watchers()];
  await refused(
    44,
    ['TERM', 'KILL', 'STOP', 'HUP', 'USR1'].flatMap((signal) =>
      targets.map((pid) => ({
        what: `SIG${signal}`,
        act: () => as(shell, 'kill', `-${signal}`, pid).code,
        refusal: 1,
      })),
    ),
  );
  expect(processesOf(victim)).toHaveLength(2);
});

test('row 44: nor does a neighbour’s pipe, environment or memory open, from inside a program of the site’s', async () => {
  const [pid] = processesOf(victim);
  const files = ['fd/1', 'fd/2', 'environ', 'mem', 'cmdline', 'cwd/key'].map(
    (name) => `/proc/${pid}/${name}`,
  );
  const { said } = await command([
    'sh',
    '-c',
    `cat ${files.join(' ')} 2>/dev/null; ls /proc | grep -c '^${pid}$'`,
  ]);
  await refused(44, [{ what: 'reads the neighbour', act: () => said.trim(), refusal: '0' }]);
  await refused(
    44,
    files.map((path) => ({
      what: `a shell opens ${path.replace(String(pid), 'PID')}`,
      act: () => as(shell, 'cat', path).out.includes(SECRET),
      refusal: false,
    })),
  );
});

test('row 10: a working folder that is a link leads a program nowhere that its site could not go', async () => {
  must('runuser', [
    '-u',
    thief.user,
    '--',
    'ln',
    '-sfn',
    `${victim.home}/private`,
    `${thief.home}/private/there`,
  ]);
  must('runuser', ['-u', thief.user, '--', 'ln', '-sfn', '/root', `${thief.home}/private/roots`]);
  await refused(
    10,
    ['private/there', 'private/roots'].map((workingDirectory) => ({
      what: workingDirectory,
      act: async () => {
        const { code, said } = await command(['cat', 'key'], { workingDirectory });
        return { ran: code === 0, told: said.includes(SECRET) };
      },
      refusal: { ran: false, told: false },
      besides: ['run.start'],
    })),
    [thief.home, ...traces()],
  );
});

test('row 37: what a program says drives no terminal of who reads it', async () => {
  const { said } = await command(['printf', '\\033]0;owned\\007\\033[2J\\r\\n']);
  // In the API as it came, for programs; on root's terminal spelt out.
  expect(said).toContain('\u001b');
  const shown = run('sculptorctl', ['domain', 'run', thief.name, '--', 'printf', '\\033[2J']).out;
  await refused(37, [{ what: 'an escape', act: () => shown.includes('\u001b'), refusal: false }]);
});
