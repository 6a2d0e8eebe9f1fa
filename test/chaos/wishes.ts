import { PlannableKind } from '../../contract/changes.ts';
import { weighted, type Random } from './random.ts';
import { BASE_WISHES } from './wishes-bases.ts';
import { DRIFT_WISHES } from './wishes-drift.ts';
import { GUEST_WISHES } from './wishes-guests.ts';
import { PART_WISHES } from './wishes-parts.ts';
import { SERVER_WISHES } from './wishes-server.ts';
import { SITE_WISHES } from './wishes-sites.ts';
import type { Wish, Wishing, World } from './world.ts';

const CHANGES: readonly Wishing[] = [...SITE_WISHES, ...PART_WISHES, ...BASE_WISHES, ...GUEST_WISHES];

/** To be told what one of the changes would do: the client believes what it believed before. */
const PLAN: Wishing = {
  weight: 8,
  wish: (world, random) => {
    const wish = weighted(random, CHANGES).wish(world, random);
    if (wish === null || !PlannableKind.safeParse(wish.kind).success) return null;
    const told = { kind: 'change.plan', path: `${wish.path}?plan=true`, awaited: false } as const;
    return { ...wish, ...told, then: () => undefined };
  },
};

export const WISHES: readonly Wishing[] = [...CHANGES, ...DRIFT_WISHES, ...SERVER_WISHES, PLAN];

/** Of so many the one that was asked for least is taken, so that the rare ones have their turn. */
const CHOICE = 4;

/** What this client asks for next; there is always something, for something can always be made. */
export function nextWish(world: World, random: Random): Wish {
  const choice: Wish[] = [];
  while (choice.length < CHOICE) {
    const wish = weighted(random, WISHES).wish(world, random);
    if (wish !== null) choice.push(wish);
  }
  const count = ({ kind }: Wish) => world.counts.get(kind) ?? 0;
  const chosen = choice.reduce((least, wish) => (count(wish) < count(least) ? wish : least));
  world.counts.set(chosen.kind, count(chosen) + 1);
  return chosen;
}
