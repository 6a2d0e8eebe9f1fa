import { readFileSync } from 'node:fs';
import { api, createDatabase, ready, unique } from '../machine/agent.ts';
import { must, run } from '../machine/server.ts';
import { accepted, refused, type Attempt } from './attempt.ts';
import { API, as, createSite, script, sqlAs, type Site, type Thief } from './thieves.ts';

/* Row 27: whoever has become www-data, with no sandbox around it, which is more than the API's process has. */

let site: Site;
beforeAll(async () => {
  await ready();
  site = await createSite();
});

const pidOf = (unit: string) => must('systemctl', ['show', '--property=MainPID', '--value', unit]).trim();

const fails = (thief: Thief, file: string, ...args: readonly string[]): Attempt => ({
  what: [file, ...args].join(' ').slice(0, 200),
  act: () => as(thief, file, ...args).code !== 0,
  refusal: true,
});

test('row 27: no program makes www-data anybody else', async () => {
  const users = ['root', 'sculptor', 'nginx', 'redis', 'mysql', site.user];
  await refused(27, [
    ...[
      ['-n', 'id'],
      ['-n', '/usr/lib/sculptor/executor'],
      ['-n', '-u', 'sculptor', 'id'],
      ['-n', '-i'],
      ['-n', '-v'],
    ].map((args) => fails(API, 'sudo', ...args)),
    ...['-u#-1', '-u#0', '-u#4294967295', '-g#0'].map((user) => fails(API, 'sudo', '-n', user, 'id')),
    {
      what: 'sudo says what it may',
      act: () => /may run the following/.test(as(API, 'sudo', '-n', '-l').out),
      refusal: false,
    },
    // It waits for some seconds after each attempt.
    fails(API, 'su', '-s', '/bin/sh', '-c', 'id', 'sculptor'),
    ...users.flatMap((user) => [
      fails(API, 'setpriv', `--reuid=${user}`, '--clear-groups', 'id'),
      fails(API, 'runuser', '-u', user, '--', 'id'),
    ]),
    ...['root', 'nginx', 'shadow', 'sculptor', 'adm'].map((group) => fails(API, 'sg', group, '-c', 'id')),
    ...['chsh', 'chfn'].map((tool) => fails(API, tool, '-s', '/bin/sh', 'root')),
    fails(API, 'gpasswd', '-a', 'www-data', 'nginx'),
    fails(API, 'passwd', '-d', 'root'),
    fails(API, 'mount', '-o', 'bind', '/tmp', '/etc'),
    fails(API, 'umount', '/'),
    fails(API, 'unshare', '--mount', 'mount', '-t', 'tmpfs', 'x', '/etc'),
    fails(API, 'nsenter', '-t', '1', '-a', 'id'),
    fails(API, 'chroot', '/', 'id'),
  ]);
});

test('row 27: no setuid program is there but the distribution’s own', async () => {
  const found = run('find', ['/', '-xdev', '-perm', '/6000', '-type', 'f']).out.split('\n').filter(Boolean);
  expect(found.length).toBeGreaterThan(5);
  await refused(
    27,
    found.map((file) => ({
      what: file,
      // Of a package, and nobody but root may change it.
      act: () => [
        run('dpkg', ['-S', '--', file]).code === 0 ||
          run('dpkg', ['-S', '--', file.replace(/^\/usr/, '')]).code === 0,
        as(API, 'test', '-w', file).code,
      ],
      refusal: [true, 1],
    })),
  );
});

test('row 27: systemd, its bus and its journal take nothing from www-data', async () => {
  const units = ['sculptor-executor', 'sculptor-worker-privileged', 'sculptor-api', 'nginx', 'mariadb'];
  await refused(27, [
    ...['stop', 'restart', 'kill', 'edit', 'set-property'].flatMap((verb) =>
      units.map((unit) =>
        fails(
          API,
          'systemctl',
          '--no-ask-password',
          verb,
          `${unit}.service`,
          ...(verb === 'set-property' ? ['CPUWeight=1'] : []),
        ),
      ),
    ),
    fails(API, 'systemd-run', '--no-ask-password', 'id'),
    fails(API, 'systemd-run', '--no-ask-password', '--uid=0', '--scope', 'id'),
    fails(API, 'systemctl', '--no-ask-password', 'link', '/tmp/x.service'),
    fails(API, 'systemctl', '--no-ask-password', 'set-environment', 'LD_PRELOAD=/tmp/x.so'),
    fails(API, 'systemctl', '--no-ask-password', 'daemon-reload'),
    fails(API, 'systemctl', '--user', 'status'),
    fails(API, 'loginctl', '--no-ask-password', 'enable-linger', 'www-data'),
    fails(API, 'loginctl', '--no-ask-password', 'terminate-user', 'root'),
    fails(API, 'hostnamectl', '--no-ask-password', 'set-hostname', 'x'),
    fails(API, 'timedatectl', '--no-ask-password', 'set-timezone', 'UTC'),
    fails(API, 'journalctl', '--vacuum-time=1s', '--rotate'),
    fails(API, 'crontab', '-l'),
    fails(API, 'at', 'now'),
  ]);
});

const SECRETS = [
  ...[
    '/var/lib/sculptor/mariadb.json',
    '/var/lib/sculptor',
    '/var/lib/sculptor-root/audit.log',
    '/var/lib/sculptor-root',
  ],
  ...[
    '/var/lib/sculptor-root/registry',
    '/var/lib/sculptor-root/trash/databases',
    '/etc/sculptor/admin-token',
  ],
  ...[
    '/etc/sculptor/secrets',
    '/etc/sculptor/secrets/redis-worker-privileged',
    '/etc/sculptor/redis.acl',
    '/etc/sculptor/secrets/redis-api',
    '/etc/sculptor/secrets/webhook-key',
  ],
  ...[
    '/etc/sculptor/tls/server.key',
    '/etc/shadow',
    '/etc/sudoers',
    '/etc/sudoers.d/sculptor',
    '/root',
    '/var/lib/mysql/mysql',
  ],
  ...['/var/lib/sculptor-redis', '/home/www/.trash'],
];

test('row 27: what is secret is no secret of www-data’s', async () => {
  await refused(
    27,
    [...SECRETS, `${site.home}/private`, `${site.home}/tmp`, `${site.home}/public`].map((path) => ({
      what: path,
      act: () =>
        script(
          API,
          `const fs = require('fs'); const path = ${JSON.stringify(path)};
        return fs.statSync(path).isDirectory() ? fs.readdirSync(path) : fs.readFileSync(path, 'utf8')`,
        ),
      refusal: { error: expect.stringMatching(/^(EACCES|EPERM|ENOENT)$/) as string },
    })),
  );
});

test('row 27: no process of another user is open to www-data', async () => {
  const units = ['sculptor-worker-privileged', 'sculptor-executor', 'sculptor-redis', 'mariadb', 'nginx'];
  const files = [
    'environ',
    'maps',
    'mem',
    'fd',
    'cwd',
    'root',
    'exe',
    'io',
    'stack',
    'auxv',
    'syscall',
    'ns/mnt',
  ];
  await refused(
    27,
    [...units.map(pidOf), '1'].flatMap((pid) => [
      {
        what: `/proc/${pid}`,
        act: () =>
          script(
            API,
            `const fs = require('fs'); return ${JSON.stringify(files)}.filter((name) => {
            const path = '/proc/${pid}/' + name;
            for (const read of [fs.readlinkSync, fs.readdirSync, fs.readFileSync])
              try { if (read(path).length > 0) return true; } catch {}
            try { fs.closeSync(fs.openSync(path, 'r+')); return true; } catch { return false; } })`,
          ),
        refusal: [],
        times: files.length,
      },
      {
        what: `signals to ${pid}`,
        act: () =>
          script(
            API,
            `return [1, 2, 9, 10, 12, 15, 18, 19].filter((signal) => {
            try { process.kill(${pid}, signal); return true; } catch { return false; } })`,
          ),
        refusal: [],
        times: 8,
      },
    ]),
  );
});

test('row 27: what www-data can do to its own kind', () => {
  // By design: the API and the unprivileged worker are one user and may no more than each other. A thief of the one
  // may end the other (systemd starts it again) and reads its memory where the kernel lets a user trace its own:
  // what that holds it has already. Under the unit's sandbox (PrivateUsers, ProtectProc=invisible) not even that.
  expect(as(API, 'kill', '-0', pidOf('sculptor-worker-unprivileged')).code).toBe(0);
  accepted(27);
});

test('row 27: nothing of the agent’s own is www-data’s to change, but a socket that comes back', async () => {
  const writable = as(
    API,
    'find',
    ...[
      '/usr/lib/sculptor',
      '/etc/sculptor',
      '/etc/systemd',
      '/etc/nginx',
      '/etc/sudoers.d',
      '/run/sculptor-executor',
    ],
    ...[
      '/run/sculptor-php',
      '/run/sculptor-redis',
      '/etc/supervisor',
      '/usr/local',
      '/opt',
      '-writable',
      '!',
      '-type',
      'l',
    ],
  )
    .out.split('\n')
    .filter((path) => path !== '' && !path.endsWith('/redis.sock'));
  await refused(27, [
    { what: 'what it may write', act: () => writable, refusal: [] },
    ...[
      '/usr/lib/sculptor/app/api/main.js',
      '/usr/lib/sculptor/app/package.json',
      '/usr/lib/sculptor/executor',
    ].map((file) => ({
      what: file,
      act: () => script(API, `require('fs').appendFileSync(${JSON.stringify(file)}, ' ')`),
      refusal: { error: 'EACCES' },
    })),
  ]);
});

test('row 27: the sockets of root, Supervisor and the worker are closed to www-data', async () => {
  const sockets = [
    ...[
      '/run/sculptor-executor/executor.sock',
      '/run/supervisor.sock',
      '/run/sculptor-probe/http.sock',
      '/run/sculptor-probe/https.sock',
    ],
    ...['/run/sculptor-notify/socket', '/run/systemd/private', `/run/sculptor-php/${site.id}.sock`],
  ];
  await refused(
    27,
    sockets.map((path) => ({
      what: path,
      act: () =>
        script(
          API,
          `return new Promise((resolve, reject) => require('net').connect(${JSON.stringify(path)},
          () => resolve('connected')).on('error', reject))`,
        ),
      refusal: { error: expect.stringMatching(/^(EACCES|ENOENT|EPROTOTYPE)$/) as string },
    })),
  );
});

test('row 27: MariaDB knows www-data as itself alone, and Redis by no other secret', async () => {
  const accounts = ['root', 'mysql', 'mariadb.sys', 'sculptor', 'sculptor_door', 'debian-sys-maint', ''];
  const secret = readFileSync('/etc/sculptor/secrets/redis-api', 'utf8').trim();
  await refused(27, [
    ...accounts.map((user) =>
      fails(
        API,
        'mariadb',
        '--no-defaults',
        `--user=${user}`,
        '-e',
        user === '' ? 'SELECT user FROM mysql.user' : 'SELECT 1',
      ),
    ),
    {
      what: 'what it is to MariaDB',
      act: () => as(API, 'mariadb', '--no-defaults', '-N', '-e', 'SELECT CURRENT_USER()').out.trim(),
      refusal: 'www-data@localhost',
    },
    {
      what: 'tables beside its own',
      act: () =>
        sqlAs(API, [
          'SELECT * FROM mysql.global_priv',
          'SELECT * FROM sculptor_door.managed_user',
          'SELECT password_hash FROM sculptor.database_user_version',
          'SELECT hash FROM sculptor.audit_seal',
          "SELECT LOAD_FILE('/etc/passwd') INTO OUTFILE '/tmp/x'",
          'SET GLOBAL init_connect = 1',
          'INSTALL SONAME "x"',
          "CREATE FUNCTION x RETURNS STRING SONAME 'x.so'",
        ]).includes('done'),
      refusal: false,
      times: 8,
    },
    ...['default', 'worker-privileged', 'worker-unprivileged', 'admin'].map((user) => ({
      what: `Redis as ${user}`,
      act: () =>
        script(
          API,
          `const { Redis } = require('/usr/lib/sculptor/app/node_modules/ioredis');
          const redis = new Redis({ path: '/run/sculptor-redis/redis.sock', username: '${user}', lazyConnect: true,
            password: '${secret}', retryStrategy: () => null, maxRetriesPerRequest: 0 });
          redis.on('error', () => undefined);
          return redis.connect().then(() => redis.info()).then(() => 'in', () => 'refused')`,
        ),
      refusal: 'refused',
    })),
  ]);
});

test('row 27: rows that www-data locks again and again keep no operation from its end', async () => {
  const over = '/tmp/locked-enough';
  const lock = 'START TRANSACTION; SELECT COUNT(*) FROM sculptor.operation FOR UPDATE; SELECT SLEEP(600);';
  must('sh', [
    '-c',
    `( until [ -e ${over} ]; do echo "${lock}" | runuser -u www-data -- mariadb --unbuffered; done ) >/tmp/locks 2>&1 &
    until grep -q COUNT /tmp/locks; do sleep 0.1; done`,
  ]);
  const { name } = await createDatabase(unique('locked'));
  expect((await api('GET', `/v1/databases/${name}`)).json['status']).toBe('live');
  must('touch', [over]);
});
