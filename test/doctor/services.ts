import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must, run } from '../machine/server.ts';
import type { Sabotage } from './sabotage.ts';
import { all, commands, until, write, type Undo } from './spoil.ts';

const NGINX = '/etc/nginx/sculptor';
const DROP_IN = '/etc/systemd/system/sculptor-api.service.d/more.conf';
const TLS = '/etc/sculptor/tls';
const readAnew = () => void must('systemctl', ['daemon-reload']);

/** Redis reads its files when it starts. */
function redisWith(path: string, text: (before: string) => string): Promise<Undo> {
  const restart = () => commands([['systemctl', 'restart', 'sculptor-redis.service']], []);
  return all(
    () => () => void restart(),
    () => write(path, text),
    restart,
  );
}

/** The workers that there were go when new ones are there. */
async function reloadNginx(user: string): Promise<void> {
  must('nginx', ['-c', `${NGINX}/nginx.conf`, '-s', 'reload']);
  const workers = () =>
    run('ps', ['-C', 'nginx', '-o', 'user:32='])
      .out.split(/\s+/)
      .filter((name) => name !== '' && name !== 'root');
  await until(() => workers().length > 0 && workers().every((name) => name === user));
}

/** As often as is said; each time it is back by itself. */
export async function killedRedis(times: number): Promise<Undo> {
  const unit = 'sculptor-redis.service';
  const pid = () => must('systemctl', ['show', '--property=MainPID', '--value', unit]).trim();
  for (let killed = 0; killed < times; killed += 1) {
    const before = pid();
    must('kill', ['-KILL', before]);
    await until(
      () => !['0', before].includes(pid()) && run('systemctl', ['is-active', unit]).out === 'active\n',
    );
  }
  return commands([], [['systemctl', 'restart', unit]]);
}

/** Unpacked and not set up, as after a kill of dpkg. */
function halfwayPackage(): Undo {
  const folder = mkdtempSync(join(tmpdir(), 'half-'));
  mkdirSync(join(folder, 'DEBIAN'));
  const fields: readonly string[] = [
    'Package: sculptor-half',
    'Version: 1',
    'Architecture: all',
    'Maintainer: nobody <nobody@example.com>',
  ];
  writeFileSync(join(folder, 'DEBIAN/control'), `${fields.join('\n')}\nDescription: nothing\n`);
  chmodSync(folder, 0o755);
  must('dpkg-deb', ['--build', '--root-owner-group', folder, `${folder}.deb`]);
  must('dpkg', ['--unpack', `${folder}.deb`]);
  rmSync(folder, { recursive: true });
  return () => {
    must('dpkg', ['--purge', 'sculptor-half']);
    rmSync(`${folder}.deb`);
  };
}

const renewed = () => void must('systemctl', ['reload', 'sculptor-firewall.service']);

/** The units and services as they are set up, and as they run. */
export const SERVICES: readonly Sabotage[] = [
  {
    name: 'a later file of apt that has security updates not install themselves',
    spoil: () => write('/etc/apt/apt.conf.d/99zz', () => 'APT::Periodic::Unattended-Upgrade "0";\n'),
    check: 'updates',
    sentence: /^APT::Periodic::Unattended-Upgrade is 0: no security update installs itself\.$/,
  },
  {
    name: 'a package that dpkg was left half-way with',
    spoil: halfwayPackage,
    check: 'updates',
    sentence:
      /^A package was left half-way by dpkg, and no update installs itself until that is mended: sculptor-half\.$/,
  },
  {
    name: 'a timer of updates that is off',
    spoil: () =>
      commands(
        [['systemctl', 'stop', 'apt-daily-upgrade.timer']],
        [['systemctl', 'start', 'apt-daily-upgrade.timer']],
      ),
    check: 'updates',
    sentence: /^apt-daily-upgrade\.timer is inactive: no security update installs itself\.$/,
  },
  {
    name: 'a program of Supervisor’s that is nobody’s queue',
    spoil: () =>
      write('/etc/sculptor/supervised/other.conf', () => '[program:other]\ncommand=/bin/sleep 1\n'),
    check: 'programs',
    sentence: /^Supervisor is told of other\.conf, which is no queue that is registered\.$/,
  },
  {
    name: 'words of a program that nobody registered',
    spoil: () => write('/etc/sculptor/programs/x1x1x1x1x1x1', () => 'true\0'),
    check: 'programs',
    sentence: /^\/etc\/sculptor\/programs\/x1x1x1x1x1x1 is a program that nobody registered\.$/,
  },
  {
    name: 'a kernel that knows nothing of our rules',
    spoil: () => {
      must('nft', ['delete', 'table', 'inet', 'sculptor']);
      return Promise.resolve(renewed);
    },
    check: 'firewall',
    sentence: /^The kernel has no table sculptor: nothing is closed to the network\.$/,
  },
  {
    name: 'a rule that somebody put among ours',
    spoil: () => {
      must('nft', ['insert', 'rule', 'inet', 'sculptor', 'input', 'tcp', 'dport', '3306', 'accept']);
      return Promise.resolve(renewed);
    },
    check: 'firewall',
    sentence: /^The table sculptor in the kernel is not as \/etc\/sculptor\/firewall\/rules\.nft says\.$/,
  },
  {
    name: 'a drop-in that takes the sandbox away',
    spoil: () =>
      all(
        () => readAnew,
        () => write(DROP_IN, () => '[Service]\nNoNewPrivileges=no\n'),
        () => {
          readAnew();
          return () => undefined;
        },
      ),
    check: 'units',
    sentence: /^NoNewPrivileges of sculptor-api\.service is no and should be yes\.$/,
  },
  {
    name: 'a drop-in of anything',
    spoil: () =>
      all(
        () => readAnew,
        () => write(DROP_IN, () => '[Service]\nNice=1\n'),
        () => {
          readAnew();
          return () => undefined;
        },
      ),
    check: 'units',
    sentence:
      /^sculptor-api\.service has a drop-in that is not the agent's, \/etc\/systemd\/system\/sculptor-api\.service\.d\/more\.conf\.$/,
  },
  {
    name: 'a service that is not there after the next start',
    spoil: () =>
      commands(
        [['systemctl', 'disable', 'sculptor-worker-unprivileged.service']],
        [['systemctl', 'enable', 'sculptor-worker-unprivileged.service']],
      ),
    check: 'units',
    sentence: /^sculptor-worker-unprivileged\.service is disabled: /,
  },
  {
    name: 'a service that was stopped',
    spoil: () =>
      commands(
        [['systemctl', 'stop', 'sculptor-worker-unprivileged.service']],
        [['systemctl', 'start', 'sculptor-worker-unprivileged.service']],
      ),
    check: 'units',
    sentence: /^sculptor-worker-unprivileged\.service is inactive and should be active\.$/,
  },
  {
    name: "a site's socket that was stopped",
    spoil: ({ php }) =>
      commands(
        [['systemctl', 'stop', `sculptor-php@${php}.socket`, `sculptor-php@${php}.service`]],
        [['systemctl', 'start', `sculptor-php@${php}.socket`]],
      ),
    check: 'units',
    sentence: /^sculptor-php@\w+\.socket of php\.example is .* and should be active\.$/,
  },
  {
    name: 'something that listens for the whole network',
    spoil: async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(8099, '0.0.0.0', resolve));
      return () => new Promise<void>((resolve) => server.close(() => resolve()));
    },
    check: 'listeners',
    sentence: /^\S+ listens on 0\.0\.0\.0:8099 \(tcp\), which the whole network reaches\.$/,
  },
  {
    name: "nginx's workers as www-data",
    spoil: () =>
      all(
        () => () => reloadNginx('nginx'),
        () => write(`${NGINX}/nginx.conf`, (text) => text.replace(/^user nginx;/m, 'user www-data;')),
        async () => {
          await reloadNginx('www-data');
          return () => undefined;
        },
      ),
    check: 'nginx',
    sentence: /^nginx's worker \d+ does not run as nginx\.$/,
  },
  {
    name: 'a configuration that nginx does not take',
    spoil: () => write(`${NGINX}/parts/fastcgi.conf`, (text) => `${text}nonsense;\n`),
    check: 'nginx',
    sentence: /^nginx does not take its configuration: .*unknown directive "nonsense"/,
  },
  {
    name: 'a server block of somebody else',
    spoil: () => write(`${NGINX}/agent/more.conf`, () => 'server { listen 127.0.0.1:8098; root /; }\n'),
    check: 'nginx',
    sentence: /^\/etc\/nginx\/sculptor\/agent\/more\.conf is not the agent's, and nginx reads it\.$/,
  },
  {
    name: 'links followed from one site into another',
    spoil: () => write(`${NGINX}/parts/serve.conf`, (text) => text.replace(/^\s*disable_symlinks.*$/m, '')),
    check: 'nginx',
    sentence: /^nginx follows links from one site into another: /,
  },
  {
    name: "Redis's default user on",
    spoil: () =>
      redisWith('/etc/sculptor/redis.acl', (text) =>
        text.replace('user default off resetpass', 'user default on nopass'),
      ),
    check: 'redis',
    sentence: /^Redis answers whoever has no account\.$/,
  },
  {
    name: 'a port for Redis',
    spoil: () => redisWith('/etc/sculptor/redis.conf', (text) => text.replace(/^port 0$/m, 'port 6379')),
    check: 'redis',
    sentence: /^Redis is told to listen on port 6379, and may have none\.$/,
  },
  {
    name: 'a wider account for the API in Redis',
    spoil: () => redisWith('/etc/sculptor/redis.acl', (text) => text.replace(/^(user api .*)$/m, '$1 +@all')),
    check: 'redis',
    sentence: /^Redis's account api may do more than its process calls\.$/,
  },
  {
    name: 'a certificate that has ended',
    spoil: () => {
      must('openssl', ['req', '-new', '-key', `${TLS}/server.key`, '-subj', '/CN=x', '-out', '/run/csr']);
      must('openssl', [
        'x509',
        '-req',
        '-in',
        '/run/csr',
        '-signkey',
        `${TLS}/server.key`,
        '-days',
        '-1',
        '-out',
        '/run/crt',
      ]);
      return commands(
        [
          ['cp', '--preserve', `${TLS}/server.crt`, '/run/before.crt'],
          ['cp', '/run/crt', `${TLS}/server.crt`],
        ],
        [['cp', '--preserve', '/run/before.crt', `${TLS}/server.crt`]],
      );
    },
    check: 'certificates',
    sentence: /^\/etc\/sculptor\/tls\/server\.crt has ended on \d{4}-\d{2}-\d{2}\.$/,
  },
  {
    name: 'the key of another certificate',
    spoil: () =>
      commands(
        [
          ['cp', '--preserve', `${TLS}/server.key`, '/run/before.key'],
          ['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', `${TLS}/server.key`],
        ],
        [['cp', '--preserve', '/run/before.key', `${TLS}/server.key`]],
      ),
    check: 'certificates',
    sentence: /^\/etc\/sculptor\/tls\/server\.key is not the key of \/etc\/sculptor\/tls\/server\.crt\.$/,
  },
];
