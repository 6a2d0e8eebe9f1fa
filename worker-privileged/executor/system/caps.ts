import { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import type { Files } from './files.ts';
import type { Limits } from './limits.ts';
import type { Locks } from './locks.ts';
import { paths } from './paths.ts';

/** How much may be destroyed in an hour, over all sites and all executors of this server. */
export type Caps = {
  /**
   * Does what destroys, as long as this hour has room for it, and throws `limit_reached` where it has none. What
   * has to be done again because it broke off is known by its key, and counted once.
   */
  readonly destroy: <T>(key: string, act: () => Promise<T>) => Promise<T>;
};

const HOUR_MS = 3_600_000;
/** What was never finished is forgotten after a while, so that the record does not grow for ever. */
const UNFINISHED_MS = 30 * 24 * HOUR_MS;

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

/** The record lies beside the registry, so that neither a restart nor a second executor begins to count anew. */
export function createCaps({ files, locks, limits, now }: Tools): Caps {
  const change = (edit: (counted: readonly Counted[]) => readonly Counted[]) =>
    locks.during('cap-destroy', async () => {
      const text = await files.read(paths.destroyed);
      // One that cannot be read stops everything: beginning anew would give the hour its room back.
      const counted = text === null ? [] : z.array(Counted).parse(JSON.parse(text));
      const age = ({ at }: Counted) => now().getTime() - Date.parse(at);
      const kept = counted.filter((one) => age(one) < (one.finished ? HOUR_MS : UNFINISHED_MS));
      const edited = edit(kept);
      if (edited !== kept) await files.replace(paths.destroyed, `${JSON.stringify(edited)}\n`, 0o600);
    });

  const begin = async (key: string) => {
    const { destroyPerHour } = await limits();
    await change((counted) => {
      if (counted.some((one) => one.key === key && !one.finished)) return counted;
      const hourAgo = now().getTime() - HOUR_MS;
      const recent = counted.filter(({ at }) => Date.parse(at) > hourAgo).length;
      if (recent >= destroyPerHour) throw limitReached(destroyPerHour);
      return [...counted, { key, at: now().toISOString(), finished: false }];
    });
  };
  const finish = (key: string) =>
    change((counted) => counted.map((one) => (one.key === key ? { ...one, finished: true } : one)));

  return {
    destroy: async (key, act) => {
      await begin(key);
      const result = await act();
      // What is done is done. Where that cannot be noted it counts as one that broke off, which gives no more room.
      await finish(key).catch(() => undefined);
      return result;
    },
  };
}

function limitReached(most: number): FailureError {
  return new FailureError(
    'limit_reached',
    `This server removes, switches off or repoints at most ${most} sites and databases an hour, and has.`,
    'It goes on by itself when there is room. If this is not you, look who has your tokens; cancel what waits.',
  );
}
