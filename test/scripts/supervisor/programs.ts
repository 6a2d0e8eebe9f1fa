import { cut } from '../throwaway.ts';
import type { Topic } from './topic.ts';

const WORKS = String.raw`while (true) { echo getenv("GREETING"), " from ", getenv("SCULPTOR_PROGRAM"), "\n"; sleep(1); }`;
const EATS = '$a = []; while (true) $a[] = random_bytes(1 << 20);';
const LEAVES = 'setsid sleep 4001 & sleep 4002 & while :; do sleep 0.2; done';

/** Made early: what cron and Supervisor do with them takes its time. */
export const MADE: readonly string[] = [
  `acme cron create parts.example tick '* * * * *' -- sh -c 'id -un; ulimit -d; echo ticked; setsid sleep 5001 &'`,
  `acme queue create parts.example worker --processes 2 --memory-mb 128 --cpu-percent 50 --env GREETING=hello -- php -r '${WORKS}'`,
  `acme queue create parts.example dying -- sh -c 'echo "no database"; exit 7'`,
  `acme queue create parts.example hungry --memory-mb 64 -- php -d memory_limit=-1 -r '${EATS}'`,
  `acme queue create parts.example leaving -- sh -c '${LEAVES}'`,
];

const QUEUES: readonly string[] = [
  'until_said() { until acme queue logs parts.example worker | grep "$1" >/dev/null; do sleep 0.2; done; }',
  'until_both() { until [ "$(pgrep -c -u "s-$site" -f "^php -r")" = 2 ]; do sleep 0.2; done; }',
  ...[
    cut('queue'),
    'until_state worker running',
    'until_both',
    'until_said "^1: hello"',
    'until_said "^0: hello"',
  ],
  'acme queue logs parts.example worker',
  ...['pid=$(pgrep -o -u "s-$site" -f "^php -r")', 'cat "/proc/$pid/limits"', 'ps -o user:32=,ni= -p "$pid"'],
  ...[
    cut('queue stopped'),
    'acme queue stop parts.example worker',
    'pgrep -u "s-$site" -f "^php -r" || echo none',
  ],
  ...[cut('queue started'), 'acme queue start parts.example worker', 'until_state worker running'],
  ...['until_both', 'before=$(pgrep -u "s-$site" -f "^php -r")', 'acme queue restart parts.example worker'],
  'until_both',
  '[[ " "$before" " != *$(pgrep -o -u "s-$site" -f "^php -r")* ]] && echo others',
  // One that dies is started again, without what it had started.
  ...[cut('left'), 'until_state leaving running', 'until_there "^sh -c setsid"', 'until_there "^sleep 4001"'],
  ...['first=$(pgrep -u "s-$site" -f "^sh -c setsid")', 'kill -KILL "$first"'],
  'until now=$(pgrep -u "s-$site" -f "^sh -c setsid") && [ "$now" != "$first" ] && pgrep -u "s-$site" -x -f "sleep 4002" >/dev/null; do sleep 0.2; done',
  ...[
    'until_there "^sleep 4001"',
    'pgrep -c -u "s-$site" -x -f "sleep 4001"',
    'acme queue stop parts.example leaving',
  ],
  ...['running "sleep 4001"', 'running "sleep 4002"'],
  ...[cut('dying'), 'until_state dying failed', 'acme queue show parts.example dying'],
  ...['until acme notification list | grep "program_failed.*queue dying"; do sleep 0.3; done'],
  ...[cut('hungry'), 'until_state hungry failed', 'acme queue logs parts.example hungry'],
  ...['acme queue delete parts.example hungry', 'acme queue delete parts.example dying'],
  ...['ls /etc/supervisor/conf.d /etc/sculptor/programs'],
];

const RUNS: readonly string[] = [
  cut('run'),
  `acme domain run parts.example --directory private -- sh -c 'id -un; pwd; ulimit -d; (setsid sleep 6001 &); exit 3' || echo "ended with $?"`,
  'running "sleep 6001"',
  cut('run too long'),
  `acme domain run parts.example --timeout 1 -- sh -c 'setsid sleep 7001 & sleep 7002' || echo "ended with $?"`,
  ...['running "sleep 7001"', 'running "sleep 7002"'],
  cut('run survives'),
  `acme domain run parts.example -- sh -c 'echo once >>private/times; sleep 6; echo survived' & waiting=$!`,
  'until running "sleep 6" | grep -v no; do sleep 0.2; done',
  ...['supervisorctl restart sculptor-worker-privileged', 'wait "$waiting"', 'cat "$home/private/times"'],
];

const CRONS: readonly string[] = [
  ...[cut('cron'), 'until acme cron show parts.example tick | grep "^last  *exit 0"; do sleep 1; done'],
  ...['acme cron show parts.example tick', 'running "sleep 5001"', 'supervisorctl status sculptor-cron'],
  'acme cron create parts.example yearly @yearly -- echo "ran beside its times"',
  'acme cron run parts.example yearly',
  'until acme cron show parts.example yearly | grep -x "ran beside its times"; do sleep 0.5; done',
];

export const programs: Topic = {
  lines: [...QUEUES, ...RUNS, ...CRONS],
  tests: (part) => {
    test('a queue runs as its site’s user as often as it shall, and each process knows which it is', () => {
      expect(part('queue')).toMatch(/^0: hello from \w{12}-0$/m);
      expect(part('queue')).toMatch(/^1: hello from \w{12}-1$/m);
      expect(part('queue')).toMatch(/^s-\w{12} +3$/m);
    });

    test.each([
      ['data size', 134_217_728],
      ['processes', 512],
      ['open files', 4096],
      ['core file size', 0],
    ])('its %s is bounded to %d', (what, most) => {
      expect(part('queue')).toMatch(new RegExp(`^Max ${what} +${most} +${most} `, 'm'));
    });

    test('it stops, starts, and is started anew', () => {
      expect(part('queue stopped')).toMatch(/^none$/m);
      expect(part('queue started')).toMatch(/^others$/m);
    });

    test('what a program has left behind ends with it, also when it is started again by itself', () => {
      expect(part('left')).toMatch(/^1$/m);
      expect(part('left')).toContain('no sleep 4001\nno sleep 4002\n');
    });

    test('one that keeps dying is failed, with its last words, and is told', () => {
      expect(part('dying')).toMatch(/^state +failed$/m);
      expect(part('dying')).toMatch(
        /program_failed .*queue dying keeps ending at once .*said last: no database/,
      );
    });

    test('one that wants more memory than it may have does not get it', () => {
      expect(part('hungry')).toMatch(/PHP Fatal error: +Out of memory|Cannot allocate memory/i);
      expect(part('hungry').match(/sculptor-part-\w+\.conf/g)).toHaveLength(2);
    });

    test('a command runs as the site, in its folder, and what it has left behind ends with it', () => {
      expect(part('run')).toMatch(
        /^s-\w{12}\n\/home\/www\/parts\.example\/private\n1048576\nended with 3\nno sleep 6001$/m,
      );
      expect(part('run too long')).toMatch(/ended with \d+\nno sleep 7001\nno sleep 7002/);
    });

    test('a worker that is started anew meanwhile finds it again, and does not begin it a second time', () => {
      expect(part('run survives')).toMatch(/^survived$/m);
      expect(part('run survives').match(/^once$/gm)).toHaveLength(1);
    });

    test('cron starts a cron as its site’s user, and what that leaves behind ends with it', () => {
      expect(part('cron')).toMatch(/^s-\w{12}\n1048576\nticked$/m);
      expect(part('cron')).toContain('no sleep 5001');
      expect(part('cron')).toMatch(/^sculptor-cron +RUNNING/m);
    });
  },
};
