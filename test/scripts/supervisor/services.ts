import { cut } from '../throwaway.ts';
import type { Topic } from './topic.ts';

const CACHE_PAGE = String.raw`<?php
$redis = new Redis();
$redis->connect('/run/sculptor-cache/redis.sock');
$redis->auth(['s-$site', '$password']);
$redis->set('$site:greeting', 'from the cache', 60);
echo $redis->get('$site:greeting'), "\n";
try { $redis->set('other:greeting', 'x'); } catch (RedisException $no) { echo $no->getMessage(), "\n"; }`.replaceAll(
  /\$(?!site|password)/g,
  String.raw`\$`,
);

const CACHE: readonly string[] = [
  ...[cut('cache'), 'acme cache create parts.example --memory 16M >/root/cache.txt'],
  'password=$(sed -n "s/^password //p" /root/cache.txt)',
  `put public/cache.php <<TEXT\n${CACHE_PAGE}\nTEXT`,
  ...['visit cache.php', 'until acme cache show parts.example | grep "^holds .*bytes"; do sleep 0.5; done'],
  'supervisorctl status sculptor-cache sculptor-cache-keeper',
];

const MAIL: readonly string[] = [
  ...[cut('mail'), 'mkdir /root/tls && cd /root/tls'],
  'openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout ca.key -out /usr/local/share/ca-certificates/test.crt',
  'openssl req -newkey rsa:2048 -nodes -subj /CN=mailhost.example -keyout host.key -out csr',
  'echo subjectAltName=DNS:mailhost.example >san',
  'openssl x509 -req -in csr -CA /usr/local/share/ca-certificates/test.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san -out host.crt',
  ...['update-ca-certificates', 'echo 127.0.0.1 mailhost.example >>/etc/hosts', 'cd /usr/src/sculptor-agent'],
  '/usr/lib/sculptor/node/bin/node test/scripts/supervisor/mail-host.ts 2525 /root/tls /root/letters & host=$!',
  'until ss -Hlnt "sport = :2525" | grep -q .; do sleep 0.2; done',
  'echo not-for-sites-8Qx2 | sculptorctl mail set mailhost.example --port 2525 --user server',
  `echo '<?php echo mail("a@there.example", "From a page", "x") ? "sent" : "refused", "\\n";' | put public/mail.php`,
  'visit mail.php',
  `acme domain run parts.example -- php -r 'echo mail("b@there.example", "From a run", "x") ? "sent" : "refused", "\\n";'`,
  'until [ "$(grep -c "^Subject: From a" /root/letters)" = 2 ]; do sleep 0.2; done',
  ...['cat /root/letters', 'echo "its folder is $site"', 'kill "$host"'],
];

const SFTP: readonly string[] = [
  ...[cut('sftp'), "ssh-keygen -q -t ed25519 -N '' -f /root/key", 'install -d -m 0700 /root/.ssh'],
  ...['cp /root/key.pub /root/.ssh/authorized_keys', 'acme key create parts.example anna /root/key.pub'],
  'options=(-i /root/key -o BatchMode=yes -o StrictHostKeyChecking=accept-new)',
  'echo "put by sftp" >/root/put.html',
  'sftp "${options[@]}" -q -b - "s-$site@127.0.0.1" <<<"put /root/put.html public/put.html"',
  ...['visit put.html', 'stat --format="%U" "$home/public/put.html"'],
  'ssh "${options[@]}" "s-$site@127.0.0.1" id || echo "no command"',
  'ssh "${options[@]}" root@127.0.0.1 id || echo "not root"',
  'supervisorctl status sculptor-sshd',
];

export const services: Topic = {
  lines: [...CACHE, ...MAIL, ...SFTP],
  tests: (part) => {
    test('a site has its cache, its own keys in it alone, and somebody measures', () => {
      expect(part('cache')).toMatch(/^from the cache\nNOPERM /m);
      expect(part('cache')).toMatch(/^holds +[1-9]\d* bytes/m);
      expect(part('cache').match(/^sculptor-cache\S* +RUNNING/gm)).toHaveLength(2);
    });

    test('mail goes out from a page and from a command, and its envelope names the site', () => {
      expect(part('mail').match(/^sent$/gm)).toHaveLength(2);
      const id = /its folder is (\w{12})/.exec(part('mail'))?.[1] ?? '';
      expect(part('mail').match(/^envelope s-\w{12}@\S+ to [ab]@there\.example as server$/gm)).toHaveLength(
        2,
      );
      expect(part('mail')).toContain(`envelope s-${id}@`);
    });

    test('files come in by SFTP as the site, and neither a command nor root does', () => {
      expect(part('sftp')).toMatch(/^put by sftp\ns-\w{12}$/m);
      expect(part('sftp')).toMatch(/^no command$/m);
      expect(part('sftp')).toMatch(/^not root$/m);
      expect(part('sftp')).toMatch(/^sculptor-sshd +RUNNING/m);
    });
  },
};
