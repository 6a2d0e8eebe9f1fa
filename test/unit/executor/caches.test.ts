import type { CachePasswordHash } from '../../../contract/caches.ts';
import type { DomainId } from '../../../contract/ids.ts';
import { GROWING, SITES_COMMANDS } from '../../../worker-privileged/executor/render/cache-commands.ts';
import {
  accountRules,
  renderAccounts,
  renderMemory,
} from '../../../worker-privileged/executor/render/cache.ts';
import { renderCachePrograms } from '../../../worker-privileged/executor/render/cache-programs.ts';
import type { CacheEntry } from '../../../worker-privileged/executor/system/cache-files.ts';
import { createCaches } from '../../../worker-privileged/executor/system/caches.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import type { Redis } from '../../../worker-privileged/executor/system/resp.ts';
import { readReply, RespError, type Reply } from '../../../worker-privileged/executor/system/resp-reply.ts';
import { measuredLately } from '../../../worker-privileged/executor/doctor/caches.ts';
import { createFakeServer, createFakeSystem } from '../../fakes/executor-system.ts';

const A = 'd1aaaaaaaaaa' as DomainId;
const B = 'd2aaaaaaaaaa' as DomainId;
const HASH = 'ab'.repeat(32) as CachePasswordHash;
const entry = (wanted: Partial<CacheEntry> = {}): CacheEntry => ({
  memoryBytes: 33_554_432,
  passwordHash: HASH,
  on: true,
  ...wanted,
});

/** The adapter over a disk in memory, a service that is on or off, and a Redis that knows its accounts. */
function world({ refuses = false } = {}) {
  const server = createFakeServer();
  server.disk.set('/var/lib/sculptor-root/cache', { kind: 'folder', uid: 0, gid: 0, mode: 0o700 });
  server.disk.set('/etc/sculptor/cache', { kind: 'folder', uid: 0, gid: 0, mode: 0o750 });
  const { system } = createFakeSystem(server);
  const running = { on: false };
  const accounts = new Map<string, Reply>();
  const told: string[] = [];
  const call = (...words: readonly (string | number)[]): Promise<Reply> => {
    const [name, what, user = '', ...rules] = words.map(String);
    if (what === 'GETUSER') return Promise.resolve(accounts.get(user) ?? null);
    if (name === 'EVAL') return Promise.resolve(['0', 0, 0]);
    told.push([name, what, user].join(' '));
    if (refuses) return Promise.reject(new RespError('ERR no'));
    if (what === 'DELUSER') accounts.delete(user);
    if (what === 'SETUSER')
      accounts.set(user, [
        ...['flags', ['on'], 'passwords', [rules[2]?.slice(1) ?? '']],
        ...['keys', rules[3] ?? ''],
      ]);
    return Promise.resolve('OK');
  };
  const caches = createCaches({
    files: system.files,
    locks: system.locks,
    limits: system.limits,
    service: {
      lookOn: () => Promise.resolve(running.on ? null : 'it is off'),
      turnOn: () => {
        running.on = true;
        return Promise.resolve(() => Promise.resolve());
      },
      turnOff: () => {
        running.on = false;
        return Promise.resolve();
      },
    },
    connect: () => Promise.resolve({ call, close: () => undefined } satisfies Redis),
  });
  const text = (path: string) => {
    const node = server.disk.get(path);
    return node?.kind === 'file' ? node.text : '';
  };
  return { server, caches, running, told, text };
}

test('the first cache starts the Redis, the last one that goes stops it', async () => {
  const { caches, running } = world();
  expect(running.on).toBe(false);
  await caches.put(A, entry());
  await caches.put(B, entry());
  expect(running.on).toBe(true);
  await caches.put(A, null);
  expect(running.on).toBe(true);
  await caches.put(B, null);
  expect(running.on).toBe(false);
});

test('one is as wanted once it was put, and not before; one that is off has no account and keeps its share', async () => {
  const { caches, text } = world();
  expect(await caches.look(A, entry())).not.toBeNull();
  await caches.put(A, entry());
  expect(await caches.look(A, entry())).toBeNull();
  await caches.put(A, entry({ on: false }));
  expect(await caches.look(A, entry({ on: false }))).toBeNull();
  expect(text(paths.cacheAccounts)).not.toContain(`s-${A}`);
  expect(text(paths.cacheShares)).toBe(`[["${A}",33554432]]\n`);
});

test('another password ends the account before it is made anew; another share leaves it alone', async () => {
  const { caches, told } = world();
  await caches.put(A, entry());
  told.length = 0;
  await caches.put(A, entry({ memoryBytes: 2_097_152 }));
  expect(told).toEqual(['CONFIG SET maxmemory']);
  await caches.put(A, entry({ passwordHash: 'cd'.repeat(32) as CachePasswordHash }));
  expect(told.slice(1)).toEqual(['CONFIG SET maxmemory', `ACL DELUSER s-${A}`, `ACL SETUSER s-${A}`]);
});

test('where Redis refuses, the files are as they were', async () => {
  const { caches, text } = world({ refuses: true });
  await expect(caches.put(A, entry())).rejects.toThrow('ERR no');
  expect([...(await caches.read())]).toEqual([]);
  expect(text(paths.cacheAccounts)).not.toContain(A);
});

test('no more is given away than root allows, and what is there may always become less', async () => {
  const { server, caches } = world();
  await caches.put(A, entry({ memoryBytes: 200 * 1_048_576 }));
  await expect(caches.put(B, entry({ memoryBytes: 57 * 1_048_576 }))).rejects.toMatchObject({
    failure: { code: 'invalid_request', message: expect.stringContaining('256 MiB') as string },
  });
  await caches.put(B, entry({ memoryBytes: 56 * 1_048_576 }));
  server.disk.set(paths.limits, { kind: 'file', text: '{"cacheMebibytes":1}', mode: 0o644 });
  await caches.put(A, entry({ memoryBytes: 100 * 1_048_576 }));
  await caches.put(A, entry({ memoryBytes: 100 * 1_048_576, on: false }));
});

test('the accounts: nobody without a password, each site with its own keys and the closed list', () => {
  const text = renderAccounts({ executor: '1'.repeat(64), keeper: '2'.repeat(64) }, [
    { id: A, passwordHash: HASH },
  ]);
  const [first, executor, keeper, site, ...more] = text.split('\n');
  expect(first).toBe('user default off resetpass resetkeys resetchannels -@all');
  expect(executor).toMatch(/^user executor on #1{64} ~\* resetchannels -@all \+ping /);
  expect(keeper).toMatch(/^user keeper on #2{64} ~\* resetchannels -@all \+ping /);
  expect(site).toBe(
    `user s-${A} on #${HASH} ~${A}:* resetchannels -@all ${SITES_COMMANDS.map((name) => `+${name}`).join(' ')}`,
  );
  expect(more).toEqual(['']);
});

test.each(['A'.repeat(64), 'a'.repeat(63), `${'a'.repeat(64)} +@all`, ''])('%j is no hash', (hash) => {
  expect(() => accountRules({ id: A, passwordHash: hash as CachePasswordHash })).toThrow('64 hex digits');
});

test('no command that walks, blocks, runs code or shows others is on the list', () => {
  const never = [
    ...['keys', 'scan', 'hscan', 'sscan', 'zscan', 'randomkey', 'dbsize', 'flushdb', 'flushall', 'swapdb'],
    ...['select', 'move', 'copy', 'rename', 'renamenx', 'sort', 'sort_ro', 'dump', 'restore', 'migrate'],
    ...['eval', 'evalsha', 'eval_ro', 'script', 'function', 'fcall', 'multi', 'exec', 'watch'],
    ...['blpop', 'brpop', 'bzpopmin', 'wait', 'subscribe', 'psubscribe', 'publish', 'monitor', 'info'],
    ...['config', 'client', 'acl', 'object', 'debug', 'memory', 'command', 'latency', 'slowlog', 'module'],
    ...['zrange', 'zrangebyscore', 'lrem', 'linsert', 'lpos', 'lcs', 'sinter', 'sunion', 'srandmember'],
    ...['pfadd', 'xadd', 'bitop', 'setrange', 'setbit', 'bitfield', 'geosearch', 'shutdown', 'replicaof'],
  ];
  expect(SITES_COMMANDS.filter((name) => never.includes(name))).toEqual([]);
  expect(new Set(SITES_COMMANDS).size).toBe(SITES_COMMANDS.length);
  expect(GROWING.every((name) => SITES_COMMANDS.includes(name))).toBe(true);
});

test('there is room for all shares, and some besides', () => {
  expect(renderMemory([1_048_576, 2_097_152])).toBe(`maxmemory ${96 * 1_048_576 + 3_145_728}\n`);
});

test('under Supervisor there are two programs, which know nobody', () => {
  const text = renderCachePrograms();
  expect(text.match(/^\[program:.*\]$/gm)).toEqual([
    '[program:sculptor-cache]',
    '[program:sculptor-cache-keeper]',
  ]);
  expect(text.match(/^command=.*$/gm)).toEqual([
    'command=/usr/lib/sculptor/supervisor/start cache',
    'command=/usr/lib/sculptor/supervisor/start cache-keeper',
  ]);
});

describe('a reply of Redis', () => {
  test.each([
    ['+OK\r\n', 'OK'],
    [':-12\r\n', -12],
    ['$3\r\na\r\n\r\n', 'a\r\n'],
    ['$-1\r\n', null],
    ['*2\r\n$1\r\na\r\n*1\r\n:1\r\n', ['a', [1]]],
    ['*-1\r\n', null],
  ])('%j is read', (text, reply) => {
    expect(readReply(Buffer.from(`${text}more`))).toEqual({ reply, length: Buffer.byteLength(text) });
    for (let length = 0; length < text.length; length += 1)
      expect(readReply(Buffer.from(text.slice(0, length)))).toBeNull();
  });

  test('a refusal is one', () => {
    expect(readReply(Buffer.from('-NOPERM no\r\n'))?.reply).toEqual(new RespError('NOPERM no'));
  });

  test.each(['!\r\n', ':x\r\n', '$1e3\r\n', `${'*1\r\n'.repeat(9)}:1\r\n`])('%j is none', (text) => {
    expect(() => readReply(Buffer.from(text))).toThrow('Redis');
  });
});

test('doctor says so when nobody has measured for two minutes', () => {
  const now = new Date('2026-01-01T00:10:00Z');
  expect(measuredLately(new Date('2026-01-01T00:08:01Z'), now)).toEqual([]);
  expect(measuredLately(new Date('2026-01-01T00:08:00Z'), now)).toMatchObject([
    { sentence: "Nobody measures what the sites' caches hold: one can take the room of all." },
  ]);
});
