import { weighted, type Random } from './random.ts';
import { BASE_WISHES } from './wishes-bases.ts';
import { GUEST_WISHES } from './wishes-guests.ts';
import { PART_WISHES } from './wishes-parts.ts';
import { SITE_WISHES } from './wishes-sites.ts';
import type { Wish, Wishing, World } from './world.ts';

export const WISHES: readonly Wishing[] = [...SITE_WISHES, ...PART_WISHES, ...BASE_WISHES, ...GUEST_WISHES];

/** What this client asks for next; there is always something, for something can always be made. */
export function nextWish(world: World, random: Random): Wish {
  for (;;) {
    const wish = weighted(random, WISHES).wish(world, random);
    if (wish !== null) return wish;
  }
}
