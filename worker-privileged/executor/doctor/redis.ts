import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { wrong, type Check, type Found } from './finding.ts';
import { linesOf } from './server.ts';

const ACL = '/etc/sculptor/redis.acl';
const CONF = '/etc/sculptor/redis.conf';
const SOCKET = '/run/sculptor-redis/redis.sock';
const AGAIN = 'Run scripts/install.sh --yes.';

/** That its files are as installed, another check says: here, what they mean, and what the one that runs answers. */
export const redis: Check = async () => [
  ...settings(readFileSync(CONF, 'utf8')),
  ...accounts(readFileSync(ACL, 'utf8'), secretHash),
  ...(await asNobody()),
  ...readSince(),
];

export function settings(text: string): readonly Found[] {
  const said = (name: string) =>
    linesOf(text)
      .filter((line) => line.startsWith(`${name} `))
      .map((line) => line.slice(name.length + 1))
      .at(-1);
  const found: Found[] = [];
  if (said('port') !== '0')
    found.push(wrong(`Redis is told to listen on port ${said('port') ?? '6379'}, and may have none.`, AGAIN));
  if (said('aclfile') !== ACL) found.push(wrong(`Redis does not read its accounts from ${ACL}.`, AGAIN));
  if (said('unixsocket') !== SOCKET) found.push(wrong(`Redis's socket is not ${SOCKET}.`, AGAIN));
  return found;
}

export function accounts(text: string, hashOf: (user: string) => string): readonly Found[] {
  const rules = linesOf(text).flatMap((line) => {
    const [, user = '', ...words] = line.split(' ');
    return [{ user, words }];
  });
  return rules.flatMap(({ user, words }) => {
    if (user === 'default')
      return words[0] === 'off'
        ? []
        : [wrong("Redis's default user is on: who reaches the socket may do all.", AGAIN)];
    const found: Found[] = [];
    if (words.includes('nopass')) found.push(wrong(`Redis's account ${user} needs no password.`, AGAIN));
    if (words.some((word) => ['+@all', 'allcommands', '~*', 'allkeys'].includes(word)))
      found.push(wrong(`Redis's account ${user} may do more than its process calls.`, AGAIN));
    if (!words.includes(`#${hashOf(user)}`))
      found.push(wrong(`Redis's account ${user} has another password than its process.`, AGAIN));
    return found;
  });
}

function secretHash(user: string): string {
  const path = `/etc/sculptor/secrets/redis-${user.replace(/[^a-z-]/g, '')}`;
  return createHash('sha256').update(readFileSync(path, 'utf8').trim()).digest('hex');
}

/** Root opens the socket; without an account that is nobody. */
async function asNobody(): Promise<readonly Found[]> {
  const answer = await ask('PING');
  return answer.startsWith('-NOAUTH')
    ? []
    : [wrong('Redis answers whoever has no account.', 'Run systemctl restart sculptor-redis.service.')];
}

function ask(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(SOCKET, () => socket.write(`${command}\r\n`));
    socket.setTimeout(5_000, () => socket.destroy(new Error('Redis does not answer')));
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString('latin1'));
    });
  });
}

/** It reads both when it starts, and makes its socket after that. */
function readSince(): readonly Found[] {
  const started = statSync(SOCKET).mtimeMs;
  return [ACL, CONF]
    .filter((path) => statSync(path).mtimeMs > started)
    .map((path) =>
      wrong(
        `Redis has not read ${path} since it was changed.`,
        'Run systemctl restart sculptor-redis.service.',
      ),
    );
}
