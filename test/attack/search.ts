import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { must } from '../machine/server.ts';

/** A secret, and what to call it: a failure names it and shows nothing of it. */
export type Sought = { readonly what: string; readonly text: string };

/** All that is written while a server runs, and our code; not the distribution's programs. */
const PLACES = [
  ...['/dev/shm', '/etc', '/home', '/opt', '/root', '/run', '/srv', '/tmp', '/usr/lib/sculptor'],
  ...['/usr/local', '/var'],
];

type Form = { readonly name: string; readonly text: string };

/** A secret as programs write it; its SHA-1 too, which is all that MariaDB's own protocol asks of a client. */
function formsOf({ what, text }: Sought): readonly Form[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  const forms: readonly (readonly [string, string])[] = [
    ['as it is', text],
    ['reversed', reversed(text)],
    ['in hex', hex],
    ['in hex', hex.toUpperCase()],
    ['escaped for an address', hex.replace(/../g, '%$&')],
    ['escaped for an address', hex.toUpperCase().replace(/../g, '%$&')],
    ['as SHA-1', createHash('sha1').update(text).digest('hex')],
    ['as SHA-1', createHash('sha1').update(text).digest('hex').toUpperCase()],
    ...[0, 1, 2].flatMap((offset) => base64Within(bytes, offset).map((form) => ['in base64', form] as const)),
  ];
  return forms.map(([form, written]) => ({ name: `${what}, ${form}`, text: written }));
}

export function reversed(text: string): string {
  return Buffer.from(text).reverse().toString();
}

/** What base64 makes of it inside a longer text, so many bytes after a multiple of three; both alphabets. */
function base64Within(bytes: Buffer, offset: number): readonly string[] {
  const all = Buffer.concat([Buffer.alloc(offset), bytes]);
  const own = all.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((all.length * 8) / 6));
  return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
}

/** Every file that holds one of them in any form, as `what, form: path`. */
export function foundInFiles(sought: readonly Sought[]): readonly string[] {
  const forms = new Map(sought.flatMap(formsOf).map(({ name, text }) => [text, name]));
  // The patterns are given on standard input: an argument would be found in the list of processes.
  const { status, stdout } = spawnSync('grep', ['-raosZF', '--devices=skip', '--file=-', '--', ...PLACES], {
    input: [...forms.keys()].join('\n'),
    encoding: 'latin1',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    maxBuffer: 1 << 28,
  });
  // 2: a file went away meanwhile.
  if (status === null || status > 2) throw new Error('grep did not run');
  const hits = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\0'));
  return [
    ...new Set(hits.map(([path = '', form = '']) => `${forms.get(form) ?? 'part of one'}: ${path}`)),
  ].sort();
}

/** The forms that stand in a text, as `what, form: where`. */
export function foundIn(where: string, text: string, sought: readonly Sought[]): readonly string[] {
  const found = sought.flatMap(formsOf).filter((form) => text.includes(form.text));
  return [...new Set(found.map(({ name }) => `${name}: ${where}`))].sort();
}

/** What the same folders hold compressed. */
export function compressedText(): string {
  const files = must('find', [
    ...PLACES,
    '-xdev',
    '-type',
    'f',
    '-name',
    '*.gz',
    '-not',
    '-path',
    '/var/cache/*',
    '-print0',
  ]);
  return must('xargs', ['--null', '--no-run-if-empty', 'zcat', '--force', '--'], files);
}

/** The journal, with the fields that nobody looks at. */
export function journalText(): string {
  return must('journalctl', ['--quiet', '--no-pager', '--all', '--output=export']);
}

/** All of MariaDB, the agent's schemas with their procedures among it. */
export function stateText(): string {
  const options = ['--no-defaults', '--socket=/run/mysqld/mysqld.sock', '--skip-extended-insert'];
  return must('mariadb-dump', [...options, '--all-databases', '--routines', '--events', '--hex-blob']);
}

/** What Redis holds, told by another that was started from a copy of its files: no account of ours may list keys. */
export function redisText(): string {
  const folder = must('mktemp', ['-d', '/var/tmp/redis-copy-XXXXXX']).trim();
  const everything = `local all = {}
    for _, key in ipairs(redis.call('KEYS', '*')) do
      local read = { string = {'GET', key}, hash = {'HGETALL', key}, set = {'SMEMBERS', key},
        list = {'LRANGE', key, 0, -1}, zset = {'ZRANGE', key, 0, -1}, stream = {'XRANGE', key, '-', '+'} }
      table.insert(all, {key, redis.call(unpack(read[redis.call('TYPE', key).ok]))})
    end
    return all`;
  const script = `set -eu
    cp -a /var/lib/sculptor-redis/. "$1"
    redis-server --port 0 --unixsocket "$1/redis.sock" --dir "$1" --appendonly yes --save '' --daemonize yes >/dev/null
    until redis-cli -s "$1/redis.sock" ping 2>/dev/null | grep -q PONG; do sleep 0.05; done
    redis-cli --raw -s "$1/redis.sock" EVAL "$2" 0
    redis-cli -s "$1/redis.sock" SHUTDOWN NOSAVE >/dev/null
    rm -rf -- "$1"`;
  return must('/bin/sh', ['-c', script, 'sh', folder, everything]);
}
