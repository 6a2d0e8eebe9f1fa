import { readFileSync } from 'node:fs';
import { createDomain, ready, unique } from '../machine/agent.ts';
import { rootSql } from '../machine/server.ts';
import { refused, type Attempt } from './attempt.ts';
import { QUEUE } from './forgery.ts';
import { API, QUEUE_WRITER, script, SCULPTOR, type Thief } from './thieves.ts';

/* Row 25: jobs put straight into Redis, and everything else that an account in it can be made to do. */

const secret = (account: string) => readFileSync(`/etc/sculptor/secrets/redis-${account}`, 'utf8').trim();

/** Has the secret of the unprivileged worker, which is the API's user too. */
const WATCHER: Thief = {
  ...API,
  name: 'the unprivileged worker',
  stolen: () => ({ redisUser: 'worker-unprivileged', redisPassword: secret('worker-unprivileged') }),
};
const THIEVES = [API, WATCHER, QUEUE_WRITER];

let live: { readonly id: string; readonly name: string };
let finished: string;
let foreign: string;

beforeAll(async () => {
  await ready();
  live = await createDomain({ name: `${unique('q')}.example`, type: 'static' });
  finished = rootSql(`SELECT id FROM sculptor.operation WHERE resource_id = '${live.id}'`).trim();
  foreign = `f${unique('').padEnd(19, '0')}`;
  rootSql(`INSERT IGNORE INTO sculptor.server (id, name) VALUES ('elsewhere000', 'elsewhere');
    INSERT INTO sculptor.operation (id, kind, resource_type, resource_id, resource_name, serial_key, generation,
      tenant, server, actor) VALUES ('${foreign}', 'domain.delete', 'domain', '${live.id}', '${live.name}',
      'domain:${live.id}', 1, 'default', 'elsewhere000', 'x')`);
});

afterAll(() => rootSql(`DELETE FROM sculptor.operation WHERE id = '${foreign}'`));

/** Everything that is known of operations, and of how they went. */
const operations = () =>
  rootSql(`SELECT * FROM sculptor.operation ORDER BY seq; SELECT * FROM sculptor.operation_step ORDER BY 1, 2, 3;
    SELECT * FROM sculptor.resource_state ORDER BY 1;`);

/**
 * Until the worker has taken everything, as the one account that may look. What it took and cannot read stays
 * with it as active, and costs it a look now and then.
 */
const drained = () =>
  script(
    SCULPTOR,
    `${QUEUE}
    while ((await redis.llen('sculptor:privileged-default:wait')) > 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
    return 'all taken';`,
  );

/** Nothing comes of any of them, and what somebody honest asks for after them is carried out. */
async function comeToNothing(attempts: readonly Attempt[]): Promise<void> {
  const before = operations();
  await refused(25, [...attempts, { what: 'the worker takes them', act: drained, refusal: 'all taken' }]);
  expect(operations()).toBe(before);
  expect((await createDomain({ name: `${unique('h')}.example`, type: 'static' })).status).toBe('live');
}

/** Each of the lines of code, in one process of the thief's. */
const acts = (thief: Thief, lines: readonly string[], what = lines.join('; ')): Attempt => ({
  what: `${thief.name}: ${what}`,
  act: () => script(thief, `${QUEUE}\n${PUT_RAW}\n${lines.join('\n')}`),
  refusal: null,
  times: lines.length,
});

/** A job as it lies in Redis, past what BullMQ lets a caller say. */
const PUT_RAW = `const key = (rest) => 'sculptor:privileged-default:' + rest;
  const putRaw = async (id, name, data, opts = '{}') => {
    await redis.hset(key(id), { name, data, opts, timestamp: '1', delay: '0', priority: '0', attempts: '9' });
    await redis.lpush(key('wait'), id);
    await redis.zadd(key('marker'), 0, '0');
  };`;
const text = (value: string) => JSON.stringify(value);
const wake = () => text(JSON.stringify({ operationId: finished }));

test.each(THIEVES)(
  'row 25: $name wakes the worker in vain for what is unknown, foreign or done',
  async (thief) => {
    const ids = [finished, foreign, 'a'.repeat(20), finished.toUpperCase(), `${finished} `, `${finished}\n`];
    const many = (id: string) => `await queue.addBulk(Array.from({ length: 20 }, () => (
    { name: 'wake', data: { operationId: ${text(id)} } })));`;
    await comeToNothing([acts(thief, ids.map(many))]);
  },
);

const deep = (open: string, close = '') => `'${open}'.repeat(100000) + '${close}'.repeat(100000)`;

test.each(THIEVES)('row 25: no job of $name says more than an id', async (thief) => {
  const datas = [
    ...[`{"__proto__":${wake()}}`, `{"operationId":"${finished}","constructor":{"prototype":{"a":1}}}`],
    ...[`{"operationId":"${finished}","verb":"site.purge","args":{"id":"${live.id}"}}`, `["${finished}"]`],
    ...['{"operationId":1}', 'null', '{{{', '', '1e999', `{"operationId":"${'x'.repeat(1000)}"}`],
  ].map(text);
  const large = [
    deep('['),
    deep('[', ']'),
    deep('{"a":'),
    `JSON.stringify({ operationId: 'x'.repeat(1e6) })`,
  ];
  const names = ['site.purge', '__proto__', 'wake\n', '', 'WAKE', '../wake'];
  const ids = ['1', '-1', '0', '__proto__', 'a:b', 'meta', '0:1', ' '];
  await comeToNothing([
    acts(
      thief,
      [...datas, ...large, 'Buffer.from([0x22, 0xff, 0x22])'].map(
        (data, at) => `await putRaw('d${at}', 'wake', ${data});`,
      ),
    ),
    acts(
      thief,
      names.map((name, at) => `await putRaw('n${at}', ${text(name)}, ${wake()});`),
    ),
    acts(
      thief,
      ids.map(
        (id) =>
          `await putRaw(${text(`${id}i`)}, 'wake', ${wake()}); await redis.lpush(key('wait'), ${text(id)});`,
      ),
    ),
  ]);
});

const OPTIONS = [
  ...['{"delay":1e18}', '{"attempts":1e9,"backoff":{"type":"fixed","delay":0}}', '[]', 'null', '{{{'],
  ...['{"repeat":{"every":1,"count":1e9}}', '{"parent":{"id":"x","queueKey":"sculptor:elsewhere"}}'],
  ...['{"removeOnComplete":false,"removeOnFail":false}', '{"de":{"id":"x","ttl":1e12}}', '{"lifo":true}'],
];

test.each(THIEVES)('row 25: no option of a job of $name keeps the others from their turn', async (thief) => {
  const put = (options: string, at: number) => `await putRaw('o${at}', 'wake', ${wake()}, ${text(options)});`;
  const add = (options: string) =>
    `await queue.add('wake', JSON.parse(${wake()}), ${options}).catch(() => undefined);`;
  await comeToNothing([
    acts(thief, OPTIONS.map(put)),
    acts(
      thief,
      ['{ priority: 1 }', '{ lifo: true }', '{ delay: 1e15 }', '{ repeat: { every: 1 } }'].map(add),
    ),
  ]);
});

test('row 25: ten thousand jobs, and a hundred megabytes, keep nobody from an end', async () => {
  const many = (name: string, id: string) => `for (let i = 0; i < 10; i += 1) await queue.addBulk(
    Array.from({ length: 1000 }, (_, n) => ({ name: '${name}', data: { operationId: ${id} } })));`;
  const large = `await redis.hset(key('big'), 'data', Buffer.alloc(1e8, 'x')).catch(() => undefined);`;
  await comeToNothing([
    { ...acts(API, [many('wake', `'a' + String(n).padStart(19, '0')`)]), times: 10_000 },
    { ...acts(API, [many('purge', `'${finished}'`)]), times: 10_000 },
    acts(API, [large]),
  ]);
});

/** What the owner of a Redis may do to it, and nobody is here. */
const COMMANDS =
  `FLUSHALL|FLUSHDB|CONFIG GET *|CONFIG SET dir /etc|CONFIG SET aclfile /tmp/x|CONFIG REWRITE|SCRIPT FLUSH
SCRIPT KILL|MODULE LIST|MODULE LOAD /tmp/x.so|DEBUG SLEEP 9|DEBUG RELOAD|KEYS *|SCAN 0|PSUBSCRIBE *|SUBSCRIBE other
MONITOR|ACL LIST|ACL SETUSER api on >x ~* +@all|SAVE|BGSAVE|BGREWRITEAOF|SHUTDOWN NOSAVE|REPLICAOF 127.0.0.1 6380
SLAVEOF NO ONE|CLIENT LIST|CLIENT KILL TYPE normal|CLIENT PAUSE 100000|SLOWLOG GET|LATENCY RESET|FUNCTION LIST
SWAPDB 0 1|SELECT 1|MIGRATE 127.0.0.1 1 x 0 1|RESTORE x 0 x|DUMP x|OBJECT HELP|PUBLISH sculptor:operations x
DEL sculptor:privileged-default:meta|UNLINK x|RENAME x y|COPY x y|GET sculptor:privileged-default:id
SET sculptor:privileged-default:id 1|LRANGE sculptor:privileged-default:wait 0 -1|EXPIRE x 1|WAIT 1 1|HSET other a b
LPUSH sculptor:privileged-elsewhere:wait x|HSET sculptor:rates a b|FCALL x 0`.split(/[|\n]/);

test.each([API, WATCHER])(
  'row 25: $name may do nothing else in Redis, by itself or in a script',
  async (thief) => {
    const words = COMMANDS.map((command) => command.split(' '));
    const tried = `const came = [];
    for (const words of ${JSON.stringify(words)}) {
      const told = (asked) => asked.then(() => 'done', ({ message }) => message).then((said) => came.push([words, said]));
      await told(redis.call(...words));
      await told(redis.eval('return redis.call(unpack(ARGV))', 0, ...words));
    }
    return came.filter(([, said]) => !/^NOPERM|command not allowed|^(ERR )?(ACL|The user|This Redis command|Unknown Redis)/.test(said));`;
    await comeToNothing([{ ...acts(thief, [tried], 'commands'), refusal: [], times: 2 * words.length }]);
  },
);
