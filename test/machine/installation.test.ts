import { readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { exchange, ready, TOKEN_FILE } from './agent.ts';
import { as, must, rootSql, run, sculptorctl } from './server.ts';

const INSTALLER = `${process.cwd()}/scripts/install.sh`;
const CONFIG = JSON.parse(readFileSync('/etc/sculptor/agent.json', 'utf8')) as { serverName: string };
const SERVICES = [
  'nginx.service',
  'mariadb.service',
  'supervisor.service',
  'sculptor-redis.service',
  'sculptor-api.service',
  'sculptor-worker-privileged.service',
  'sculptor-worker-unprivileged.service',
  'sculptor-mailer.service',
  'sculptor-executor.socket',
  'sculptor-executor.service',
];

/** Lines without the empty ones. */
function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}

function pidOf(service: string): string {
  return must('systemctl', ['show', '--property=MainPID', '--value', service]).trim();
}

type Process = { readonly user: string; readonly command: string };

function processes(): Process[] {
  return lines(must('ps', ['-eo', 'user:32=,args='])).map((line) => {
    const [user = '', ...command] = line.split(/\s+/);
    return { user, command: command.join(' ') };
  });
}

beforeAll(ready);

// The worker's first call starts it; on a server that came up this moment that may be still to come.
beforeAll(() => {
  must('systemctl', ['start', 'sculptor-executor.service']);
});

describe('each process runs as the user it should', () => {
  test.each([
    ['sculptor/app/api/main.js', 'www-data'],
    ['sculptor/app/worker-unprivileged/main.js', 'www-data'],
    ['sculptor/app/worker-privileged/main.js', 'sculptor'],
    ['sculptor/app/mailer/main.js', 'sculptor-mail'],
    ['sculptor/app/worker-privileged/executor/main.js', 'root'],
    ['nginx: master process', 'root'],
    ['nginx: worker process', 'nginx'],
    ['unixsocket:/run/sculptor-redis/redis.sock', 'redis'],
    ['mariadbd', 'mysql'],
  ])('%s as %s', (command, user) => {
    const found = processes().filter((process) => process.command.includes(command));
    expect([...new Set(found.map((process) => process.user))]).toEqual([user]);
  });

  test('nothing but the API and the unprivileged worker runs as www-data', () => {
    const own = processes().filter(({ user }) => user === 'www-data');
    expect(own.map(({ command }) => command).sort()).toEqual([
      '/usr/lib/sculptor/node/bin/node /usr/lib/sculptor/app/api/main.js',
      '/usr/lib/sculptor/node/bin/node /usr/lib/sculptor/app/worker-unprivileged/main.js',
    ]);
  });
});

test('nginx and sshd listen on both families, MariaDB on the loopback, and nothing else on any network', () => {
  const listening = lines(must('ss', ['-H', '-lntup'])).map((line) => {
    const [, , , , local, , users = ''] = line.split(/\s+/);
    return `${local ?? ''} ${/"([^"]+)"/.exec(users)?.[1] ?? ''}`;
  });
  expect(listening.sort()).toEqual(
    [
      '0.0.0.0:22 sshd',
      '[::]:22 sshd',
      '0.0.0.0:80 nginx',
      '[::]:80 nginx',
      '0.0.0.0:443 nginx',
      '[::]:443 nginx',
      '127.0.0.1:3306 mariadbd',
    ].sort(),
  );
});

describe('sudo', () => {
  test('lets sculptor run the executor as root, without an argument, and nothing else', () => {
    const rules = must('sudo', ['-l', '-U', 'sculptor']).split('may run the following commands')[1] ?? '';
    expect(lines(rules).slice(1)).toEqual(['    (root : root) NOPASSWD: /usr/lib/sculptor/executor ""']);
    expect(readFileSync('/etc/sudoers.d/sculptor', 'utf8')).toBe(
      'sculptor ALL=(root:root) NOPASSWD: /usr/lib/sculptor/executor ""\n',
    );
  });

  test.each(['www-data', 'www', 'nginx', 'redis', 'mysql'])('lets %s run nothing', (user) => {
    expect(must('sudo', ['-l', '-U', user])).toContain('is not allowed to run sudo');
  });

  test.each([
    ['an argument', ['/usr/lib/sculptor/executor', 'x']],
    ['another program', ['/usr/bin/id']],
    ['another user', ['-u', 'www-data', '/usr/lib/sculptor/executor']],
    ['another group', ['-g', 'shadow', '/usr/lib/sculptor/executor']],
    ['a variable', ['NODE_OPTIONS=--version', '/usr/lib/sculptor/executor']],
    ['what lies beside it', ['/usr/lib/sculptor/app/worker-privileged/executor/main.js']],
    ["the executor's interpreter", ['/usr/lib/sculptor/node/bin/node', '--version']],
    ['a shell', ['-s']],
  ])('refuses sculptor %s', (_, args) => {
    const { code, err } = as('sculptor', 'sudo', '-n', ...args);
    expect([code, err]).toEqual([1, expect.stringMatching(/is required|not allowed/)]);
  });
});

test.each([
  ['/usr/lib/sculptor', 'root:root 755'],
  ['/usr/lib/sculptor/executor', 'root:root 755'],
  ['/usr/local/bin/sculptorctl', 'root:root 755'],
  ['/etc/sculptor', 'root:root 755'],
  ['/etc/sculptor/agent.json', 'root:root 644'],
  ['/etc/sculptor/admin-token', 'root:root 600'],
  ['/etc/sculptor/secrets', 'root:root 700'],
  ['/etc/sculptor/secrets/redis-api', 'root:root 600'],
  ['/etc/sculptor/secrets/redis-worker-unprivileged', 'root:root 600'],
  ['/etc/sculptor/secrets/redis-worker-privileged', 'root:root 600'],
  ['/etc/sculptor/secrets/webhook-key', 'root:root 600'],
  ['/etc/sculptor/redis.acl', 'root:redis 640'],
  ['/etc/sculptor/seal.key', 'root:root 600'],
  ['/etc/sculptor/tls/server.key', 'root:root 600'],
  ['/etc/sculptor/sites', 'root:root 755'],
  ['/etc/sculptor/hosts', 'root:root 755'],
  ['/etc/sudoers.d/sculptor', 'root:root 440'],
  ['/var/lib/sculptor', 'root:sculptor 750'],
  ['/var/lib/sculptor/mariadb.json', 'sculptor:sculptor 600'],
  ['/var/lib/sculptor-root', 'root:root 700'],
  ['/var/lib/sculptor-redis', 'redis:sculptor-queue 700'],
  ['/home/www', 'root:root 711'],
  ['/home/www/.trash', 'root:root 700'],
  ['/var/log/sculptor', 'root:nginx 750'],
  ['/var/log/sculptor/nginx', 'root:nginx 750'],
  ['/run/sculptor', 'www-data:nginx 2750'],
  ['/run/sculptor/api.sock', 'www-data:nginx 660'],
  ['/run/sculptor-executor/executor.sock', 'sculptor:root 600'],
  ['/run/sculptor-redis', 'redis:sculptor-queue 750'],
  ['/run/sculptor-redis/redis.sock', 'redis:sculptor-queue 770'],
  ['/run/sculptor-probe', 'root:sculptor 750'],
  ['/run/sculptor-php', 'root:root 755'],
])('%s belongs to %s', (path, expected) => {
  expect(must('stat', ['--format=%U:%G %a', path]).trim()).toBe(expected);
});

test('nobody but root can change the code, what starts it, or how nginx serves', () => {
  const roots = ['/usr/lib/sculptor', '/etc/sculptor', '/etc/nginx', '/etc/sudoers.d', '/etc/systemd/system'];
  const loose = ['(', '-not', '-user', 'root', '-o', '-perm', '/022', ')', '-not', '-type', 'l'];
  expect(must('find', [...roots, ...loose])).toBe('');
});

describe('users', () => {
  test.each(['www', 'nginx', 'sculptor'])('%s has no password and no shell', (user) => {
    expect(must('passwd', ['-S', user]).split(' ')[1]).toBe('L');
    expect(must('getent', ['passwd', user]).trim()).toMatch(/\/nologin$/);
  });

  test('nobody is a member of the groups that open sockets', () => {
    for (const group of ['sculptor-queue', 'nginx', 'sculptor', 'www-data']) {
      expect(must('getent', ['group', group]).trim()).toMatch(/:$/);
    }
  });
});

describe('what the distribution brought', () => {
  test('has no configuration file changed', () => {
    const packages = [
      'nginx',
      'nginx-common',
      'redis-server',
      'mariadb-server',
      'supervisor',
      'sudo',
      'php-fpm',
    ];
    const own = lines(must('dpkg-query', ['-W', '-f', '${Package}\n'])).filter((name) =>
      /^php|^mariadb/.test(name),
    );
    expect(run('dpkg', ['--verify', ...packages, ...own]).out).not.toMatch(/^..5.* c /m);
  });

  test('runs no pool of www-data and no Redis on TCP, also after a reboot', () => {
    const units = must('systemctl', ['list-unit-files', '--no-legend', 'php*-fpm.service', 'redis*.service']);
    const states = lines(units).map((line) => line.split(/\s+/).slice(0, 2).join(' '));
    expect(states.filter((state) => state.startsWith('php'))).toEqual([
      expect.stringMatching(/^php[0-9.]+-fpm\.service masked$/),
    ]);
    expect(states.filter((state) => state.endsWith('enabled'))).toEqual([]);
  });
});

const CLOSED: readonly (readonly [user: string, path: string])[] = [
  ['www-data', '/var/lib/sculptor/mariadb.json'],
  ...['www-data', 'sculptor', 'nginx', 'www', 'redis', 'nobody'].flatMap((user) =>
    ['api', 'worker-unprivileged', 'worker-privileged'].map(
      (process) => [user, `/etc/sculptor/secrets/redis-${process}`] as const,
    ),
  ),
  ...['www-data', 'sculptor', 'nginx', 'www', 'redis', 'nobody'].flatMap((user) => [
    [user, '/etc/sculptor/admin-token'] as const,
    [user, '/etc/sculptor/tls/server.key'] as const,
  ]),
  ...['nginx', 'www', 'nobody'].map((user) => [user, '/etc/sculptor/redis.acl'] as const),
];

describe('a credential can be read by who uses it only', () => {
  test.each(CLOSED)('%s cannot read %s', (user, path) => {
    must('test', ['-s', path]);
    const { code, err } = as(user, 'cat', path);
    expect([code, err]).toEqual([1, expect.stringContaining('Permission denied')]);
  });

  test.each([
    ['api', 'www-data', 'worker-privileged'],
    ['worker-unprivileged', 'www-data', 'worker-privileged'],
    ['worker-privileged', 'sculptor', 'api'],
  ])('systemd hands %s its own, for its user alone, and no file', (process, user, other) => {
    const handed = `/run/credentials/sculptor-${process}.service/redis-${process}`;
    expect(readFileSync(handed, 'utf8')).toBe(readFileSync(`/etc/sculptor/secrets/redis-${process}`, 'utf8'));
    expect(as(user, 'cat', handed).code).toBe(0);
    for (const stranger of ['www-data', 'sculptor', 'nginx', 'www', 'nobody']) {
      if (stranger !== user) expect(as(stranger, 'cat', handed).err).toContain('Permission denied');
    }
    const inside = `/proc/${pidOf(`sculptor-${process}.service`)}/root`;
    expect(run('ls', [`${inside}/etc/sculptor/secrets`]).out).toBe('');
    expect(run('cat', [`${inside}/run/credentials/sculptor-${other}.service/redis-${other}`]).code).toBe(1);
  });

  test.each(['nginx', 'www', 'nobody', 'www-data'])('%s, from a shell, does not reach Redis', (user) => {
    const { out, err } = as(user, 'redis-cli', '-s', '/run/sculptor-redis/redis.sock', 'PING');
    expect(out + err).toContain('Permission denied');
  });
});

describe('Redis', () => {
  const redis = (user: string | null, ...command: string[]) => {
    const login = user === null ? [] : ['--no-auth-warning', '--user', user, '--pass', secret(user)];
    return run('redis-cli', ['-s', '/run/sculptor-redis/redis.sock', ...login, ...command]);
  };
  const secret = (user: string) => readFileSync(`/etc/sculptor/secrets/redis-${user}`, 'utf8').trim();

  test.each(['api', 'worker-unprivileged', 'worker-privileged'])('knows %s', (account) => {
    expect(redis(account, 'INFO', 'server').out).toContain('redis_version');
  });

  test('knows nobody without a name', () => {
    expect(redis(null, 'PING').out).toContain('NOAUTH');
  });

  test.each([
    ['api', ['FLUSHALL']],
    ['api', ['KEYS', '*']],
    ['api', ['CONFIG', 'GET', '*']],
    ['api', ['PUBLISH', 'sculptor:operations', 'x']],
    ['api', ['GET', 'elsewhere']],
    ['api', ['EVAL', 'return redis.call("FLUSHALL")', '0']],
    ['worker-unprivileged', ['SUBSCRIBE', 'sculptor:operations']],
    ['worker-unprivileged', ['INCR', 'sculptor:rate:x']],
    ['worker-privileged', ['GET', 'sculptor:rate:x']],
    ['worker-privileged', ['FLUSHALL']],
    ['worker-privileged', ['ACL', 'LIST']],
    ['worker-privileged', ['MODULE', 'LIST']],
    ['worker-privileged', ['PUBLISH', 'elsewhere', 'x']],
  ])('refuses %s %j', (user, command) => {
    expect(redis(user, ...command).out).toMatch(/NOPERM|can't run this command|has no permissions to run/);
  });
});

test('Redis has after a restart what one script wrote at once', () => {
  const redis = (...command: string[]) => {
    const password = readFileSync('/etc/sculptor/secrets/redis-worker-privileged', 'utf8').trim();
    const login = ['--no-auth-warning', '--user', 'worker-privileged', '--pass', password];
    return must('redis-cli', ['-s', '/run/sculptor-redis/redis.sock', ...login, ...command]).trim();
  };
  const both = 'redis.call("SET", KEYS[1], "one") redis.call("SET", KEYS[2], "two")';
  redis('EVAL', both, '2', 'sculptor:privileged-default:one', 'sculptor:privileged-default:two');
  must('systemctl', ['restart', 'sculptor-redis.service']);
  expect([
    redis('GET', 'sculptor:privileged-default:one'),
    redis('GET', 'sculptor:privileged-default:two'),
  ]).toEqual(['one', 'two']);
  redis('DEL', 'sculptor:privileged-default:one', 'sculptor:privileged-default:two');
});

describe('MariaDB', () => {
  test.each([
    ["UPDATE operation SET status = 'succeeded'", 'ERROR 1142'],
    ['DELETE FROM operation', 'ERROR 1142'],
    ["INSERT INTO operation (id, status) VALUES ('x', 'succeeded')", 'ERROR 1143'],
    ["INSERT INTO token (id, sha256, role, name) VALUES ('x', 'x', 'administrator', 'x')", 'ERROR 1143'],
    ['SELECT password_hash FROM database_user_version', 'ERROR 1143'],
    [
      "CALL sculptor_door.put_database('daaaaaaaaaaa', 'mine', 'utf8mb4', 'utf8mb4_bin', 'default')",
      'ERROR 1370',
    ],
  ])('refuses www-data %s', (statement, error) => {
    expect(as('www-data', 'mariadb', 'sculptor', `--execute=${statement}`).err).toContain(error);
  });

  test.each([
    ['CREATE DATABASE mine', 'ERROR 1044'],
    ['SELECT user FROM mysql.global_priv', 'ERROR 1142'],
    ["UPDATE sculptor_door.managed_database SET name = 'mysql'", 'ERROR 1142'],
    [
      "CALL sculptor_door.put_database('daaaaaaaaaaa', 'mysql', 'utf8mb4', 'utf8mb4_bin', 'default')",
      'invalid_request',
    ],
    [
      "CALL sculptor_door.put_database('daaaaaaaaaaa', 'a\n', 'utf8mb4', 'utf8mb4_bin', 'default')",
      'invalid_request',
    ],
    [
      "CALL sculptor_door.put_user('uaaaaaaaaaaa', 'dzzzzzzzzzzz', 'root', 'all', CONCAT('*', REPEAT('0', 40)), NULL)",
      'invalid_request',
    ],
  ])('refuses sculptor %s', (statement, error) => {
    expect(as('sculptor', 'mariadb', 'sculptor', `--execute=${statement}`).err).toContain(error);
  });

  test.each(['root', 'sculptor', 'sculptor_door'])('does not take www-data for %s', (account) => {
    expect(as('www-data', 'mariadb', `--user=${account}`, '--execute=SELECT 1').err).toMatch(/denied|locked/);
  });
});

describe('the sandbox of the processes that face the network', () => {
  test.each(['sculptor-api.service', 'sculptor-worker-unprivileged.service'])(
    '%s sees neither sites nor the privileged side, and can start no program',
    (service) => {
      const inside = ['--target', pidOf(service), '--mount'];
      // Not even root could: the programs of this server cannot be executed there.
      expect(run('nsenter', [...inside, '/bin/true']).err).toContain('Permission denied');
      const root = `/proc/${pidOf(service)}/root`;
      for (const hidden of [
        '/home',
        '/root',
        '/var/lib/sculptor',
        '/var/lib/sculptor-root',
        '/run/sculptor-php',
      ]) {
        expect([hidden, must('find', [root + hidden, '-mindepth', '1'])]).toEqual([hidden, '']);
      }
    },
  );

  test.each(SERVICES.filter((unit) => unit.startsWith('sculptor') && unit.endsWith('.service')))(
    '%s can gain no privilege',
    (service) => {
      const status = readFileSync(`/proc/${pidOf(service)}/status`, 'utf8');
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      expect(status).toMatch(/^Seccomp:\t2$/m);
      if (service !== 'sculptor-executor.service') expect(status).toMatch(/^CapBnd:\t0{16}$/m);
    },
  );
});

describe.each(['127.0.0.1', '::1'])('on %s', (host) => {
  test.each(['unknown.example', 'live', '..', '%2e%2e', 'sites', '127.0.0.1', 'localhost'])(
    'a request for the unknown host %j is closed without an answer',
    async (name) => {
      const asked = exchange({ host, port: 80, method: 'GET', path: '/', headers: { host: name } });
      // nginx calls a host with dots only malformed, which is not a host at all.
      if (name === '..') await expect(asked).resolves.toMatchObject({ status: 400 });
      else await expect(asked).rejects.toMatchObject({ code: 'ECONNRESET' });
    },
  );

  test.each([
    ['unknown.example', 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR'],
    ['localhost', 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME'],
    [undefined, 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME'],
  ])('a handshake for %s ends without a certificate', async (servername, end) => {
    const shown = await new Promise((resolve) => {
      const options = { host, port: 443, rejectUnauthorized: false, ...(servername && { servername }) };
      const socket = connect(options, () => resolve(socket.getPeerCertificate().subject));
      socket.on('error', ({ code }: { code?: string }) => resolve(code));
    });
    expect(shown).toBe(end);
  });

  test("the API answers over TLS under the server's own name, with its own certificate", async () => {
    const options = {
      host,
      port: 443,
      path: '/v1/health/ready',
      servername: CONFIG.serverName,
      headers: { host: CONFIG.serverName },
      ca: readFileSync('/etc/sculptor/tls/server.crt'),
      agent: false,
    };
    const status = await new Promise((resolve, reject) => {
      request(options, (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });

  test('plain HTTP for that name leads to TLS', async () => {
    const headers = { host: CONFIG.serverName };
    const answer = await exchange({ host, port: 80, method: 'GET', path: '/v1/server', headers });
    expect([answer.status, answer.headers.location]).toEqual([308, `https://${CONFIG.serverName}/v1/server`]);
  });
});

describe('install.sh', () => {
  test('run again says unchanged of everything, and restarts nothing', () => {
    const state = () =>
      must('systemctl', [
        'show',
        '--property=Id,MainPID,NRestarts,ActiveEnterTimestampMonotonic',
        ...SERVICES,
      ]);
    const workers = () => must('pgrep', ['-x', 'nginx']);
    const before = [state(), workers()];
    const story = must(INSTALLER, ['--yes']);
    expect(lines(story).filter((line) => /^(created|changed) /.test(line))).toEqual([]);
    expect(lines(story).filter((line) => line.startsWith('unchanged ')).length).toBeGreaterThan(80);
    expect(story).toContain('Nothing had to change');
    expect([state(), workers()]).toEqual(before);
  });

  test('makes the administrator another token when that is revoked, though a tenant calls its own the same', () => {
    rmSync(TOKEN_FILE);
    rootSql(`INSERT INTO sculptor.token (id, sha256, role, name, expires_at, made_by)
      SELECT 'tsamename000', 'x', 'tenant', name, UTC_TIMESTAMP() + INTERVAL 1 DAY, id FROM sculptor.token
      WHERE role = 'administrator' AND name = 'installation' LIMIT 1;
      INSERT INTO sculptor.token_revocation (token_id, actor) SELECT id, 'root' FROM sculptor.token
      WHERE role = 'administrator' AND name = 'installation'`);
    const story = must(INSTALLER, ['--yes']);
    rootSql(`UPDATE sculptor.token SET name = 'replaced' WHERE name = 'installation'
      AND (role = 'tenant' OR id IN (SELECT token_id FROM sculptor.token_revocation))`);
    expect(story).toMatch(/^created +the administrator's token is known to the API$/m);
    expect(sculptorctl('domain', 'list').code).toBe(0);
  });

  test('refuses an unknown argument with its usage and exit code 2', () => {
    const { code, err } = run(INSTALLER, ['--frobnicate']);
    expect([code, err]).toEqual([2, expect.stringContaining('Usage: install.sh')]);
  });

  test('does nothing when nobody can be asked', () => {
    const { code, err, out } = run(INSTALLER, []);
    expect([code, err]).toEqual([1, expect.stringContaining('say --yes')]);
    expect(out).not.toMatch(/^(created|changed) /m);
  });

  test('is for root', () => {
    const { code, err } = as('nobody', INSTALLER, '--yes');
    expect([code, err]).toEqual([1, 'install.sh: This is for root: run it as root, or with sudo.\n']);
  });
});
