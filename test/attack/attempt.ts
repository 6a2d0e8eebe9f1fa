import { appendFileSync } from 'node:fs';
import { auditLength, auditSince } from '../machine/executor-conversation.ts';
import { differences, digest } from './digest.ts';

/** One thing that a thief tries. */
export type Attempt = {
  /** What it is, for whoever reads a failure. */
  readonly what: string;
  /** Gives what came of it. */
  readonly act: () => unknown;
  /** What a refusal looks like: compared with what `act` gave, by Jest's own rules. */
  readonly refusal: unknown;
  /** What the executor notes of it, line by line and in part; nothing where it is not asked at all. */
  readonly audit?: readonly Readonly<Record<string, unknown>>[];
  /** Verbs that the worker asks for by itself meanwhile, which are not looked at. */
  readonly besides?: readonly string[];
  /** How many attempts it is, where `act` makes a list of them. */
  readonly times?: number;
};

export type Row = number | readonly number[];

/** Where the counts of this run are kept, over all files of the suite. */
export const COUNTS = '/run/sculptor-attacks';
export type Count = { readonly row: number; readonly refused: number; readonly accepted: number };

/** What the worker asks by itself now and then: what there is on the server, and after packages were replaced. */
const SCHEDULED = [
  'server.facts',
  'cache.usages',
  'updates.told',
  'updates.restart',
  'site.renew',
  'state.dump',
];

/**
 * Tries all of them one after the other: each is refused, each request that reached the executor is in its audit
 * log, and afterwards the server is as it was, but for what lies in `own`, where the thief may do as it likes.
 */
export async function refused(
  row: Row,
  attempts: readonly Attempt[],
  own: readonly string[] = [],
): Promise<void> {
  const before = digest(own);
  for (const { what, act, refusal, audit = [], besides = [], times = 1 } of attempts) {
    const noted = auditLength();
    const came = await act();
    expect({ what, came }).toEqual({ what, came: refusal });
    const lines = auditSince(noted).filter(({ verb }) => ![...SCHEDULED, ...besides].includes(String(verb)));
    expect({ what, audit: lines }).toMatchObject({ what, audit });
    count(row, { refused: times, accepted: 0 });
  }
  expect(differences(before, digest(own))).toEqual([]);
}

/** For what can be done, and why that is acceptable stands in the test that calls this. */
export function accepted(row: Row): void {
  count(row, { refused: 0, accepted: 1 });
}

export function count(row: Row, { refused, accepted }: Omit<Count, 'row'>): void {
  const [first = 0, ...others] = [row].flat();
  const counts: Count[] = [
    { row: first, refused, accepted },
    // An attempt that stands for several rows is one attempt.
    ...others.map((other) => ({ row: other, refused: 0, accepted: 0 })),
  ];
  appendFileSync(COUNTS, counts.map((one) => `${JSON.stringify(one)}\n`).join(''));
}
