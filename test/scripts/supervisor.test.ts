import { blocksOf } from './commands.ts';
import { cut, tell, type Story } from './throwaway.ts';

/* The same installation where PID 1 is not systemd: the processes run under Supervisor. */

const SITE = [
  'sculptorctl domain create plain.example',
  'id=$(sculptorctl domain show plain.example --json | sed -n \'s/^ *"id": "\\(.*\\)",$/\\1/p\')',
  'echo \'<?php echo exec("id -un"), " serves ", $_SERVER["SERVER_NAME"];\' |',
  '  runuser -u "s-$id" -- tee /home/www/plain.example/public/index.php >/dev/null',
];

let story: Story;

function script(): string {
  const install = blocksOf('README.md')[0]?.text ?? '';
  return [
    ...[cut('first'), install, cut('second'), install, cut('before'), 'supervisorctl status'],
    ...[cut('site'), ...SITE],
    ...[
      cut('id'),
      'echo "$id"',
      cut('page'),
      "curl --silent --header 'Host: plain.example' http://127.0.0.1/",
    ],
    ...[cut('processes'), 'ps -e -o user:32=,args='],
    ...[
      cut('sudo'),
      'sudo -l -U sculptor',
      cut('sockets'),
      'stat --format="%A %U:%G %n" /run/sculptor*/*.sock',
    ],
    ...[
      cut('delete'),
      'sculptorctl domain delete plain.example',
      cut('gone'),
      'pgrep -u "s-$id" || echo none',
    ],
    ...[
      cut('closed'),
      "curl --silent --header 'Host: plain.example' http://127.0.0.1/ || echo closed",
      cut('end'),
    ],
  ].join('\n');
}

function part(name: string): string {
  const text = story.parts.get(name);
  if (text === undefined) throw new Error(`it did not come to ${name}:\n${story.all.slice(-4_000)}`);
  return text;
}

beforeAll(() => {
  story = tell(['chroot'], script());
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

test.each([
  ['www-data', 'api/main.js'],
  ['www-data', 'worker-unprivileged/main.js'],
  ['sculptor', 'worker-privileged/main.js'],
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

test("the API's socket is for nginx and the API, and Redis's for the agent", () => {
  expect(part('sockets')).toContain('srw-rw---- www-data:nginx /run/sculptor/api.sock');
  expect(part('sockets')).toMatch(/^srwxrwx--- redis:sculptor-queue \/run\/sculptor-redis\/redis\.sock$/m);
});
