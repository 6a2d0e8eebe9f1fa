import { mkdirSync, rmdirSync } from 'node:fs';
import { must } from '../machine/server.ts';
import { NAMES } from './sites.ts';
import type { Sabotage } from './sabotage.ts';
import { all, append, chmod, chown, commands, link, write } from './spoil.ts';

const APP = '/usr/lib/sculptor/app';
const FAR = '{"time":"2099-01-01T00:00:00.000Z","event":"begun"}';

/** Code, files, folders, sockets, and what is written in them. */
export const THINGS: readonly Sabotage[] = [
  {
    name: 'a kernel that follows hard links of others',
    spoil: () => {
      const file = '/proc/sys/fs/protected_hardlinks';
      const zero = write('/run/zero', () => '0\n');
      const mounted = commands([['mount', '--bind', '/run/zero', file]], [['umount', file]]);
      return async () => {
        await mounted();
        await zero();
      };
    },
    check: 'kernel',
    sentence: /^fs\.protected_hardlinks is 0 and not 1: /,
  },
  {
    name: "a password for sites' users at sshd, said before what the agent says",
    spoil: () =>
      write('/etc/ssh/sshd_config.d/00-a.conf', () => 'Match User s-*\n  AuthenticationMethods any\n'),
    check: 'sftp',
    sentence: /^sshd does not hold a site's user to "authenticationmethods publickey"\.$/,
  },
  {
    name: 'a key for a site that is in the trash',
    spoil: ({ removed }) => write(`/etc/sculptor/keys/s-${removed}`, () => 'ssh-ed25519 AAAA\n'),
    check: 'sftp',
    sentence: /^\/etc\/sculptor\/keys\/s-\w+ lets in for no site that is here\.$/,
  },
  {
    name: 'a key of a site that nobody asked for',
    spoil: ({ php }) => write(`/etc/sculptor/keys/s-${php}`, () => 'ssh-ed25519 AAAA\n'),
    check: 'sftp',
    sentence: /^\/etc\/sculptor\/keys\/s-\w+ has a key that nobody asked for\.$/,
  },
  {
    name: 'the executor writable by its group',
    spoil: () => chmod('/usr/lib/sculptor/executor', 0o775),
    check: 'code',
    sentence: /^\/usr\/lib\/sculptor\/executor has the mode 775: others than root can change it\.$/,
  },
  {
    name: 'the executor replaced',
    spoil: () => append('/usr/lib/sculptor/executor', 'id'),
    check: 'code',
    sentence: /^\/usr\/lib\/sculptor\/executor is not what was installed\.$/,
  },
  {
    name: "a file of the executor's replaced",
    spoil: () => append(`${APP}/worker-privileged/executor/main.js`, '// more'),
    check: 'code',
    sentence:
      /^\/usr\/lib\/sculptor\/app\/worker-privileged\/executor\/main\.js is not what was installed\.$/,
  },
  {
    name: 'a module that was not installed',
    spoil: () => write(`${APP}/node_modules/more.js`, () => ''),
    check: 'code',
    sentence: /^\/usr\/lib\/sculptor\/app\/node_modules\/more\.js was not installed\.$/,
  },
  {
    name: 'node writable by everybody',
    spoil: () => chmod('/usr/lib/sculptor/node/bin/node', 0o757),
    check: 'code',
    sentence: /^\/usr\/lib\/sculptor\/node\/bin\/node has the mode 757: /,
  },
  {
    name: 'code that belongs to the worker',
    spoil: () => chown(`${APP}/worker-privileged/executor`, 'sculptor'),
    check: 'code',
    sentence:
      /^\/usr\/lib\/sculptor\/app\/worker-privileged\/executor belongs to sculptor:root and should be root's\.$/,
  },
  {
    name: 'a link out of the code',
    spoil: () => link(`${APP}/contract/more`, '/tmp'),
    check: 'code',
    sentence: /^\/usr\/lib\/sculptor\/app\/contract\/more is a link to \/tmp, /,
  },
  {
    name: 'a secret that everybody can read',
    spoil: () => chmod('/etc/sculptor/secrets/redis-worker-privileged', 0o644),
    check: 'files',
    sentence:
      /^\/etc\/sculptor\/secrets\/redis-worker-privileged is root:root 644 and should be root:root 600\.$/,
  },
  {
    name: "an administrator's token that everybody can read",
    spoil: () => chmod('/etc/sculptor/admin-token', 0o644),
    check: 'files',
    sentence: /^\/etc\/sculptor\/admin-token is root:root 644 and should be root:root 600\.$/,
  },
  {
    name: 'the folder of the sites open to everybody',
    spoil: () => chmod('/home/www', 0o777),
    check: 'files',
    sentence: /^\/home\/www is root:root 777 and should be root:root 711\.$/,
  },
  {
    name: 'a unit that says something else',
    spoil: () =>
      all(
        () => () => void must('systemctl', ['daemon-reload']),
        () => append('/etc/systemd/system/sculptor-redis.service', '# more'),
      ),
    check: 'files',
    sentence: /^\/etc\/systemd\/system\/sculptor-redis\.service is not what was installed: /,
  },
  {
    name: 'an entry of the registry that belongs to somebody',
    spoil: ({ php }) => chown(`/var/lib/sculptor-root/registry/${php}.json`, 'sculptor'),
    check: 'files',
    sentence:
      /^\/var\/lib\/sculptor-root\/registry\/\w+\.json belongs to sculptor:root and should be root's\.$/,
  },
  {
    name: 'an entry of the registry that holds nothing',
    spoil: ({ static: id }) => write(`/var/lib/sculptor-root/registry/${id}.json`, () => '{}\n'),
    check: 'records',
    sentence: /^\/var\/lib\/sculptor-root\/registry\/\w+\.json holds no entry of a site\.$/,
  },
  {
    name: 'limits that nobody understands',
    spoil: () => write('/etc/sculptor/limits.json', () => '{"graceHours": "none"}\n'),
    check: 'records',
    sentence: /^\/etc\/sculptor\/limits\.json cannot be understood: /,
  },
  {
    name: 'a number of a user that could be given twice',
    spoil: () => write('/var/lib/sculptor-root/next-uid', () => '66000\n'),
    check: 'records',
    sentence: /next-uid says 66000, and a site has \d+ already: /,
  },
  {
    name: 'an audit that is shorter than root has seen it',
    spoil: () =>
      write('/var/lib/sculptor-root/audit/head.json', (text) =>
        text.replace(/"number":[0-9]+/, '"number":900000000'),
      ),
    check: 'audit',
    sentence: /^Root saw 900000000 seals of the audit, and there are [0-9]+\.$/,
  },
  {
    name: 'a clock that went back',
    spoil: () => append('/var/lib/sculptor-root/audit.log', FAR),
    check: 'clock',
    sentence: /there was a request at 2099-01-01T00:00:00\.000Z: it went back\.$/,
  },
  {
    name: "a site's folder that belongs to the site",
    spoil: ({ php }) => chown(`/home/www/${NAMES.php}`, `s-${php}`),
    check: 'sites',
    sentence: /^\/home\/www\/php\.example is s-\w+:root 755 and should be root:root 755\.$/,
  },
  {
    name: "a site's own folder open to everybody",
    spoil: () => chmod(`/home/www/${NAMES.ownBlock}/private`, 0o755),
    check: 'sites',
    sentence: /^\/home\/www\/own-block\.example\/private is s-\w+:s-\w+ 755 and should be s-\w+:s-\w+ 700\.$/,
  },
  {
    name: 'a name that leads to another site',
    spoil: ({ pooled }) => link(`/etc/sculptor/hosts/www.${NAMES.php}`, `../sites/${pooled}`),
    check: 'sites',
    sentence:
      /^\/etc\/sculptor\/hosts\/www\.php\.example leads to \.\.\/sites\/\w+ and should lead to \.\.\/sites\/\w+\.$/,
  },
  {
    name: 'a name that no site has',
    spoil: ({ php }) => link('/etc/sculptor/hosts/more.example', `../sites/${php}`),
    check: 'sites',
    sentence: /^\/etc\/sculptor\/hosts\/more\.example belongs to no site that is here\.$/,
  },
  {
    name: 'a folder among the sites that is none',
    spoil: () => {
      mkdirSync('/home/www/more.example');
      return () => rmdirSync('/home/www/more.example');
    },
    check: 'sites',
    sentence: /^\/home\/www\/more\.example belongs to no site that is here\.$/,
  },
  {
    name: 'a switched off site that is switched on by hand',
    spoil: ({ disabled }) =>
      commands(
        [['mv', `/etc/sculptor/sites/${disabled}/disabled`, '/run/disabled']],
        [['mv', '/run/disabled', `/etc/sculptor/sites/${disabled}/disabled`]],
      ),
    check: 'sites',
    sentence: /^\/etc\/sculptor\/sites\/\w+\/disabled is not there and should be\.$/,
  },
  {
    name: 'a server block that says something else',
    spoil: ({ ownBlock }) =>
      write(`/etc/nginx/sculptor/sites/${ownBlock}.conf`, (text) =>
        text.replace('a.own-block', 'b.own-block'),
      ),
    check: 'sites',
    sentence: /^\/etc\/nginx\/sculptor\/sites\/\w+\.conf is not what the agent wrote\.$/,
  },
  {
    name: "a site's PHP configured by hand",
    spoil: ({ php }) =>
      append(`/etc/sculptor/sites/${php}/fpm.conf`, 'php_admin_value[auto_prepend_file] = /tmp/x'),
    check: 'php',
    sentence: /^\/etc\/sculptor\/sites\/\w+\/fpm\.conf is not what the agent wrote\.$/,
  },
  {
    name: "the API's socket open to everybody",
    spoil: () => chmod('/run/sculptor/api.sock', 0o666),
    check: 'sockets',
    sentence: /^\/run\/sculptor\/api\.sock is www-data:nginx 666 and should be www-data:nginx 660\.$/,
  },
  {
    name: "a site's PHP open to everybody",
    spoil: ({ php }) => chmod(`/run/sculptor-php/${php}.sock`, 0o666),
    check: 'sockets',
    sentence: /^\/run\/sculptor-php\/\w+\.sock is root:nginx 666 and should be root:nginx 660\.$/,
  },
  {
    name: "the executor's socket in other hands",
    spoil: () => chown('/run/sculptor-executor/executor.sock', 'www-data'),
    check: 'sockets',
    sentence:
      /^\/run\/sculptor-executor\/executor\.sock is www-data:root 600 and should be sculptor:root 600\.$/,
  },
  {
    name: "the folder of the queue's socket open to everybody",
    spoil: () => chmod('/run/sculptor-redis', 0o755),
    check: 'sockets',
    sentence: /^\/run\/sculptor-redis is redis:sculptor-queue 755 and should be redis:sculptor-queue 750\.$/,
  },
];
