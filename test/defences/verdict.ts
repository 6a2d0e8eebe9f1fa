import { existsSync, readFileSync } from 'node:fs';
import { patternOf, type Defence } from './defence.ts';

/** Of jest's own report what is looked at. */
export type Report = { readonly testResults: readonly FileReport[] };
type FileReport = {
  readonly name: string;
  readonly message: string;
  readonly assertionResults: readonly One[];
};
type One = {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
  readonly location: { readonly line: number } | null;
};

/** `words`: what the run said, for where there is no report. */
export function readReport(path: string, words: string): Report {
  if (!existsSync(path)) throw new Error(`the tests could not be run: ${words.slice(0, 3000)}`);
  return JSON.parse(readFileSync(path, 'utf8')) as Report;
}

/** Why a run with the whole tree does not count; null where the test passed. */
export function whyNotPassed(defence: Defence, report: Report, folder: string): string | null {
  const { named } = find(defence, report, folder);
  if (named.length === 0) return 'there is no such test';
  const bad = named.find(({ status }) => status !== 'passed');
  return bad === undefined
    ? null
    : `with the defence, the test is ${bad.status}: ${bad.failureMessages.join()}`;
}

/** Why a run without the defence does not count; null where the named test itself has noticed. */
export function whyNotNoticed(defence: Defence, report: Report, folder: string): string | null {
  const { file, named } = find(defence, report, folder);
  if (file === undefined) return 'the test’s file was not run';
  if (named.length === 0) return `the test was not run: ${file.message.slice(0, 1000)}`;
  const failed = named.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return 'no test has noticed';
  const others = failed.filter((test) => !failedByItself(test, file));
  return others.length === 0
    ? null
    : `it failed, but not by what it asserts: ${others[0]?.failureMessages.join() ?? ''}`;
}

function find(defence: Defence, report: Report, folder: string) {
  const file = report.testResults.find(({ name }) => name === `${folder}/${defence.noticed.file}`);
  const isNamed = new RegExp(patternOf(defence));
  return { file, named: file?.assertionResults.filter(({ fullName }) => isNamed.test(fullName)) ?? [] };
}

/** An assertion, and between the line where this test begins and that where the next one does: not in a set-up step. */
function failedByItself({ failureMessages, location }: One, { name, assertionResults }: FileReport): boolean {
  if (location === null) return false;
  const begins = location.line;
  const next = Math.min(
    ...assertionResults.map((other) => other.location?.line ?? 0).filter((line) => line > begins),
    Number.MAX_SAFE_INTEGER,
  );
  return failureMessages.every((message) => {
    const lines = Array.from(message.matchAll(/([^\s(]+):(\d+):\d+\)?$/gm), ([, path, line]) => ({
      path,
      line: Number(line),
    }));
    const inside = lines.some(({ path, line }) => path === name && line >= begins && line < next);
    return inside && /\bexpect\(|Property failed/.test(message);
  });
}
