import { note, wrong, type Found } from './finding.ts';
import type { Server } from './server.ts';

/** No worse than this, of 10. */
const MOST: readonly (readonly [unit: string, most: number])[] = [
  ['sculptor-api.service', 1],
  ['sculptor-worker-privileged.service', 1.5],
  ['sculptor-worker-unprivileged.service', 1.5],
  ['sculptor-mailer.service', 1.5],
  ['sculptor-certbot@a00000000000.service', 1.6],
];

/** How much of the system systemd thinks that a process could reach. */
export async function exposure({ run }: Server): Promise<readonly Found[]> {
  const names = MOST.map(([unit]) => unit);
  const scores = scoresIn(await run('/usr/bin/systemd-analyze', ['security', '--no-pager', ...names]));
  const seen = MOST.flatMap(([unit, most]) => {
    const score = scores.get(unit);
    return score === undefined ? [] : [{ unit, most, score }];
  });
  return [
    ...(seen.length === 0
      ? []
      : [
          note(
            `Exposure, of 10: ${seen.map(({ unit, score }) => `${unit} ${score.toFixed(1)}`).join(', ')}.`,
          ),
        ]),
    ...seen
      .filter(({ score, most }) => score > most)
      .map(({ unit, score, most }) =>
        wrong(
          `The exposure of ${unit} is ${score.toFixed(1)} and should be no more than ${most.toFixed(1)}.`,
        ),
      ),
  ];
}

export function scoresIn(text: string): ReadonlyMap<string, number> {
  return new Map(
    Array.from(text.matchAll(/Overall exposure level for (\S+): ([0-9.]+)/g), ([, unit = '', score]) => [
      unit,
      Number(score),
    ]),
  );
}
