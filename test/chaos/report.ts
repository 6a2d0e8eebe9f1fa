import { OPERATION_RESOURCES } from '../../contract/operations.ts';
import type { Fault } from './faults.ts';
import type { History } from './history.ts';

type About = {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly weakened: string | undefined;
};

/** The counts, for people. */
export function report(history: History, { seed, faults, weakened }: About): string {
  const { asked, operations, strikes, visits, truths, calls } = history;
  const sent = asked.flatMap(({ answers }) => answers);
  const repeated = asked.filter(({ answers }) => answers.length > 1).length;
  const kinds = new Set(operations.map(({ kind }) => kind));
  const missing = Object.keys(OPERATION_RESOURCES).filter((kind) => !kinds.has(kind as never));
  return [
    `chaos: seed ${seed}${weakened === undefined ? '' : `, ${weakened}`}: ${faults.length} faults`,
    `  operations ${operations.length} (${tally(operations.map(({ status }) => status))}), of ${kinds.size} kinds, none of ${missing.join(', ') || 'no kind'}`,
    `  failed with ${tally(operations.flatMap(({ error, status }) => (status === 'failed' ? (error ?? '?') : []))) || 'nothing'}; attempts ${tally(operations.map(({ attempt }) => String(attempt)))}`,
    `  wishes ${asked.length}, sent ${sent.length} times, ${repeated} of them again; answered ${tally(sent.map(({ status }) => String(status)))}`,
    `  the nemesis struck ${strikes.length} times: ${tally(strikes.map(({ name }) => name))}`,
    `  requests to root ${calls.length}; the neighbour was visited ${visits.length} times, ${visits.filter(({ fine }) => !fine).length} in vain; looked at afterwards: ${truths.length}`,
    ...faults.slice(0, 60).map(({ rule, what }) => `  FAULT ${rule}: ${what}`),
    '',
  ].join('\n');
}

function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([word, count]) => `${word} ${count}`)
    .join(', ');
}
