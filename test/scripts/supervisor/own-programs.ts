import { cut } from '../throwaway.ts';
import type { Topic } from './topic.ts';

const SERVER = `require('http').createServer((req, res) => res.end('own: ' + req.headers['x-forwarded-proto'] + '\\n')).listen(process.env.PORT)`;

const RELAY: readonly string[] = [
  ...[cut('own program'), 'apt-get -q -y install --no-install-recommends nodejs >/dev/null'],
  'acme domain create own.example --type node',
  'own=$(acme domain show own.example --json | sed -n \'s/^ *"id": "\\(.*\\)",$/\\1/p\')',
  `echo "${SERVER}" | runuser -u "s-$own" -- tee /home/www/own.example/private/server.js >/dev/null`,
  "own() { curl --silent --fail --header 'Host: own.example' http://127.0.0.1/; }",
  'until own; do sleep 0.3; done',
  'pgrep -a -u "s-$own" -f "^/usr/lib/systemd/systemd-socket-proxyd"',
  ...[
    'stat --format="%U:%G %a" "/var/lib/sculptor-relay/$own.sock"',
    'supervisorctl status "sculptor-relay-$own:*"',
  ],
  ...[cut('relay again'), 'pkill -KILL -u "s-$own" -f "^/usr/lib/systemd/systemd-socket-proxyd"'],
  'until own; do sleep 0.3; done',
  ...[
    cut('other type'),
    'acme domain update own.example --type static',
    'pgrep -a -u "s-$own" -f socket-proxyd || echo none',
  ],
  ...['acme domain update own.example --type node', 'until own; do sleep 0.3; done'],
];

const CERTIFICATE: readonly string[] = [
  ...[
    cut('certified'),
    '/usr/lib/sculptor/node/bin/node test/scripts/supervisor/authority.ts own.example /root/roots.pem & authority=$!',
  ],
  'until [ -s /root/roots.pem ]; do sleep 0.2; done',
  'acme certificate set own.example --kind acme',
  'curl --silent --show-error --fail --cacert /root/roots.pem https://own.example/',
  'pgrep -u sculptor-acme || echo "nobody is left"',
  ...['kill "$authority"', 'wait "$authority" || true', 'sculptorctl acme show'],
];

export const ownPrograms: Topic = {
  lines: [...RELAY, ...CERTIFICATE],
  tests: (part) => {
    test('a site is answered by its own program, through a relay that runs as the site', () => {
      expect(part('own program')).toMatch(/^own: http$/m);
      expect(part('own program')).toMatch(
        /^\d+ \S+systemd-socket-proxyd .*\/(\w{12})\/home\/tmp\/app\.sock\nroot:nginx 660\nsculptor-relay-\1 +RUNNING/m,
      );
    });

    test('a relay that was killed is there again, and one of another type is gone until the type comes back', () => {
      expect(part('relay again')).toMatch(/^own: http$/m);
      expect(part('other type')).toMatch(/^none$[^]*^own: http$/m);
    });

    test('certbot obtains a certificate as a user of its own, and leaves nothing running', () => {
      expect(part('certified')).toMatch(/^own: https\nnobody is left$/m);
    });
  },
};
