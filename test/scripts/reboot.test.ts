import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/* A server whose power fails while it is at work, and one that is rebooted. What runs there is run again afterwards. */

const SCRIPT = join(__dirname, '../../scripts/machine.sh');
const SITES = 8;

const STORY = String.raw`
call() {
  curl --silent --show-error --unix-socket /run/sculptor/api.sock --header "authorization: Bearer $(cat /etc/sculptor/admin-token)" \
    --header 'content-type: application/json' --retry 100 --retry-all-errors --retry-delay 1 "$@"
}
asked=/var/lib/asked
if [ ! -e "$asked.$1" ]; then
  touch "$asked.$1"
  for number in $(seq 1 ${SITES}); do
    answer=$(call http://localhost/v1/domains --data "{\"name\": \"$1-$number.example\"}")
    sed -n 's/.*"operation":{"id":"\([a-z0-9]*\)".*/\1/p' <<<"$answer" >>"$asked.$1"
  done
  systemctl reboot "$2" "$2"
  sleep 600
fi
for operation in $(cat "$asked.$1"); do
  until status=$(call "http://localhost/v1/operations/$operation" | sed 's/"steps".*//' | sed -n 's/.*"status":"\([a-z]*\)".*/\1/p'); [[ $status =~ ^(succeeded|failed)$ ]]; do
    sleep 0.5
  done
  echo "$status"
done
for number in $(seq 1 ${SITES}); do
  curl --silent --output /dev/null --write-out '%{http_code}\n' --header "Host: $1-$number.example" http://127.0.0.1/
done
mariadb --batch --skip-column-names --execute "SELECT COUNT(*), COUNT(DISTINCT resource_id) FROM sculptor.operation
  WHERE status = 'succeeded' AND kind = 'domain.create'"
systemctl --failed --no-legend --plain
`;

test.each([
  ['whose power fails', '--force'],
  ['that is rebooted', '--quiet'],
])('a server %s while it makes sites makes all of them, each once', (_what, option) => {
  const words = ['run', '--', 'bash', '-euo', 'pipefail', '-c', STORY, 'story', 'reboot', option];
  const { status, stdout } = spawnSync(SCRIPT, words, { encoding: 'utf8' });
  const all = (what: string) => Array.from({ length: SITES }, () => what);
  expect([status, stdout.trim().split('\n')]).toEqual([
    0,
    [...all('succeeded'), ...all('403'), `${SITES}\t${SITES}`],
  ]);
});
