import { z } from 'zod';
import { failpoint } from '../../../contract/failpoint.ts';
import { FailureError } from '../../../contract/failures.ts';
import type { Files } from './files.ts';
import type { Limits } from './limits.ts';
import type { Locks } from './locks.ts';
import { paths } from './paths.ts';

/**
 * Does what is counted, as long as this hour has room for it, and throws `limit_reached` where it has none. What has to
 * be done again within the hour because it broke off is known by its key, and counted once. After that it counts anew:
 * else whoever lets things break off hour after hour could then do all of them in one.
 */
export type Cap = <T>(key: string, act: () => Promise<T>) => Promise<T>;

/**
 * How much may be destroyed, let in and repaired in an hour, over all sites and all executors of this server. A repair takes
 * away what root has set up for a site by hand: to shut it in, it may be.
 */
export type Caps = {
  readonly destroy: Cap;
  readonly letIn: Cap;
  readonly repair: Cap;
  /** That security updates are installed now. */
  readonly upgrade: Cap;
  /** That an address is banned: whoever has a token could otherwise keep everybody off. */
  readonly ban: Cap;
};

const HOUR_MS = 3_600_000;

const Counted = z.strictObject({
  key: z.string().max(100),
  at: z.iso.datetime(),
  finished: z.boolean(),
});
type Counted = z.infer<typeof Counted>;

type Tools = {
  readonly files: Pick<Files, 'read' | 'replace'>;
  readonly locks: Locks;
  readonly limits: () => Promise<Limits>;
  readonly now: () => Date;
};

export function createCaps(tools: Tools): Caps {
  return {
    destroy: createCap(tools, {
      lock: 'cap-destroy',
      hint: WAITS,
      record: paths.destroyed,
      limit: 'destroyPerHour',
      what: (most) =>
        `This server removes, switches off or repoints at most ${most} sites and databases an hour, and has.`,
    }),
    letIn: createCap(tools, {
      lock: 'cap-let-in',
      hint: WAITS,
      record: paths.letIn,
      limit: 'letInPerHour',
      what: (most) =>
        `This server takes at most ${most} keys, programs and visitors of sites an hour, and has.`,
    }),
    repair: createCap(tools, {
      lock: 'cap-repair',
      hint: ASK_AGAIN,
      record: paths.repaired,
      limit: 'repairsPerHour',
      what: (most) => `This server repairs at most ${most} sites an hour, and has.`,
      ofOne: {
        limit: 'siteRepairsPerHour',
        what: (most) => `This server repairs a site at most ${most} times an hour, and has.`,
      },
    }),
    upgrade: createCap(tools, {
      lock: 'cap-upgrade',
      hint: WAITS,
      record: paths.upgraded,
      limit: 'upgradesPerHour',
      what: (most) => `This server is asked for security updates at most ${most} times an hour, and was.`,
    }),
    ban: createCap(tools, {
      lock: 'cap-ban',
      hint: ASK_AGAIN,
      record: paths.banned,
      limit: 'bansPerHour',
      what: (most) => `This server bans at most ${most} addresses an hour for being asked to, and has.`,
    }),
  };
}

const ASK_AGAIN =
  'Nothing was changed. Ask again when the hour is over. If you did not ask, look who has your tokens.';
const WAITS =
  'It goes on by itself when there is room. If this is not you, look who has your tokens; cancel what waits.';

type Limit = {
  readonly limit:
    | 'destroyPerHour'
    | 'letInPerHour'
    | 'repairsPerHour'
    | 'siteRepairsPerHour'
    | 'upgradesPerHour'
    | 'bansPerHour';
  readonly what: (most: number) => string;
};

type Counter = Limit & {
  readonly lock: string;
  readonly hint: string;
  readonly record: string;
  /** Of one key. */
  readonly ofOne?: Limit;
};

/** The record lies beside the registry, so that neither a restart nor a second executor begins to count anew. */
function createCap(
  { files, locks, limits, now }: Tools,
  { lock, record, hint, ofOne, ...ofAll }: Counter,
): Cap {
  const change = (edit: (counted: readonly Counted[]) => readonly Counted[]) =>
    locks.during(lock, async () => {
      const text = await files.read(record);
      // One that cannot be read stops everything: beginning anew would give the hour its room back.
      const counted = text === null ? [] : z.array(Counted).parse(JSON.parse(text));
      const ofThisHour = counted.filter(({ at }) => now().getTime() - Date.parse(at) < HOUR_MS);
      const edited = edit(ofThisHour);
      if (edited !== ofThisHour) await files.replace(record, `${JSON.stringify(edited)}\n`, 0o600);
    });

  const begin = async (key: string) => {
    const set = await limits();
    const require = ({ limit, what }: Limit, count: number) => {
      if (count >= set[limit]) throw new FailureError('limit_reached', what(set[limit]), hint);
    };
    await change((counted) => {
      const ofKey = counted.filter((one) => one.key === key);
      if (ofKey.some(({ finished }) => !finished)) return counted;
      require(ofAll, counted.length);
      if (ofOne !== undefined) require(ofOne, ofKey.length);
      return [...counted, { key, at: now().toISOString(), finished: false }];
    });
  };
  const finish = (key: string) =>
    change((counted) => counted.map((one) => (one.key === key ? { ...one, finished: true } : one)));

  return async (key, act) => {
    await begin(key);
    failpoint('counted');
    const result = await act();
    failpoint('counted and done');
    // What is done is done. Where that cannot be noted it counts as one that broke off, which gives no more room.
    await finish(key).catch(() => undefined);
    return result;
  };
}
