import type { Difference } from './answers.ts';

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
