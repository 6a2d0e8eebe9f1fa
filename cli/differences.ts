import type { Difference, ToldPlan } from './answers.ts';

/** Each with its files below it, and their diffs as they are. */
export function linesOf(differences: readonly Difference[]): readonly string[] {
  return differences.flatMap(({ step, words, files }) => [
    `${step}: ${words}`,
    ...files.flatMap(({ path, words: ofFile, diff }) => [
      `  ${path}: ${ofFile}`,
      ...(diff ?? '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => `    ${line}`),
    ]),
  ]);
}

/** Of each that would be asked for, what it would change. */
export function linesOfPlan({ changes, left }: ToldPlan): readonly string[] {
  const lines = changes.flatMap(({ kind, resource, differences }) => [
    `${kind} ${resource.name} would change ${differences.length === 0 ? 'nothing' : 'this'}`,
    ...linesOf(differences).map((line) => `  ${line}`),
  ]);
  return left === 0 ? lines : [...lines, `and ${left} more would be asked for, which are not looked at`];
}
