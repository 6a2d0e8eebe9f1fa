import { readFileSync } from 'node:fs';
import { all, append, chmod, commands, start, write } from './spoil.ts';
import type { Sabotage } from './sabotage.ts';

const uidOf = (user: string) =>
  readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === user)?.[2] ?? '';

/** Users, groups, sudo, and what runs as whom. */
export const ACCOUNTS: readonly Sabotage[] = [
  {
    name: "a site's user in nginx's group",
    spoil: ({ php }) =>
      commands([['gpasswd', '--add', `s-${php}`, 'nginx']], [['gpasswd', '--delete', `s-${php}`, 'nginx']]),
    check: 'users',
    sentence: /^s-\w+ is in the group nginx, /,
  },
  {
    name: 'somebody in the group of the queue',
    spoil: () =>
      commands(
        [['gpasswd', '--add', 'games', 'sculptor-queue']],
        [['gpasswd', '--delete', 'games', 'sculptor-queue']],
      ),
    check: 'users',
    sentence: /^games is in the group sculptor-queue, /,
  },
  {
    name: 'sculptor in the group sudo',
    spoil: () =>
      commands([['gpasswd', '--add', 'sculptor', 'sudo']], [['gpasswd', '--delete', 'sculptor', 'sudo']]),
    check: 'users',
    sentence: /^sculptor is in the group sudo, /,
  },
  {
    name: 'a shell for sculptor',
    spoil: () =>
      write('/etc/passwd', (text) => text.replace(/^(sculptor:.*):\/usr\/sbin\/nologin$/m, '$1:/bin/bash')),
    check: 'users',
    sentence: /^The user sculptor has the shell \/bin\/bash and should have none\.$/,
  },
  {
    name: 'a password for nginx',
    spoil: () => write('/etc/shadow', (text) => text.replace(/^nginx:[^:]*:/m, 'nginx:$y$j9T$x$x:')),
    check: 'users',
    sentence: /^The user nginx has a password and should have none\.$/,
  },
  {
    name: "a password for nginx's group",
    spoil: () => write('/etc/gshadow', (text) => text.replace(/^nginx:[^:]*:/m, 'nginx:$y$j9T$x$x:')),
    check: 'users',
    sentence: /^The group nginx has a password: /,
  },
  {
    name: "a second name for www-data's number",
    spoil: () => append('/etc/passwd', `mallory:x:${uidOf('www-data')}:100::/nonexistent:/usr/sbin/nologin`),
    check: 'users',
    sentence: /^The users www-data and mallory have one number, 33: /,
  },
  {
    name: 'a user of a site that is not there',
    spoil: () => append('/etc/passwd', 's-nobodysite12:x:70123:70123::/home/www/x:/usr/sbin/nologin'),
    check: 'users',
    sentence: /^The user s-nobodysite12 belongs to no site that is here\.$/,
  },
  {
    name: 'the user of a removed site unlocked',
    spoil: ({ removed }) =>
      commands(
        [['usermod', '--expiredate', '', `s-${removed}`]],
        [['usermod', '--expiredate', '1', `s-${removed}`]],
      ),
    check: 'users',
    sentence: /^The user s-\w+ of a site in the trash is not locked\.$/,
  },
  {
    name: 'a second rule of sudo',
    spoil: () => write('/etc/sudoers.d/more', () => 'www-data ALL=(ALL) NOPASSWD: /usr/bin/id\n', 0o440),
    check: 'sudoers',
    sentence: /^sudo lets www-data run \(ALL\) NOPASSWD: \/usr\/bin\/id, and should not\.$/,
  },
  {
    name: 'a rule of sudo for everybody',
    spoil: () => write('/etc/sudoers.d/more', () => 'ALL ALL=(root) NOPASSWD: /usr/bin/tee\n', 0o440),
    check: 'sudoers',
    sentence: /^sudo lets s-\w+ run \(root\) NOPASSWD: \/usr\/bin\/tee, and should not\.$/,
  },
  {
    name: 'a rule that sudo does not understand',
    spoil: () => write('/etc/sudoers.d/more', () => 'this is no rule\n', 0o440),
    check: 'sudoers',
    sentence: /^visudo -c does not take sudo's files: .*\/etc\/sudoers\.d\/more/,
  },
  {
    name: "sudo's file writable by everybody",
    spoil: () => chmod('/etc/sudoers.d/sculptor', 0o666),
    check: 'sudoers',
    sentence: /^\/etc\/sudoers\.d\/sculptor has the mode 666: /,
  },
  {
    name: 'a job of root that everybody can write',
    spoil: () => write('/etc/cron.d/more', () => '# nothing\n', 0o666),
    check: 'jobs',
    sentence: /^\/etc\/cron\.d\/more has the mode 666: /,
  },
  {
    name: 'another process as www-data',
    spoil: () => start('setpriv', '--reuid=www-data', '--regid=www-data', '--clear-groups', 'sleep', '600'),
    check: 'processes',
    sentence: /^Process \d+ \(sleep 600\) runs as www-data, and is not the agent's\.$/,
  },
  {
    name: "a process in nginx's group",
    spoil: () => start('setpriv', '--regid=nginx', '--clear-groups', 'sleep', '600'),
    check: 'processes',
    sentence: /^Process \d+ \(sleep 600\) runs in the group nginx, and is not nginx\.$/,
  },
  {
    name: 'a process of a removed site',
    spoil: ({ removed }) =>
      start('setpriv', `--reuid=${uidOf(`s-${removed}`)}`, '--clear-groups', 'sleep', '600'),
    check: 'processes',
    sentence: /^Process \d+ \(sleep 600\) runs as s-\w+, whose site removed\.example was removed\.$/,
  },
  {
    name: 'a php-fpm that runs as www-data',
    spoil: () =>
      all(
        () =>
          write(
            '/etc/pool.conf',
            () =>
              '[global]\nerror_log = /dev/null\n[x]\nlisten = 127.0.0.1:9999\npm = static\npm.max_children = 1\n',
          ),
        () =>
          start(
            'setpriv',
            '--reuid=www-data',
            '--regid=www-data',
            '--clear-groups',
            '/usr/sbin/php-fpm8.2',
            '-F',
            '-y',
            '/etc/pool.conf',
          ),
      ),
    check: 'php',
    sentence: /^Process \d+ \(.*\) is a php-fpm that runs as www-data, who is no site\.$/,
  },
  {
    name: "the distribution's pool switched on",
    spoil: () =>
      commands(
        [
          ['systemctl', 'unmask', 'php8.2-fpm.service'],
          ['systemctl', 'start', 'php8.2-fpm.service'],
        ],
        [['systemctl', 'mask', '--now', 'php8.2-fpm.service']],
      ),
    check: 'php',
    sentence: /^The distribution's php8\.2-fpm\.service is not masked: /,
  },
];
