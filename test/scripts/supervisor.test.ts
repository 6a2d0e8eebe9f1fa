import { LACKS } from '../../worker-privileged/executor/doctor/without-systemd.ts';
import { blocksOf } from './commands.ts';
import { ownPrograms } from './supervisor/own-programs.ts';
import { MADE, programs } from './supervisor/programs.ts';
import { services } from './supervisor/services.ts';
import { tenants } from './supervisor/tenants.ts';
import { SITE as SHARED_SITE } from './supervisor/topic.ts';
import { cut, tell, TREE, type Story } from './throwaway.ts';

/* The same installation where PID 1 is not systemd: the processes run under Supervisor. */

const SITE = [
  'sculptorctl domain create plain.example',
  'id=$(sculptorctl domain show plain.example --json | sed -n \'s/^ *"id": "\\(.*\\)",$/\\1/p\')',
  'echo \'<?php echo exec("id -un"), " serves ", $_SERVER["SERVER_NAME"];\' |',
  '  runuser -u "s-$id" -- tee /home/www/plain.example/public/index.php >/dev/null',
];

const VISIT = "curl --silent --header 'Host: plain.example' http://127.0.0.1/";

/** A removal beyond the cap waits, and says so. */
const HELD_BACK = [
  'sculptorctl domain create held.example --type static',
  'sculptorctl domain delete held.example --no-wait',
  'until sculptorctl notification list | grep limit_reached; do sleep 0.2; done',
  "curl --silent --output /dev/null --write-out '%{http_code}' --header 'Host: held.example' http://127.0.0.1/",
];

const TOPICS = [programs, services, ownPrograms, tenants];

/** As when a container is started anew. */
const AGAIN = [
  ...[cut('again'), 'supervisorctl shutdown', 'while pgrep -x supervisord; do sleep 0.2; done'],
  ...['pgrep -u "s-$site" || echo nothing', 'supervisord -c /etc/supervisor/supervisord.conf'],
  'until sculptorctl health >/dev/null && [ "$(pgrep -c -u "s-$site" -x php)" = 2 ]; do sleep 0.5; done',
  'until_state worker running',
  ...['until ! supervisorctl status | grep STARTING; do sleep 0.5; done', 'supervisorctl status || true'],
  ...[cut('own again'), 'until own; do sleep 0.3; done'],
  ...[cut('doctor of all'), 'sculptorctl doctor && echo green'],
];

/** What was made for a site goes with it. */
const ENDED = [
  ...[cut('ended'), 'acme domain delete parts.example', 'acme domain delete own.example'],
  'pgrep -u "s-$site,s-$own" || echo nothing',
  'find /etc/cron.d /etc/supervisor/conf.d /etc/sculptor/keys /var/lib/sculptor-relay -name "*sculptor-part*" -o -name "*s-*" -o -name "*$site*" -o -name "*$own*"',
  'sculptorctl doctor && echo green',
];

let story: Story;

function script(): string {
  const install = blocksOf('README.md')[0]?.text ?? '';
  return [
    ...[cut('first'), install, cut('second'), install, cut('before'), 'supervisorctl status'],
    ...[cut('site'), ...SITE],
    ...[cut('id'), 'echo "$id"', cut('page'), VISIT],
    ...[cut('processes'), 'ps -e -o user:32=,args='],
    ...[cut('doctor'), 'sculptorctl doctor && echo green'],
    ...[
      cut('sabotage'),
      'chmod 0666 "/var/lib/sculptor-php/$id.sock"',
      'sculptorctl doctor || echo red',
      'chmod 0660 "/var/lib/sculptor-php/$id.sock"',
      'supervisorctl stop sculptor-worker-unprivileged',
      'sculptorctl doctor || echo red',
      'supervisorctl start sculptor-worker-unprivileged',
    ],
    ...[
      cut('sudo'),
      'sudo -l -U sculptor',
      cut('sockets'),
      'stat --format="%A %U:%G %n" /run/sculptor*/*.sock',
    ],
    ...[cut('limits'), 'cat "/proc/$(pgrep -o -u "s-$id")/limits"'],
    ...[
      cut('delete'),
      'sculptorctl domain delete plain.example',
      cut('gone'),
      'pgrep -u "s-$id" || echo none',
    ],
    ...[cut('closed'), `${VISIT} || echo closed`],
    ...[cut('restore'), 'sculptorctl domain restore "$id"', cut('restored'), VISIT],
    ...[cut('trash'), 'sculptorctl domain delete plain.example', 'sculptorctl trash list'],
    ...[cut('purge'), 'sculptorctl purge domain plain.example'],
    ...[cut('purged'), 'getent passwd "s-$id" || echo none', 'find /home/www/.trash -name "$id-*"'],
    ...[cut('parts'), ...SHARED_SITE, ...MADE, ...TOPICS.flatMap(({ lines }) => lines), ...AGAIN, ...ENDED],
    ...[cut('held'), 'sculptorctl limit set destroyPerHour 0', ...HELD_BACK],
    ...[cut('tokens'), "sculptorctl administrator create 'second'", 'sculptorctl token list'],
    cut('end'),
  ].join('\n');
}

function part(name: string): string {
  const text = story.parts.get(name);
  if (text === undefined) throw new Error(`it did not come to ${name}:\n${story.all.slice(-4_000)}`);
  return text;
}

beforeAll(() => {
  // For the mail host, which is the tests' own.
  story = tell(['chroot', '--bind', `${TREE}/node_modules:/usr/src/node_modules`], script());
}, 1_500_000);

test('without systemd the README installs, and shows the main job', () => {
  expect(part('first')).toMatch(/^created +\/usr\/lib\/sculptor\/app\/$/m);
  expect(part('first')).toMatch(/^ *MariaDB \S+ knows it as demo@localhost, in the database demo$/m);
  part('end');
  expect(story.code).toBe(0);
});

test('run again it finds everything as it should be', () => {
  expect(part('second').match(/^(created|changed) .*$/gm)).toBeNull();
});

test('a site runs as its own user, and goes with its processes', () => {
  expect(part('page').trim()).toBe(`s-${part('id').trim()} serves plain.example`);
  expect(part('gone').trim()).toBe('none');
  expect(part('closed').trim()).toBe('closed');
});

test('a removed site comes back from the trash as it was, and is gone for good when root purges it', () => {
  expect(part('restored').trim()).toBe(part('page').trim());
  expect(part('trash')).toContain(part('id').trim());
  expect(part('purged').trim()).toBe('none');
});

test('caps, notifications and tokens are there without systemd too', () => {
  expect(part('held')).toMatch(/limit_reached .*at most 0 sites and databases an hour[^]*\n403\s*$/);
  expect(part('tokens')).toMatch(/^.*\bsecond\b/m);
});

test.each([
  ['open files', 4096],
  ['processes', 512],
  ['data size', 1_073_741_824],
  ['core file size', 0],
])("without slices a site's own processes bound its %s to %d", (what, most) => {
  expect(part('limits')).toMatch(new RegExp(`^Max ${what} +${most} +${most} `, 'm'));
});

test.each([
  ['www-data', 'api/main.js'],
  ['www-data', 'worker-unprivileged/main.js'],
  ['sculptor', 'worker-privileged/main.js'],
  ['sculptor-mail', 'mailer/main.js'],
  ['redis', 'redis-server'],
  ['mysql', 'mariadbd'],
  ['nginx', 'nginx: worker'],
])('%s runs %s', (user, program) => {
  const lines = part('processes')
    .split('\n')
    .filter((line) => line.includes(program));
  expect(lines.map((line) => line.split(' ')[0])).toContain(user);
  expect(lines.filter((line) => line.startsWith('root'))).toEqual([]);
});

test('sculptor may start one program as root, without arguments', () => {
  expect(part('sudo').match(/\(.*\) .*$/gm)).toEqual([
    '(root : root) NOPASSWD: /usr/lib/sculptor/executor ""',
  ]);
});

test('doctor is content, and says what a server without systemd lacks', () => {
  expect(part('doctor')).toMatch(/^green$/m);
  for (const lack of LACKS) expect(part('doctor')).toContain(`warning  without systemd: ${lack}`);
});

test('doctor names what is not as it should be, here too', () => {
  expect(part('sabotage')).toMatch(
    /^WRONG {4}sockets: \/var\/lib\/sculptor-php\/\w+\.sock is root:nginx 666 and should be root:nginx 660\.$/m,
  );
  expect(part('sabotage')).toMatch(/^WRONG {4}processes: .*worker-unprivileged\/main\.js does not run\.$/m);
  expect(part('sabotage').match(/^red$/gm)).toHaveLength(2);
});

for (const { tests } of TOPICS) tests(part);

test('after a start of the server all of it runs again', () => {
  expect(part('again')).toMatch(/^nothing$/m);
  expect(part('again')).toMatch(/^sculptor-cron +RUNNING[^]*^sculptor-sshd +RUNNING/m);
  expect(part('again')).not.toMatch(/FATAL|BACKOFF|EXITED/);
  expect(part('own again')).toMatch(/^own: http$/m);
  expect(part('doctor of all')).toMatch(/^green$/m);
});

test('with a site goes all that was made for it', () => {
  expect(part('ended')).toMatch(/^nothing\n(?!\/)/m);
  expect(part('ended')).toMatch(/^green$/m);
});

test("the API's socket is for nginx and the API, and Redis's for the agent", () => {
  expect(part('sockets')).toContain('srw-rw---- www-data:nginx /run/sculptor/api.sock');
  expect(part('sockets')).toMatch(/^srwxrwx--- redis:sculptor-queue \/run\/sculptor-redis\/redis\.sock$/m);
});
