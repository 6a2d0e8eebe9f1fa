import { groundOf, type Defence, type Ground } from './defence.ts';
import { DEFENCES } from './list.ts';
import { runHere, runOnServer, runWithServices, withWorkshop, type Outcome } from './runs.ts';
import { selected } from './selection.ts';
import { whyNotNoticed, whyNotPassed } from './verdict.ts';

/*
 * Each defence is taken away in a copy, and the test that it is listed with has to notice: itself, by an assertion,
 * while it passes with the defence. What to run is said by scripts/defences.sh.
 */

const SEED = Number(process.env['DEFENCES_SEED'] ?? Math.floor(Math.random() * 1_000_000));
const wanted = selected(DEFENCES, {
  names: (process.env['DEFENCES_NAMES'] ?? '').split('\n').filter(Boolean),
  part: process.env['DEFENCES_PART'] || undefined,
  seed: SEED,
});
const on = (ground: Ground) => wanted.filter((defence) => groundOf(defence) === ground);

jest.setTimeout(3_600_000);

const noticed: string[] = [];
afterAll(() => {
  const words = `defences: ${noticed.length} of ${wanted.length} taken away were noticed, of ${DEFENCES.length} in the list, seed ${SEED}`;
  process.stdout.write(`${words}\n`);
});

function judge({ name }: Defence, ...faults: readonly (string | null)[]): void {
  expect([name, ...faults]).toEqual([name, ...faults.map(() => null)]);
  noticed.push(name);
}

test('something was asked for', () => {
  expect(wanted).not.toEqual([]);
});

describe.each([
  ['here', runHere],
  ['services', runWithServices],
] as const)('with %s', (ground, run) => {
  const defences = on(ground);
  let outcome: Outcome;
  if (defences.length === 0) return;
  beforeAll(() => {
    outcome = withWorkshop((workshop) => run(defences, workshop));
  });

  test.each(defences.map((defence) => [defence.name, defence] as const))('%s', (_, defence) => {
    const { report, folderOf } = outcome;
    judge(
      defence,
      whyNotPassed(defence, report, folderOf('whole')),
      whyNotNoticed(defence, report, folderOf(defence)),
    );
  });
});

describe('on a server', () => {
  const defences = on('server');
  if (defences.length === 0) return;
  test.each(defences.map((defence) => [defence.name, defence] as const))('%s', (_, defence) => {
    const { before, after, folder } = withWorkshop((workshop) => runOnServer(defence, workshop));
    judge(
      defence,
      whyNotPassed(defence, before, '/usr/src/sculptor-agent'),
      whyNotNoticed(defence, after, folder),
    );
  });
});
