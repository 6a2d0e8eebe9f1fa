import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { createCommands } from '../../worker-privileged/executor/system/command.ts';
import { createAccounts } from '../../worker-privileged/executor/system/accounts.ts';
import { createFiles } from '../../worker-privileged/executor/system/files.ts';
import { ready, unique } from '../machine/agent.ts';
import { must, page, place, run } from '../machine/server.ts';
import { accepted, refused, type Attempt } from './attempt.ts';
import {
  API,
  as,
  createSite,
  NGINX,
  php,
  QUEUE_WRITER,
  script,
  SCULPTOR,
  shellOf,
  WWW,
  type Site,
  type Thief,
} from './thieves.ts';

/* Rows 41 to 46: what one site, or the user that many share, can do to its neighbours. */

let victim: Site;
let site: Site;
let pooled: Site;
let shell: Thief;

beforeAll(async () => {
  await ready();
  victim = await createSite();
  site = await createSite();
  pooled = await createSite({ isolation: 'pool' });
  shell = shellOf(site);
  place(victim.user, `${victim.home}/public/secret.txt`, 'of-the-neighbour');
  place(victim.user, `${victim.home}/public/index.php`, '<?php echo "the neighbour answers";');
  place(victim.user, `${victim.home}/private/key`, 'of-the-neighbour');
  place(victim.user, `${victim.home}/tmp/sess_abc`, 'of-the-neighbour');
  // Its php-fpm runs from here on.
  await page(victim.name);
});

const socketOf = ({ id }: Site) => `/run/sculptor-php/${id}.sock`;
const DENIED = expect.stringMatching(/^(EACCES|EPERM|ENOENT)$/) as string;

/** One FastCGI request that would run a file of the thief's as whoever listens. */
function speak(thief: Thief, { id, home }: Site): unknown {
  return script(
    thief,
    `const pairs = { SCRIPT_FILENAME: '${home}/public/index.php', REQUEST_METHOD: 'GET',
      PHP_ADMIN_VALUE: 'auto_prepend_file=/etc/passwd' };
    const body = Buffer.concat(Object.entries(pairs).map(([name, value]) => Buffer.concat([
      Buffer.from([name.length, value.length]), Buffer.from(name + value)])));
    const record = (type, content) => Buffer.concat([Buffer.from([1, type, 0, 1, content.length >> 8,
      content.length & 255, 0, 0]), content]);
    const request = Buffer.concat([record(1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])), record(4, body),
      record(4, Buffer.alloc(0)), record(5, Buffer.alloc(0))]);
    return new Promise((resolve, reject) => {
      const socket = require('net').connect('/run/sculptor-php/${id}.sock', () => socket.write(request));
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk));
      socket.on('end', () => resolve(answer));
      socket.on('error', reject);
    });`,
  );
}

test('row 41: nobody but nginx can speak to a site’s PHP', async () => {
  const thieves = [shell, WWW, API, SCULPTOR, QUEUE_WRITER];
  await refused(
    41,
    thieves.map((thief) => ({
      what: `${thief.name} speaks FastCGI to the neighbour`,
      act: () => speak(thief, victim),
      refusal: { error: 'EACCES' },
    })),
  );
});

test('row 41: a site cannot speak to a neighbour’s PHP, or put a socket in its place, from its own PHP', async () => {
  const socket = socketOf(victim);
  await refused(
    41,
    [
      {
        what: 'PHP connects to it',
        act: () => php(site, `echo var_export(@stream_socket_client('unix://${socket}'), true);`),
        refusal: 'false',
      },
      {
        what: 'PHP listens in its place',
        act: () =>
          php(
            site,
            `@unlink('${socket}'); echo var_export(@stream_socket_server('unix://${socket}'), true);`,
          ),
        refusal: 'false',
      },
      {
        what: 'a shell replaces it',
        act: () => as(shell, 'ln', '-sfn', '/run/sculptor/api.sock', socket).code,
        refusal: 1,
      },
      {
        what: 'a shell opens its own socket to all',
        act: () => as(shell, 'chmod', '666', socketOf(site)).code,
        refusal: 1,
      },
    ],
    [site.home],
  );
});

test('row 41: who has nginx’s worker speaks to every site’s PHP', async () => {
  // By design: a web server has to reach its backends. That is why nothing but nginx runs as nginx, why it is
  // not www-data, and why nobody is a member of its group.
  const other = await createSite();
  place(other.user, `${other.home}/public/index.php`, '<?php echo "the neighbour answers";');
  expect(String(speak(NGINX, other))).toContain('the neighbour answers');
  accepted(41);
});

test('row 42: a site of the shared user reaches no other site’s PHP, not the agent, and not nginx’s group', async () => {
  const closed = [
    socketOf(victim),
    '/run/sculptor/api.sock',
    '/run/sculptor-redis/redis.sock',
    '/run/sculptor-executor/executor.sock',
    '/run/sculptor-probe/http.sock',
    '/run/sculptor-probe/https.sock',
  ];
  const attempts: Attempt[] = closed.map((socket) => ({
    what: `www connects to ${socket}`,
    act: () =>
      script(
        WWW,
        `return new Promise((resolve, reject) => require('net').connect(${JSON.stringify(socket)},
          () => resolve('connected')).on('error', reject))`,
      ),
    refusal: { error: DENIED },
  }));
  const groups = ['sg', 'newgrp'].map((tool) => ({
    what: `www joins nginx's group with ${tool}`,
    act: () => as(WWW, tool, 'nginx', '-c', 'id -Gn').out.includes('nginx'),
    refusal: false,
  }));
  await refused(42, [...attempts, ...groups]);
});

test('row 42: PHP of a pooled site reaches no more than a shell of www', async () => {
  for (const socket of [socketOf(victim), '/run/sculptor/api.sock', '/run/sculptor-redis/redis.sock']) {
    await refused(
      42,
      [
        {
          what: `PHP of the pool connects to ${socket}`,
          act: () => php(pooled, `echo var_export(@stream_socket_client('unix://${socket}'), true);`),
          refusal: 'false',
        },
      ],
      [pooled.home],
    );
  }
});

test('row 42: the sites of the shared user are one to each other', async () => {
  // By design, and the API says so when one is made: `isolation: pool` shares a user.
  const other = await createSite({ isolation: 'pool' });
  place('www', `${other.home}/private/key`, 'of the pool');
  expect(as(WWW, 'cat', `${other.home}/private/key`).out).toBe('of the pool');
  accepted(42);
});

const LINKS: readonly (readonly [string, (target: Site) => string])[] = [
  ['a file', ({ home }) => `${home}/public/secret.txt`],
  ['a folder', ({ home }) => `${home}/public`],
  ['a site’s folder', ({ home }) => home],
  ['private files', ({ home }) => `${home}/private`],
  ['the folder of all sites', () => '/home/www'],
  ['the agent’s configuration', () => '/etc/sculptor/agent.json'],
  ['the path through the host links', ({ name }) => `/etc/sculptor/hosts/${name}/home/public`],
  ['the list of users', () => '/etc/passwd'],
  ['nginx’s own memory', () => '/proc/self/environ'],
];

test.each(LINKS)('row 43: nginx does not follow a link to %s of somebody else', async (what, target) => {
  const link = unique('link');
  const inside = what === 'a folder' || what.startsWith('the path') ? '/secret.txt' : '';
  must('runuser', ['-u', site.user, '--', 'ln', '-s', target(victim), `${site.home}/public/${link}`]);
  await refused(
    43,
    [
      {
        what: `a visitor asks for it`,
        act: async () => {
          const [status, text] = await page(site.name, `/${link}${inside}`);
          return {
            served: status === 200,
            told: text.includes('of-the-neighbour') || text.includes('root:'),
          };
        },
        refusal: { served: false, told: false },
      },
    ],
    [site.home],
  );
});

test('row 43: a chain of links and a link named like an index lead nowhere either', async () => {
  const folder = `${site.home}/public/${unique('chain')}`;
  must('runuser', ['-u', site.user, '--', 'mkdir', folder]);
  const link = (from: string, to: string) => must('runuser', ['-u', site.user, '--', 'ln', '-s', to, from]);
  link(`${folder}/first`, `${folder}/second`);
  link(`${folder}/second`, `${victim.home}/public/secret.txt`);
  link(`${folder}/index.html`, `${victim.home}/public/secret.txt`);
  const path = folder.slice(`${site.home}/public`.length);
  await refused(
    43,
    ['/first', '/', '/index.html'].map((name) => ({
      what: `${name} is asked for`,
      act: async () => (await page(site.name, `${path}${name}`))[1].includes('of-the-neighbour'),
      refusal: false,
    })),
    [site.home],
  );
});

test('row 43: a hard link to a neighbour’s file cannot be made', async () => {
  await refused(43, [
    {
      what: 'ln',
      act: () => as(shell, 'ln', `${victim.home}/public/secret.txt`, `${site.home}/public/hard`).code,
      refusal: 1,
    },
  ]);
});

/** The number of the neighbour's php-fpm master. */
function masterOf({ user }: Site): string {
  return must('pgrep', ['-o', '-u', user]).trim();
}

test('row 44: a neighbour’s environment, memory, files and descriptors are closed to a shell', async () => {
  const master = masterOf(victim);
  const closed = ['environ', 'mem', 'maps', 'fd', 'cwd', 'root', 'io'].map((name) => ({
    what: `/proc of the neighbour: ${name}`,
    act: () => {
      const path = `/proc/${master}/${name}`;
      return as(shell, name === 'fd' || name === 'root' || name === 'cwd' ? 'ls' : 'cat', path).out;
    },
    refusal: expect.not.stringMatching(/[^\n]/) as string,
  }));
  const files = ['private/key', 'tmp/sess_abc', 'public/index.php', 'tmp', 'private', 'public'].map(
    (path) => ({
      what: `reads ${path}`,
      act: () => as(shell, 'ls', '-l', `${victim.home}/${path}`, '/').code !== 0,
      refusal: true,
    }),
  );
  await refused(44, [
    ...closed,
    ...files,
    { what: 'kills it', act: () => as(shell, 'kill', master).code, refusal: 1 },
  ]);
});

test('row 44: a site’s PHP sees its own processes only, a /tmp of its own, and no socket of the agent', async () => {
  const seen = JSON.parse(
    await php(
      site,
      `$uids = []; foreach (glob('/proc/[0-9]*') as $p) { $uids[] = @fileowner($p); }
       echo json_encode([array_values(array_unique($uids)), scandir('/tmp'), scandir('/var/tmp'),
         @scandir('/run/sculptor'), @scandir('/run/sculptor-redis'), @scandir('/var/lib/sculptor-root')]);`,
    ),
  ) as unknown[];
  const uid = Number(must('id', ['-u', site.user]));
  expect(seen).toEqual([[uid], ['.', '..'], ['.', '..'], false, false, false]);
});

test('row 44: sessions and uploads of a site lie in its own folder', async () => {
  const told = await php(
    site,
    `session_start(); $_SESSION['a'] = 1; session_write_close();
     echo json_encode([ini_get('session.save_path'), sys_get_temp_dir(), ini_get('upload_tmp_dir')]);`,
  );
  const own = `${site.home}/tmp`;
  expect(JSON.parse(told)).toEqual([own, own, own]);
  expect(must('find', [own, '-name', 'sess_*', '-printf', '%u %m\n'])).toMatch(
    new RegExp(`^(${site.user} 600\n)+$`),
  );
});

/** Where a program of the site tells what it sees, and root reads it. */
async function toldIn(path: string): Promise<string> {
  while (!existsSync(path) || !readFileSync(path, 'utf8').endsWith('end\n')) await pause(50);
  return readFileSync(path, 'utf8').replace('end\n', '');
}

const LOOK = 'ps -eo user:32= | sort -u';

test('row 44: a program of a site’s that Supervisor runs sees its own processes only', async () => {
  const conf = '/etc/supervisor/conf.d/looking.conf';
  const seen = `${site.home}/tmp/seen-by-supervisor`;
  writeFileSync(
    conf,
    `[program:looking]\ncommand=/bin/sh -c "(${LOOK}; echo end) >${seen}; exec sleep 1000"\nuser=${site.user}\n`,
  );
  try {
    must('supervisorctl', ['update']);
    await refused(44, [{ what: 'ps', act: () => toldIn(seen), refusal: `${site.user}\n` }], [site.home]);
    // Those who must see all of them still do.
    expect(must('supervisorctl', ['status', 'looking'])).toMatch(/RUNNING|STARTING/);
    expect(must('sh', ['-c', LOOK])).toContain('root');
  } finally {
    rmSync(conf);
    must('supervisorctl', ['update']);
  }
});

test('row 44: a job of a site’s that cron starts sees its own processes only, and root’s all', async () => {
  must('env', [
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    'install',
    '--quiet',
    '--yes',
    '--no-install-recommends',
    'cron',
  ]);
  const [table, seen, all] = ['/etc/cron.d/looking', `${site.home}/tmp/seen-by-cron`, '/run/seen-by-root'];
  const line = (user: string, file: string) => `@reboot ${user} (${LOOK}; echo end) >${file}\n`;
  writeFileSync(table, line(site.user, seen) + line('root', all));
  rmSync('/run/crond.reboot', { force: true });
  must('systemctl', ['restart', 'cron']);
  try {
    await refused(44, [{ what: 'ps', act: () => toldIn(seen), refusal: `${site.user}\n` }], [site.home]);
    expect((await toldIn(all)).split('\n')).toEqual(expect.arrayContaining(['root', 'www-data', 'nginx']));
  } finally {
    rmSync(table);
    rmSync(all);
  }
});

test('row 44: a site does not get into what the executor does as the site’s user', async () => {
  const { runAs } = createAccounts({ files: createFiles(), commands: createCommands() });
  const number = (kind: '-u' | '-g') => Number(must('id', [kind, site.user]));
  const marker = '86397.25';
  const held = runAs({ uid: number('-u'), gid: number('-g') }, { file: '/usr/bin/sleep', args: [marker] });
  const other = as(shell, 'sh', '-c', 'sleep 3000 >/dev/null 2>&1 & echo $!').out.trim();
  const find = () => run('pgrep', ['-u', site.user, '-f', `^/usr/bin/sleep ${marker}`]).out.trim();
  while (find() === '') await pause(20);
  const memoryOf = (pid: string) =>
    script(shell, `require('fs').openSync('/proc/${pid}/mem', 'r+'); return 'opened'`);
  // What it may do to its own, so that the refusal is known to be one.
  expect(memoryOf(other)).toBe('opened');
  await refused(44, [
    { what: 'opens its memory', act: () => memoryOf(find()), refusal: { error: 'EACCES' } },
  ]);
  must('kill', [find(), other]);
  await expect(held).rejects.toThrow();
});

/** What a site says about itself in its folder, where php.ini's words for folders may stand. */
const WIDER = ['allow_url_include', 'expose_php', 'enable_dl', 'opcache.validate_root', 'sys_temp_dir'];

test.each([
  ['its own user', () => site],
  ['the shared user', () => pooled],
])('row 44: PHP of a site of %s is as the agent set it, whatever the site says', async (_, which) => {
  const { name, user, home } = which();
  const names = [...WIDER, 'opcache.validate_permission', 'opcache.use_cwd', 'opcache.restrict_api'];
  place(user, `${home}/public/.user.ini`, WIDER.map((word) => `${word}=1\n`).join(''));
  place(user, `${home}/public/php.ini`, WIDER.map((word) => `${word}=1\n`).join(''));
  place(
    user,
    `${home}/public/told.php`,
    `<?php foreach (${JSON.stringify(WIDER)} as $n) { @ini_set($n, '1'); }
      echo json_encode(array_map('ini_get', ${JSON.stringify(names)}));`,
  );
  await refused(
    44,
    [
      {
        what: 'asks for more',
        act: async () => JSON.parse((await page(name, '/told.php'))[1]) as unknown,
        refusal: ['0', '0', '0', '1', `${home}/tmp`, '1', '1', home],
      },
    ],
    [home],
  );
  must('rm', [`${home}/public/.user.ini`, `${home}/public/php.ini`]);
});

test('row 45: a site whose PHP is all busy keeps no neighbour waiting', async () => {
  place(site.user, `${site.home}/public/slow.php`, '<?php sleep(2); echo "slow";');
  const busy = Array.from({ length: 40 }, () => page(site.name, '/slow.php').catch(() => undefined));
  await refused(
    45,
    [
      {
        what: 'the neighbour is asked',
        act: () => page(victim.name),
        refusal: [200, 'the neighbour answers'],
      },
    ],
    [site.home],
  );
  await Promise.all(busy);
});

test('row 45: a site that takes all the memory it can get ends alone', async () => {
  place(
    site.user,
    `${site.home}/public/greedy.php`,
    `<?php ini_set('memory_limit', '-1'); $all = []; while (true) { $all[] = random_bytes(16 << 20); }`,
  );
  const master = masterOf(victim);
  const greedy = page(site.name, '/greedy.php').catch(() => [0, 'closed'] as const);
  await refused(
    45,
    [
      {
        what: 'the neighbour is asked',
        act: () => page(victim.name),
        refusal: [200, 'the neighbour answers'],
      },
      { what: 'it goes on', act: async () => (await greedy)[0] === 200, refusal: false },
      { what: 'the neighbour was stopped', act: () => masterOf(victim) === master, refusal: true },
    ],
    [site.home],
  );
  await ready();
});

const BOTH: readonly (readonly [string, () => Site])[] = [
  ['its own user', () => site],
  ['the shared user', () => pooled],
];
const tasksOf = ({ id }: Site) =>
  Number(must('systemctl', ['show', '--property=TasksCurrent', '--value', `sculptor-${id}.slice`]));

test.each(BOTH)(
  'row 45: a site of %s that starts all the processes it can ends at its limit',
  async (_, which) => {
    const bomber = which();
    place(
      bomber.user,
      `${bomber.home}/public/bomb.php`,
      `<?php $all = []; while (count($all) < 3000 && ($one = @proc_open(['sleep', '5'], [], $pipes))) { $all[] = $one; }
      sleep(3); foreach ($all as $one) { proc_terminate($one, 9); } echo count($all);`,
    );
    const bomb = page(bomber.name, '/bomb.php');
    while (tasksOf(bomber) < 500) await pause(20);
    await refused(
      45,
      [
        {
          what: 'the neighbour is asked',
          act: () => page(victim.name),
          refusal: [200, 'the neighbour answers'],
        },
        { what: 'others start programs', act: () => run('true', []).code, refusal: 0 },
        { what: 'it has more than 512', act: async () => Number((await bomb)[1]) > 512, refusal: false },
      ],
      [bomber.home],
    );
  },
);

test.each(BOTH)('row 45: a site of %s opens its 4096 files, and leaves no core', async (_, which) => {
  const hoarder = which();
  await refused(
    45,
    [
      {
        what: 'opens all it can',
        act: async () =>
          Number(
            await php(
              hoarder,
              '$all = []; while ($one = @fopen("/dev/null", "r")) { $all[] = $one; } echo count($all);',
            ),
          ) < 4096,
        refusal: true,
      },
      {
        what: 'raises its limits',
        act: () =>
          php(
            hoarder,
            'echo trim((string) shell_exec("ulimit -n 5000 2>/dev/null; ulimit -Hn; ulimit -Hc"));',
          ),
        refusal: '4096\n0',
      },
      {
        what: 'fills the memory that all share',
        act: () =>
          php(
            hoarder,
            '$f = fopen("/dev/shm/x", "w"); while (@fwrite($f, str_repeat("x", 1 << 20)) === 1 << 20); echo ftell($f) > 65 << 20 ? "more" : "64 MiB"; unlink("/dev/shm/x");',
          ),
        refusal: '64 MiB',
      },
    ],
    [hoarder.home],
  );
  expect(run('ls', ['-A', '/dev/shm']).out).not.toContain('x\n');
});

test.each(BOTH)(
  'row 45: a site of %s whose visitors all wait takes its share of connections',
  async (_, which) => {
    const slow = which();
    place(slow.user, `${slow.home}/public/slow.php`, '<?php sleep(1); echo "slow";');
    const flood = Array.from({ length: 600 }, () =>
      page(slow.name, '/slow.php').then(
        ([status]) => status,
        () => 0,
      ),
    );
    await Promise.race(flood);
    await refused(
      45,
      [
        {
          what: 'the neighbour is asked',
          act: () => page(victim.name),
          refusal: [200, 'the neighbour answers'],
        },
        {
          what: 'more than 256 are served',
          act: async () => (await Promise.all(flood)).filter((status) => status !== 429).length > 300,
          refusal: false,
        },
      ],
      [slow.home],
    );
  },
  90_000,
);

test('row 46: nobody but root changes the network or what is let in', async () => {
  const thieves = [shell, WWW, NGINX, API, SCULPTOR];
  const acts: readonly (readonly [string, ...string[]])[] = [
    ['ip', 'link', 'set', 'lo', 'down'],
    ['ip', 'route', 'add', 'blackhole', '192.0.2.0/24'],
    ['ip', 'rule', 'add', 'from', 'all', 'prohibit'],
    ['sysctl', '-q', '-w', 'net.ipv4.ip_forward=1'],
    ['nft', 'flush', 'ruleset'],
    ['nft', 'add', 'element', 'inet', 'sculptor', 'open', '{ 3306 }'],
    ['systemctl', '--no-ask-password', 'stop', 'sculptor-firewall.service'],
    ['systemctl', '--no-ask-password', 'start', 'sculptor-firewall-undo.service'],
    ['tee', '/etc/sculptor/firewall/rules.nft'],
    ['cat', '/etc/sculptor/firewall/settings.json'],
    ['sculptorctl', 'firewall', 'off'],
  ];
  const state = () =>
    [
      ...['link', 'route', 'rule'].map((what) => must('ip', [what])),
      must('nft', ['list', 'table', 'inet', 'sculptor']),
    ].join('');
  const before = state();
  await refused(
    46,
    thieves.flatMap((thief) =>
      acts.map(([file, ...args]) => ({
        what: `${thief.name}: ${[file, ...args].join(' ')}`,
        act: () => as(thief, file, ...args).code === 0,
        refusal: false,
      })),
    ),
  );
  expect(state()).toBe(before);
});
