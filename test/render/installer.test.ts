import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadConfig } from '../../runtime/config.ts';
import { ExecutorConfig } from '../../worker-privileged/executor/system/config.ts';
import { ready } from '../machine/agent.ts';
import { must, run } from '../machine/server.ts';
import { apart, withFolder } from './apart.ts';
import { parsedBack } from './parsed.ts';

/* What install.sh wrote on this server, told by the programs that read it. */

beforeAll(ready);

const PROCESSES = ['api', 'worker-unprivileged', 'worker-privileged'] as const;
type Process = (typeof PROCESSES)[number];

/** Asks a Redis that was started from the agent's own files; nobody on the server's own may ask this. */
function askRedis(folder: string, ...commands: readonly string[]): string {
  const observer = 'user observer on nopass ~* &* +@all\n';
  writeFileSync(`${folder}/acl`, readFileSync('/etc/sculptor/redis.acl', 'utf8') + observer);
  const script = `mount -t tmpfs tmpfs /run; mkdir /run/sculptor-redis /run/data
    redis-server /etc/sculptor/redis.conf --aclfile "$1/acl" --dir /run/data --daemonize yes >/dev/null
    ask() { redis-cli --no-auth-warning -s /run/sculptor-redis/redis.sock --user observer --pass x "$@"; }
    until ask ping 2>/dev/null | grep -q PONG; do sleep 0.05; done
    ask; ask shutdown nosave`;
  return apart(folder, script, `${commands.join('\n')}\n`);
}

function rulesOf(line: string): ReadonlySet<string> {
  return new Set(
    line
      .replace(/^user \S+ /, '')
      .trim()
      .split(/\s+/),
  );
}

function commandsOf(process: Process): readonly string[] {
  const text = readFileSync(`systemd/redis/commands-${process}`, 'utf8');
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join(' ')
    .trim()
    .split(/\s+/);
}

const CHANNELS: Readonly<Record<Process, readonly string[]>> = {
  api: ['resetchannels', '&sculptor:operations'],
  'worker-unprivileged': ['resetchannels'],
  'worker-privileged': ['resetchannels', '&sculptor:operations'],
};
const KEYS: Readonly<Record<Process, readonly string[]>> = {
  api: ['~sculptor:privileged-default:*', '~sculptor:rate:*'],
  'worker-unprivileged': ['~sculptor:privileged-default:*'],
  'worker-privileged': ['~sculptor:privileged-default:*'],
};

test('Redis knows each process by its secret, with its keys, its channel and its commands, and nobody else', () => {
  withFolder((folder) => {
    const users = askRedis(folder, 'ACL LIST').split('\n').filter(Boolean);
    expect(users.map((line) => line.split(' ')[1]).sort()).toEqual(
      ['default', 'observer', ...PROCESSES].sort(),
    );
    expect(users.find((line) => line.startsWith('user default '))).toMatch(/^user default off /);
    for (const process of PROCESSES) {
      const secret = readFileSync(`/etc/sculptor/secrets/redis-${process}`, 'utf8').trim();
      const hash = `#${createHash('sha256').update(secret).digest('hex')}`;
      const rules = [...CHANNELS[process], ...KEYS[process], '-@all', ...commandsOf(process)];
      const read = rulesOf(users.find((line) => line.startsWith(`user ${process} `)) ?? '');
      const withoutDefaults = [...read].filter((rule) => rule !== 'sanitize-payload');
      expect([process, withoutDefaults.sort()]).toEqual([process, ['on', hash, ...rules].sort()]);
    }
    parsedBack('Redis', 1);
  });
});

test('Redis has every setting as the file says it', () => {
  const meant = readFileSync('systemd/redis/redis.conf', 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(
      (line) =>
        [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).replaceAll('"', '')] as const,
    )
    .filter(([name]) => !['aclfile', 'dir'].includes(name));
  withFolder((folder) => {
    const told = askRedis(folder, ...meant.map(([name]) => `CONFIG GET ${name}`)).split('\n');
    const inBytes = (value: string) =>
      value.replace(/\b(\d+)mb\b/g, (_, number) => String(Number(number) << 20));
    for (const [name, value] of meant.filter(([name]) => name !== 'client-output-buffer-limit')) {
      expect([name, told[told.indexOf(name) + 1]]).toEqual([name, inBytes(value)]);
    }
    for (const [, value] of meant.filter(([name]) => name === 'client-output-buffer-limit')) {
      expect(told[told.indexOf('client-output-buffer-limit') + 1]).toContain(inBytes(value));
    }
    parsedBack('Redis', 1);
  });
});

test('sudo reads one rule: sculptor, as root, one program without an argument', () => {
  must('visudo', ['-cf', '/etc/sudoers.d/sculptor']);
  const read: unknown = JSON.parse(must('cvtsudoers', ['-f', 'json', '/etc/sudoers.d/sculptor']));
  expect(read).toEqual({
    User_Specs: [
      {
        User_List: [{ username: 'sculptor' }],
        Host_List: [{ hostname: 'ALL' }],
        Cmnd_Specs: [
          {
            runasusers: [{ username: 'root' }],
            runasgroups: [{ usergroup: 'root' }],
            Options: [{ authenticate: false }],
            Commands: [{ command: '/usr/lib/sculptor/executor ""' }],
          },
        ],
      },
    ],
  });
  parsedBack('sudo', 1);
});

test('each process reads agent.json as the installer meant it', async () => {
  const config = await loadConfig();
  const { serverName, mode, mariadbSocket, mysqlSocket, mysqlDump } = config;
  expect(config).toMatchObject({ server: 'default', mode: 'systemd', executor: 'socket', apiPort: null });
  const text = readFileSync('/etc/sculptor/agent.json', 'utf8');
  expect(ExecutorConfig.parse(JSON.parse(text))).toEqual({
    ...{ serverName, mode, mariadbSocket, mysqlSocket, mysqlDump },
    ...{ stateDumpsDaily: 7, stateDumpsWeekly: 4, stateDumpsMonthly: 6 },
  });
  expect(readFileSync('/etc/nginx/sculptor/agent/api.conf', 'utf8')).toContain(`server_name ${serverName};`);
  parsedBack('the agent', 1);
});

const UNITS = readdirSync('systemd/units');

/** Settings that systemd answers in the words that they were set with. */
const PLAIN = [
  ...['User', 'Group', 'UMask', 'Type', 'WorkingDirectory', 'Slice', 'NoNewPrivileges', 'ProtectSystem'],
  ...['ProtectHome', 'PrivateTmp', 'PrivateDevices', 'PrivateNetwork', 'PrivateUsers', 'ProtectProc'],
  ...['ProcSubset', 'ProtectKernelTunables', 'ProtectKernelModules', 'ProtectKernelLogs', 'LockPersonality'],
  ...['ProtectControlGroups', 'ProtectClock', 'ProtectHostname', 'RestrictRealtime', 'RestrictSUIDSGID'],
  ...['RemoveIPC', 'SocketUser', 'SocketGroup', 'SocketMode', 'DirectoryMode', 'RemoveOnStop'],
  'RemainAfterElapse',
];

function settingsOf(text: string): readonly (readonly [name: string, value: string])[] {
  const pairs = text
    .split('\n')
    .map((line) => [line.split('=', 1)[0] ?? '', line.replace(/^[^=]*=/, '')] as const);
  return pairs.filter(([name]) => PLAIN.includes(name));
}

test.each(UNITS)('systemd reads %s as it was meant', (unit) => {
  const instance = unit.replace('@.', '@a1b2c3d4e5f6.');
  const { out, err } = run('systemd-analyze', ['verify', `/etc/systemd/system/${unit}`]);
  // A site's master is a link that is there when the site is.
  const said = (out + err)
    .split('\n')
    .filter((line) => line !== '' && !/sites\/i\/php-fpm is not executable/.test(line));
  expect(said).toEqual([]);
  const meant = settingsOf(readFileSync(`systemd/units/${unit}`, 'utf8').replaceAll('%i', 'a1b2c3d4e5f6'));
  expect(meant).not.toEqual([]);
  const told = settingsOf(must('systemctl', ['show', instance]));
  expect(told).toEqual(expect.arrayContaining([...meant]));
  parsedBack('systemd', 1);
});

test('systemd makes the agent’s users and folders as the files say', () => {
  withFolder((folder) => {
    mkdirSync(`${folder}/etc`);
    writeFileSync(`${folder}/etc/group`, 'root:x:0:\nwww-data:x:33:\n');
    writeFileSync(
      `${folder}/etc/passwd`,
      'root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n',
    );
    must(
      'systemd-sysusers',
      [`--root=${folder}`, '/etc/sysusers.d/sculptor.conf'].map((arg) => arg),
      '',
    );
    const users = readFileSync(`${folder}/etc/passwd`, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
    expect(
      users
        .filter(([name = '']) => ['nginx', 'www', 'sculptor'].includes(name))
        .map(([name, , , , , home, shell]) => [name, home, shell])
        .sort(),
    ).toEqual([
      ['nginx', '/nonexistent', '/usr/sbin/nologin'],
      ['sculptor', '/var/lib/sculptor', '/usr/sbin/nologin'],
      ['www', '/nonexistent', '/usr/sbin/nologin'],
    ]);
    expect(readFileSync(`${folder}/etc/group`, 'utf8')).toMatch(/^sculptor-queue:x:\d+:$/m);
    must('systemd-tmpfiles', [`--root=${folder}`, '--create', '/etc/tmpfiles.d/sculptor.conf']);
    const made = must('find', [`${folder}/run`, '-mindepth', '1', '-printf', '%P %m\n']);
    expect(made.split('\n').filter(Boolean).sort()).toEqual([
      'sculptor 2750',
      'sculptor-cache 755',
      'sculptor-executor 755',
      'sculptor-php 755',
      'sculptor-probe 750',
      'sculptor-relay 755',
      'sculptor-updates 755',
    ]);
    parsedBack('systemd-sysusers', 1);
    parsedBack('systemd-tmpfiles', 1);
  });
});

test('logrotate reads its file without a word', () => {
  const { code, err } = run('logrotate', ['--debug', '/etc/logrotate.d/sculptor']);
  expect([
    code,
    err.split('\n').filter((line) => /^(error|warning: (?!logrotate in debug))/.test(line)),
  ]).toEqual([0, []]);
  expect(err).toContain('/var/log/sculptor/nginx/*.log');
  parsedBack('logrotate', 1);
});
