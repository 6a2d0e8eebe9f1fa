/*
 * What a site may call in the caches' Redis, a closed list: every command names its keys, so that the rule for keys
 * holds it to its own, and costs no more than what it is sent or sends back. Whatever walks a collection for a small
 * answer is left out, however useful: some hundred of it in one packet would keep all others waiting for seconds.
 *
 * Not here, and why: KEYS, SCAN, RANDOMKEY, DBSIZE and all of INFO, CONFIG, CLIENT, ACL, OBJECT, DEBUG, MONITOR: they
 * show or change what is others'. EVAL, FUNCTION and MULTI: long without an end. Whatever blocks, publishes or
 * subscribes. COPY, SORT, RESTORE, DUMP, MIGRATE, and all that stores a result: large from little, or parsers of
 * foreign bytes, as HyperLogLogs and streams are. LREM, LINSERT, LPOS, ZRANGE, ZRANGEBYSCORE and LEX (their LIMIT
 * skips), LCS, SINTER and its kin, SRANDMEMBER and its kin, HSCAN and its kin (MATCH): they walk.
 */

const READING = [
  ...['ping', 'echo', 'hello', 'auth', 'quit'],
  ...['exists', 'type', 'ttl', 'pttl', 'expiretime', 'pexpiretime', 'touch'],
  ...['get', 'mget', 'getrange', 'strlen'],
  ...['hget', 'hmget', 'hgetall', 'hkeys', 'hvals', 'hexists', 'hlen', 'hstrlen'],
  ...['llen', 'lrange', 'lindex'],
  ...['scard', 'sismember', 'smismember', 'smembers'],
  ...['zcard', 'zcount', 'zscore', 'zmscore', 'zrank', 'zrevrank', 'zrevrange'],
] as const;

/** None of these makes what a site holds larger: they are left to one that holds too much. */
const SHRINKING = [
  ...['del', 'unlink', 'expire', 'pexpire', 'expireat', 'pexpireat', 'persist'],
  ...['getdel', 'getex'],
  ...['hdel', 'lpop', 'rpop', 'ltrim', 'srem'],
  ...['zrem', 'zremrangebyrank', 'zremrangebyscore', 'zpopmin', 'zpopmax'],
] as const;

export const GROWING = [
  ...['set', 'setex', 'psetex', 'setnx', 'mset', 'msetnx', 'getset', 'append'],
  ...['incr', 'incrby', 'incrbyfloat', 'decr', 'decrby'],
  ...['hset', 'hsetnx', 'hmset', 'hincrby', 'hincrbyfloat'],
  ...['lpush', 'rpush', 'lpushx', 'rpushx'],
  ...['sadd', 'zadd', 'zincrby'],
] as const;

export const SITES_COMMANDS: readonly string[] = [...READING, ...SHRINKING, ...GROWING];
