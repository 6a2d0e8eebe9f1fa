import { cut } from '../throwaway.ts';
import type { Topic } from './topic.ts';

const BOUNDS = [
  'grep "data size" "/proc/$(pgrep -o -u "s-$site" php-fpm)/limits"',
  'grep max_children "/etc/sculptor/sites/$site/fpm.conf"',
  "acme domain run parts.example -- sh -c 'ulimit -d'",
];

/** What of a site is on the server, but for what it says and how it fares. */
const DIGEST = [
  'digest() {',
  '  (cd / && find "$home" /etc/sculptor/keys /etc/sculptor/cache /etc/sculptor/programs /etc/cron.d /etc/supervisor/conf.d "/etc/sculptor/sites/$site" \\',
  '    -printf "%p %m %U %G %l\\n" | LC_ALL=C sort',
  '    find "$home" /etc/sculptor/keys /etc/sculptor/cache /etc/sculptor/programs /etc/cron.d /etc/supervisor/conf.d -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum',
  '    getent passwd "s-$site"; getent shadow "s-$site"; cache)',
  '}',
  'cache() { acme cache show parts.example | grep -E "^(username|prefix|may hold) "; }',
];

const status =
  "curl --silent --output /dev/null --write-out '%{http_code}\\n' --header 'Host: parts.example' http://127.0.0.1/put.html";
const cached =
  'redis-cli -s /run/sculptor-cache/redis.sock --user "s-$site" --pass "$password" --no-auth-warning GET "$site:greeting" 2>&1 || true';

export const tenants: Topic = {
  lines: [
    ...[cut('plan'), ...BOUNDS],
    'sculptorctl tenant update "$tenant" --limit phpMemoryBytes=268435456 --limit phpProcesses=4',
    ...[cut('planned'), ...BOUNDS],
    ...[...DIGEST, 'until_state worker running', 'digest >/root/before'],
    ...[cut('suspended'), 'sculptorctl tenant suspend "$tenant" --reason "invoice 17 is open"', status],
    ...['pgrep -u "s-$site" || echo "nothing runs"', 'ls /etc/cron.d | grep sculptor- || echo "no cron"'],
    'supervisorctl status | grep -E "sculptor-(part-|relay-|php-$site)" || echo "no program"',
    'own || echo "not its own program"',
    'sftp "${options[@]}" -q -b - "s-$site@127.0.0.1" <<<"ls" || echo "no key"',
    cached,
    ...[cut('resumed'), 'sculptorctl tenant resume "$tenant"', status],
    ...['until_state worker running', 'state_of leaving', 'digest >/root/after'],
    'diff /root/before /root/after && echo "as it was"',
    ...['sftp "${options[@]}" -q -b - "s-$site@127.0.0.1" <<<"ls -1"', 'visit cache.php'],
  ],
  tests: (part) => {
    test('a plan’s memory and processes hold for each site of a tenant, its PHP and its programs', () => {
      expect(part('plan')).toMatch(/ 1073741824 +1073741824 [^]*max_children = 20\n1048576$/m);
      expect(part('planned')).toMatch(/ 268435456 +268435456 [^]*max_children = 4\n262144$/m);
    });

    test('a suspended tenant’s site says so, and nothing of it runs or lets in', () => {
      expect(part('suspended')).toMatch(/^503\nnothing runs\nno cron\nno program\nnot its own program$/m);
      expect(part('suspended')).toMatch(/^no key$/m);
      expect(part('suspended')).toMatch(/^(?:AUTH failed: )?WRONGPASS/m);
    });

    test('resumed it is as it was', () => {
      expect(part('resumed')).toMatch(/^200$/m);
      expect(part('resumed')).toMatch(/^stopped\nas it was$/m);
      expect(part('resumed')).toMatch(/^put\.html|public$/m);
      expect(part('resumed')).toMatch(/^from the cache$/m);
    });
  },
};
