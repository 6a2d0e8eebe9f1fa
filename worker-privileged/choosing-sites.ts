import type { CheckableSite } from '../state/site-checks.ts';

/** Of those that are asked in a round so many at most because they were not well: the others have their turn too. */
const MOST_UNWELL = 5;

/** `unwell` take long, and are asked beside the others and not before them. */
export interface Chosen {
  readonly unwell: readonly CheckableSite[];
  readonly others: readonly CheckableSite[];
}

/**
 * Of those that are due, asked longest ago first, so many. Some that were not well come first, whoever's turn it is: their alarm goes
 * by minutes, while a turn may take hours. Of these each tenant has one before any has another.
 */
export function chooseSites(due: readonly CheckableSite[], most: number): Chosen {
  const isUnwell = ({ well }: CheckableSite) => well === false;
  const unwell = inTurn(due.filter(isUnwell)).slice(0, MOST_UNWELL);
  const rest = due.filter((site) => !isUnwell(site)).slice(0, most - unwell.length);
  const room = most - unwell.length - rest.length;
  const more = inTurn(due.filter(isUnwell)).slice(unwell.length, unwell.length + room);
  return { unwell: [...unwell, ...more], others: rest };
}

/** The first of each tenant, then the second of each; among these in the order that they came in. */
function inTurn(sites: readonly CheckableSite[]): CheckableSite[] {
  const before = new Map<string, number>();
  const ranked = sites.map((site) => {
    const rank = before.get(site.tenant) ?? 0;
    before.set(site.tenant, rank + 1);
    return { site, rank };
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ site }) => site);
}
