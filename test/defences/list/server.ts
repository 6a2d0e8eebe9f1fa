import type { Defence } from '../defence.ts';

const INSTALLED = 'test/machine/installation.test.ts';
const NEIGHBOURS = 'test/attack/neighbours.test.ts';

/** What the system keeps apart: sudo, units, sockets, nginx. */
export const SERVER: readonly Defence[] = [
  {
    name: 'sudo without an argument',
    against: 'options for the program that root runs',
    change: {
      file: 'systemd/sudoers',
      from: '/usr/lib/sculptor/executor ""',
      to: '/usr/lib/sculptor/executor',
    },
    noticed: { file: INSTALLED, test: 'sudo refuses sculptor an argument' },
  },
  {
    name: 'environment of the executor',
    against: 'NODE_OPTIONS that run code as root',
    change: { file: 'systemd/executor', from: 'exec /usr/bin/env -i PATH', to: 'exec /usr/bin/env PATH' },
    noticed: {
      file: 'test/machine/executor.test.ts',
      test: 'who may ask nothing in the environment of the caller gets a say',
    },
  },
  {
    name: 'mode of the executor’s socket',
    against: 'everybody as the privileged worker',
    change: {
      file: 'systemd/units/sculptor-executor.socket',
      from: 'SocketMode=0600',
      to: 'SocketMode=0666',
    },
    noticed: { file: 'test/machine/executor.test.ts', test: 'who may ask www-data is let in neither way' },
  },
  {
    name: 'mode of PHP’s socket',
    against: 'a neighbour that runs code as the victim',
    change: { file: 'systemd/units/sculptor-php@.socket', from: 'SocketMode=0660', to: 'SocketMode=0666' },
    noticed: { file: NEIGHBOURS, test: 'row 41: nobody but nginx can speak to a site’s PHP' },
  },
  {
    name: 'what the firewall drops',
    against: 'whatever somebody starts on a port',
    change: {
      file: 'worker-privileged/executor/render/firewall.ts',
      from: 'policy drop;',
      to: 'policy accept;',
    },
    noticed: {
      file: 'test/machine/firewall.test.ts',
      test: 'ssh, http and https are open, and nothing else that listens is',
    },
  },
  {
    name: 'who is there by ssh can come again',
    against: 'a change of the firewall that shuts its maker out',
    change: {
      file: 'worker-privileged/executor/admin/firewall-change.ts',
      from: '    requireWayIn(settings, ssh);\n',
      to: '',
    },
    noticed: {
      file: 'test/unit/executor/firewall.test.ts',
      test: 'root cannot close ssh to who is here by it',
    },
  },
  {
    name: 'a change over ssh is on trial',
    against: 'a firewall that nobody can take back any more',
    change: {
      file: 'worker-privileged/executor/admin/firewall-change.ts',
      from: 'held || ssh.sessions.length === 0',
      to: 'held || ssh.sessions.length >= 0',
    },
    noticed: {
      file: 'test/unit/executor/firewall.test.ts',
      test: 'root over ssh has a change on trial, which holds when it is confirmed and not before',
    },
  },
  {
    name: 'disable_symlinks',
    against: 'nginx as a reader of a neighbour’s files',
    change: {
      file: 'systemd/nginx/parts/serve.conf',
      from: 'disable_symlinks if_not_owner from=$sculptor_site/home;',
      to: '',
    },
    noticed: {
      file: NEIGHBOURS,
      test: 'row 43: nginx does not follow a link to a file of somebody else',
    },
  },
  {
    name: 'host names are anchored',
    against: 'a Host that becomes a path of another’s',
    change: {
      file: 'systemd/nginx/nginx.conf',
      from: '"~^(?=.{1,80}\\z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\z" $host;',
      to: '"~." $host;',
    },
    noticed: {
      file: 'test/render/nginx.test.ts',
      test: 'a name that is nearly a site’s goes to the generic server block, and only as a name',
    },
  },
  {
    name: 'nginx says who called',
    against: 'an address that a caller has made up',
    change: {
      file: 'systemd/nginx/agent/api.conf',
      from: 'proxy_set_header X-Forwarded-For $remote_addr;',
      to: 'proxy_set_header X-Forwarded-For $http_x_forwarded_for;',
    },
    noticed: {
      file: 'test/attack/http.test.ts',
      test: 'row 33: what a caller says of itself is not believed: X-Forwarded-For',
    },
  },
  {
    name: 'tokens in no log of nginx',
    against: 'whoever reads logs',
    change: { file: 'systemd/nginx/nginx.conf', from: '"~sculptor_[A-Za-z0-9_-]{43}" "[secret]";', to: '' },
    noticed: {
      file: 'test/attack/secrets.test.ts',
      test: 'a password and a token that were made, used and ended are nowhere on the server',
    },
  },
  {
    name: 'the API starts no program',
    against: 'a shell by way of the API',
    change: { file: 'systemd/units/sculptor-api.service', from: 'NoExecPaths=/\n', to: '' },
    noticed: {
      file: INSTALLED,
      test: 'the sandbox of the processes that face the network sculptor-api.service sees neither sites nor the privileged side, and can start no program',
    },
  },
  {
    name: 'a /tmp of its own',
    against: 'a neighbour’s temporary files and sockets',
    change: {
      file: 'systemd/units/sculptor-php@.service',
      from: 'PrivateTmp=yes\n',
      to: 'ReadWritePaths=/tmp\n',
    },
    noticed: {
      file: NEIGHBOURS,
      test: 'row 44: a site’s PHP sees its own processes only, a /tmp of its own, and no socket of the agent',
    },
  },
  {
    name: 'processes of others are hidden',
    against: 'arguments and environments of neighbours',
    change: { file: 'systemd/units/sculptor-php@.service', from: 'ProtectProc=invisible\n', to: '' },
    noticed: {
      file: NEIGHBOURS,
      test: 'row 44: a site’s PHP sees its own processes only, a /tmp of its own, and no socket of the agent',
    },
  },
  {
    name: 'the administrator’s token is root’s to read',
    against: 'every user of the server as administrator',
    change: {
      file: 'scripts/install/mariadb.sh',
      from: '[ ! -e "$token_file" ] || ensure_rights "$token_file" 0600 root:root',
      to: 'chmod 0644 "$token_file"',
    },
    noticed: { file: INSTALLED, test: '/etc/sculptor/admin-token belongs to root:root 600' },
  },
];
