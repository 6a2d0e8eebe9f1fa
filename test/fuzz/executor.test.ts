import fc from 'fast-check';
import { ExecutorAnswer, MAX_REQUEST_BYTES } from '../../contract/executor.ts';
import { converse, type Seen } from './conversation.ts';
import { meantBy, type Meant } from './meant.ts';
import { hostileLine, validRequest } from './requests.ts';
import { CASES, say, SEED } from './settings.ts';
import { MARK } from './words.ts';

/** Conversations from one pool of good requests; the next ones begin at the next seed. */
const A_SLICE = 2000;
const MOST_ANSWERED_BYTES = 65_536;
const LF = Buffer.from('\n');

jest.setTimeout(3_600_000);

test('whatever is written to the executor, a verb is called for what the schemas take and for nothing else', async () => {
  let lines = 0;
  let served = 0;
  for (let seed = SEED; lines < CASES; seed += 1) {
    const pool = fc.sample(validRequest, { numRuns: 60, seed });
    const conversation = fc.tuple(
      fc.array(hostileLine(pool), { minLength: 1, maxLength: 24 }),
      fc.constantFrom(...pool),
      fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(MAX_REQUEST_BYTES)),
    );
    const property = fc.asyncProperty(conversation, async ([hostile, good, cut]) => {
      const bytes = Buffer.concat(
        [...hostile, Buffer.from(JSON.stringify(good))].flatMap((line) => [line, LF]),
      );
      const meant = meantBy(bytes);
      const seen = await converse(bytes, cut);
      compare(seen, meant);
      if (!meant.broken) expect(seen.calls.map(({ verb }) => verb)).toContain(good['verb']);
      lines += meant.lines.length;
      served += seen.calls.length;
    });
    const { counterexample, errorInstance } = await fc.check(property, { numRuns: A_SLICE, seed });
    if (counterexample !== null) throw new Error(story(seed, counterexample[0], errorInstance));
  }
  say(`fuzz: ${lines} requests to the executor, ${served} of them good, seed ${SEED}`);
  // Were nearly all refused, or none, the mutations would try little.
  expect(served / lines).toBeGreaterThan(0.1);
  expect(served / lines).toBeLessThan(0.6);
});

function story(
  seed: number,
  [hostile, , cut]: readonly [readonly Buffer[], unknown, number],
  error: unknown,
) {
  const lines = hostile.map((line) => JSON.stringify(line.toString('latin1').slice(0, 500)));
  return [`to see it again: scripts/fuzz.sh 1 ${seed}`, `in pieces of ${cut}:`, ...lines, String(error)].join(
    '\n',
  );
}

/** What only looks is not noted, unless it ends badly. */
const LOOKS: ReadonlySet<string> = new Set([
  ...['programs.look', 'program.output', 'crons.look', 'cron.output', 'certificates.look'],
  ...[
    'server.look',
    'site.measure',
    'tenant.room',
    'site.drift',
    'database.drift',
    'tenant.drift',
    'updates.meet',
    'updates.look',
    'updates.report',
    'updates.status',
    'bans.look',
    'audit.head',
    'audit.lines',
  ],
]);

const inOneOrder = (list: readonly unknown[]) =>
  [...list].sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));

function compare({ calls, answers, events }: Seen, { lines, broken }: Meant): void {
  const refused = lines.filter((line) => line === 'refused').length + (broken ? 1 : 0);
  const noted = (event: string) => events.filter((one) => one.event === event).length;
  // What has to look for room first may be begun after what came behind it.
  expect(inOneOrder(calls)).toEqual(inOneOrder(lines.filter((line) => line !== 'refused')));
  expect({
    answers: answers.length,
    no: answers.filter(isRefusal).length,
    noAnswers: answers.filter(isNone),
  }).toEqual({
    answers: calls.length + refused,
    no: refused,
    noAnswers: [],
  });
  // What was only planned is noted, too: it was asked for as a change is.
  const toNote = calls.filter(({ verb }) => !LOOKS.has(verb)).length;
  expect([noted('refused'), noted('begun'), noted('ended')]).toEqual([refused, toNote, toNote]);
  expect(answers.filter(isRefusal).map(unnamed).join() + JSON.stringify(events)).not.toContain(MARK);
}

/** Without the request that it answers, which is named as it named itself. */
function unnamed(answer: string): string {
  return answer.replace(/^\{"request":"[^"]*"/, '{');
}

function isRefusal(answer: string): boolean {
  return answer.includes('"error"');
}

/** Matchers are too slow to be asked a million times. */
function isNone(answer: string): boolean {
  return (
    Buffer.byteLength(answer) > MOST_ANSWERED_BYTES || !ExecutorAnswer.safeParse(JSON.parse(answer)).success
  );
}
