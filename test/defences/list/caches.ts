import type { Defence } from '../defence.ts';

const KEEPER = 'test/unit/executor/cache-keeper.test.ts';
const CACHES = 'test/unit/executor/caches.test.ts';

/** Between the sites in the Redis of their caches. */
export const CACHES_DEFENCES: readonly Defence[] = [
  {
    name: 'keys of its own',
    against: "a site that reads its neighbour's cache",
    change: {
      file: 'worker-privileged/executor/render/cache.ts',
      from: 'const keys = `~${plain(id)}:*`;',
      to: "const keys = '~*';",
    },
    noticed: {
      file: CACHES,
      test: 'the accounts: nobody without a password, each site with its own keys and the closed list',
    },
  },
  {
    name: 'closed list of commands',
    against: 'a site that lists all keys, or keeps the one thread busy for ever',
    change: {
      file: 'worker-privileged/executor/render/cache-commands.ts',
      from: "...['llen', 'lrange', 'lindex'],",
      to: "...['llen', 'lrange', 'lindex', 'eval', 'scan'],",
    },
    noticed: {
      file: CACHES,
      test: 'no command that walks, blocks, runs code or shows others is on the list',
    },
  },
  {
    name: 'a share',
    against: 'a site that takes the room of all',
    change: {
      file: 'worker-privileged/executor/keeper/verdict.ts',
      from: 'const drop = bytes > share ? Math.ceil(bytes - share * 0.9) : 0;',
      to: 'const drop = 0;',
    },
    noticed: {
      file: KEEPER,
      test: 'a verdict one that is full loses a tenth of its share, and goes on writing',
    },
  },
  {
    name: 'a pause for who fills too fast',
    against: 'a site that fills the room of all again and again, between two measurements',
    change: {
      file: 'worker-privileged/executor/keeper/verdict.ts',
      from: 'Math.min(FIRST_PAUSE_MS * 2 ** recent, LONGEST_PAUSE_MS)',
      to: '0',
    },
    noticed: {
      file: KEEPER,
      test: 'a verdict one that is filled faster than it is measured may not write, each time for longer, up to a minute',
    },
  },
  {
    name: 'connections of a site',
    against: 'a site that takes all connections',
    change: {
      file: 'worker-privileged/executor/keeper/connections.ts',
      from: 'oldestFirst.slice(MOST_OF_A_SITE)',
      to: 'oldestFirst.slice(oldestFirst.length)',
    },
    noticed: {
      file: KEEPER,
      test: 'connections of a site those that came last are ended where they are too many, and of a neighbour none',
    },
  },
  {
    name: 'room for all shares',
    against: 'shares that are given away twice',
    change: {
      file: 'worker-privileged/executor/system/caches.ts',
      from: 'if (will <= was || will <= cacheMebibytes * 1_048_576) return;',
      to: 'if (cacheMebibytes >= 0) return;',
    },
    noticed: {
      file: CACHES,
      test: 'no more is given away than root allows, and what is there may always become less',
    },
  },
];
