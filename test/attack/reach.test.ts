import { createDatabase, ready } from '../machine/agent.ts';
import { must, page, rootSql, run } from '../machine/server.ts';
import { accepted, refused, type Attempt } from './attempt.ts';
import { as, createSite, fed, NGINX, php, script, shellOf, WWW, type Site, type Thief } from './thieves.ts';

/* Row 24: what a site's process can speak to besides the world: Redis, the API, the executor, MariaDB as somebody. */

let site: Site;
let pooled: Site;
let thieves: readonly Thief[];

beforeAll(async () => {
  await ready();
  site = await createSite();
  pooled = await createSite({ isolation: 'pool' });
  thieves = [shellOf(site), WWW];
});

const AGENT = [
  ...['/run/sculptor-redis/redis.sock', '/run/sculptor-executor/executor.sock', '/run/sculptor/api.sock'],
  ...[
    '/run/sculptor-probe/http.sock',
    '/run/sculptor-probe/https.sock',
    '/run/sculptor-notify/socket',
    '/run/supervisor.sock',
    '/run/systemd/private',
  ],
];
const DENIED = { error: expect.stringMatching(/^(EACCES|EPERM|ENOENT|ECONNREFUSED|EPROTOTYPE)$/) as string };

/** Each as the shell of a site, as the shared user, and as nginx where nginx has no business there. */
function connecting(paths: readonly string[], who: readonly Thief[]): readonly Attempt[] {
  return who.flatMap((thief) =>
    paths.map((path) => ({
      what: `${thief.name} connects to ${path}`,
      act: () =>
        script(
          thief,
          `return new Promise((resolve, reject) => require('net').connect(${JSON.stringify(path)})
             .on('connect', () => resolve('in')).on('error', reject))`,
        ),
      refusal: DENIED,
    })),
  );
}

test('row 24: no socket of the agent’s lets a site in, and nginx into the API’s alone', async () => {
  await refused(24, [
    ...connecting(AGENT, thieves),
    ...connecting(
      AGENT.filter((path) => path !== '/run/sculptor/api.sock'),
      [NGINX],
    ),
  ]);
});

test('row 24: none of them lets PHP of a site or of the pool in', async () => {
  for (const one of [site, pooled]) {
    const code = `foreach (${JSON.stringify(AGENT)} as $path) {
      $found[] = (bool) @stream_socket_client("unix://$path"); } echo json_encode($found);`;
    await refused(
      24,
      [
        {
          what: one.user,
          act: async () => JSON.parse(await php(one, code)) as unknown,
          refusal: AGENT.map(() => false),
          times: AGENT.length,
        },
      ],
      [one.home],
    );
  }
});

/** All that listens on the loopback, and in the abstract namespace, which no mode of a file guards. */
const listening = (...kinds: readonly string[]) =>
  must('ss', ['-H', '-ln', ...kinds])
    .split('\n')
    .map((line) => line.split(/\s+/).find((field) => /^(@|.*:\d+$)/.test(field)) ?? '')
    .filter(Boolean);

test('row 24: nothing of the agent’s listens where no file is in the way', async () => {
  await refused(24, [
    {
      what: 'in the abstract namespace',
      act: () => listening('-x').filter((name) => /^@.*(sculptor|redis)/.test(name)),
      refusal: [],
    },
    {
      what: 'on a port',
      act: () =>
        [...new Set(listening('-t', '-u').map((address) => Number(address.split(':').at(-1))))].sort(
          (a, b) => a - b,
        ),
      refusal: [22, 80, 443, 3306],
    },
    { what: 'Redis on its port', act: () => script(WWW, PORT(6379)), refusal: { error: 'ECONNREFUSED' } },
    { what: 'the API on its port', act: () => script(WWW, PORT(8080)), refusal: { error: 'ECONNREFUSED' } },
  ]);
});

const PORT = (
  port: number,
) => `return new Promise((resolve, reject) => require('net').connect(${port}, '127.0.0.1')
  .on('connect', () => resolve('in')).on('error', reject))`;

test('row 24: MariaDB takes a site’s user for nobody that it knows, over the socket and over TCP', async () => {
  const accounts = rootSql("SELECT user FROM mysql.global_priv WHERE host = 'localhost'")
    .split('\n')
    .filter(Boolean);
  expect(accounts).toEqual(
    expect.arrayContaining(['root', 'mysql', 'mariadb.sys', 'sculptor', 'sculptor_door', 'www-data']),
  );
  const { name } = await createDatabase(`reach${site.id.slice(0, 8)}`);
  const ways = [
    ['--socket=/run/mysqld/mysqld.sock'],
    ['--protocol=tcp', '--host=127.0.0.1'],
    ['--protocol=tcp', '--host=::1'],
  ];
  const logins = ['', site.user, 'www', 'nginx', ...accounts];
  const tries = (thief: Thief) =>
    logins.flatMap((login) =>
      ways.map((way) => ({
        what: `${thief.name} as ${login || 'nobody'} ${way.join(' ')}`,
        act: () =>
          fed(thief, `USE ${name}`, [
            'mariadb',
            '--no-defaults',
            ...way,
            `--user=${login}`,
            '--connect-timeout=5',
          ]).err,
        refusal: expect.stringMatching(/ERROR (1045|1698|4151|2002|2003|1130)/) as string,
      })),
    );
  await refused(24, [...thieves, NGINX].flatMap(tries));
});

test('row 24: PHP logs in as nobody either', async () => {
  const code = `foreach (['root', 'www-data', 'sculptor', 'sculptor_door', 'mysql', ''] as $user) {
    foreach (['localhost', '127.0.0.1'] as $host) {
      try { new mysqli($host, $user, ''); $in[] = "$user@$host"; } catch (Throwable) {} } } echo json_encode($in ?? []);`;
  await refused(
    24,
    [{ what: 'six users, two ways', act: () => php(site, code), refusal: '[]', times: 12 }],
    [site.home],
  );
});

const COMMANDS: readonly (readonly [string, ...string[]])[] = [
  ['sudo', '-n', 'true'],
  ['sudo', '-n', '/usr/lib/sculptor/executor'],
  ['systemctl', 'restart', 'sculptor-api'],
  ['systemctl', 'set-property', 'sculptor-api.service', 'MemoryMax=1'],
  ['systemd-run', '--quiet', 'true'],
  [
    'busctl',
    'call',
    'org.freedesktop.systemd1',
    '/org/freedesktop/systemd1',
    'org.freedesktop.systemd1.Manager',
    'Reload',
  ],
  ['supervisorctl', 'status'],
  ['su', '-c', 'true'],
  ['nginx', '-s', 'stop'],
  ['crontab', '-l'],
  ['sculptorctl', 'doctor'],
  ['cat', '/etc/sculptor/admin-token'],
  ['ls', '/etc/sculptor/secrets'],
  ['ls', '/var/lib/sculptor'],
  ['ls', '/var/lib/sculptor-root'],
  ['find', '/var/lib/mysql', '-mindepth', '2'],
  ['ls', '/run/sculptor'],
];

test('row 24: no program of the server does for a site what is not the site’s', async () => {
  await refused(
    24,
    [...thieves, NGINX].flatMap((thief) =>
      COMMANDS.filter(
        ([file, ...args]) => thief !== NGINX || args[0] !== '/run/sculptor' || file !== 'ls',
      ).map(([file, ...args]) => ({
        what: `${thief.name}: ${[file, ...args].join(' ')}`,
        act: () => as(thief, file, ...args).code === 0,
        refusal: false,
      })),
    ),
  );
});

test('row 24: a shell of a site can read which databases there are', () => {
  // By design of the distribution, whose folder this is: it shows names to whoever has a shell, and what is in them to
  // nobody. A name opens nothing.
  expect(must('stat', ['--format=%A', '/var/lib/mysql/mysql'])).toBe('drwx------\n');
  accepted(24);
});

test('row 24: systemd takes no word about the agent’s services from a site', async () => {
  // Its socket is open to all; what is said there counts only from the service that it is about.
  const main = () =>
    must('systemctl', ['show', '--property=MainPID,ActiveState,StatusText', 'sculptor-api', 'nginx']);
  const was = main();
  const say = `use Socket; socket my $s, PF_UNIX, SOCK_DGRAM, 0; for (@ARGV) {
    send $s, $_, 0, sockaddr_un("/run/systemd/notify") }`;
  await refused(24, [
    {
      what: 'notifies',
      act: () => {
        as(
          shellOf(site),
          'perl',
          '-e',
          say,
          'STOPPING=1',
          `MAINPID=${process.pid}`,
          'STATUS=taken',
          'WATCHDOG=trigger',
        );
        return main();
      },
      refusal: was,
      times: 4,
    },
  ]);
});

test('row 24: a site that asks nginx for the API by its name is asked for a token like the world', async () => {
  // By design: the API is served to whoever reaches this server, and a site's process does.
  const { serverName } = JSON.parse(must('cat', ['/etc/sculptor/agent.json'])) as { serverName: string };
  const code = `echo file_get_contents('https://127.0.0.1/v1/domains', false, stream_context_create(['http' =>
    ['header' => 'Host: ${serverName}', 'ignore_errors' => true],
    'ssl' => ['verify_peer' => false, 'verify_peer_name' => false, 'peer_name' => '${serverName}']]));`;
  expect(await php(site, code)).toContain('urn:sculptor:problem:unauthenticated');
  accepted(24);
});

test('row 24: a site can write to the journal, under its own number only', async () => {
  // By design: so its PHP logs. What root reads of the agent's is chosen by unit, which nobody can claim to be.
  const word = `forged-${site.id}`;
  as(shellOf(site), 'logger', '--tag', 'sculptor-executor', word);
  must('journalctl', ['--sync']);
  const found = run('journalctl', [
    '--no-pager',
    '--output=cat',
    '--unit=sculptor-executor',
    '--unit=sculptor-api',
  ]).out;
  expect(found).not.toContain(word);
  accepted(24);
  expect((await page(site.name))[0]).not.toBe(0);
});
