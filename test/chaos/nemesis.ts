import { setTimeout as pause } from 'node:timers/promises';
import type { Strike } from './history.ts';
import { weighted, type Random } from './random.ts';
import { PROCESSES, SURROUNDINGS, type Around, type StrikeKind } from './strikes.ts';

export type Lane = {
  readonly kinds: readonly StrikeKind[];
  readonly around: Around;
  readonly strikes: Strike[];
  readonly isOver: () => boolean;
};

/** Strikes, one after the other, each kind once before any comes a second time, then as chance has it. */
async function strikeOn({ kinds, around, strikes, isOver }: Lane): Promise<void> {
  const { random } = around;
  const first = shuffled(kinds, random);
  while (!isOver()) {
    await pause(random.between(300, 2500));
    const kind = first.pop() ?? weighted(random, kinds);
    const from = Date.now();
    const note = await kind.strike(around).catch((error: unknown) => `FAILED ${String(error)}`);
    strikes.push({ name: kind.name, from, to: Date.now(), ...(note === undefined ? {} : { note }) });
  }
}

export async function beNemesis(
  { bait, random, other }: Around & { readonly other: Random },
  { strikes, isOver, only }: Pick<Lane, 'strikes' | 'isOver'> & { readonly only: readonly string[] },
): Promise<void> {
  const wanted = ({ name }: StrikeKind) => only.length === 0 || only.includes(name);
  const lanes = [
    { kinds: PROCESSES.filter(wanted), around: { bait, random } },
    { kinds: SURROUNDINGS.filter(wanted), around: { bait, random: other } },
  ];
  await Promise.all(
    lanes.filter(({ kinds }) => kinds.length > 0).map((lane) => strikeOn({ ...lane, strikes, isOver })),
  );
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const left = [...list];
  const dealt: T[] = [];
  while (left.length > 0) dealt.push(...left.splice(random.below(left.length), 1));
  return dealt;
}
