import type { AdminAnswer } from '../admin/command.ts';
import type { Examined } from './examine.ts';
import type { Finding } from './finding.ts';

const MARKS = { wrong: 'WRONG  ', warning: 'warning' } as const;

/** A line for each check that found nothing, and for each thing found a sentence and the way to mend it. */
export function report({ checks, findings }: Examined): AdminAnswer {
  const lines = checks.flatMap((check) => {
    const found = findings.filter((finding) => finding.check === check);
    return found.length === 0 ? [`ok       ${check}`] : found.flatMap(linesOf);
  });
  const wrong = findings.filter(({ level }) => level === 'wrong').length;
  const good = wrong === 0;
  return {
    lines: [...lines, '', verdict(wrong, findings.length - wrong)],
    document: { good, checks, findings },
    good,
  };
}

function linesOf({ check, level, sentence, mend }: Finding): readonly string[] {
  return [`${MARKS[level]}  ${check}: ${sentence}`, `         ${mend}`];
}

function verdict(wrong: number, warnings: number): string {
  const rest = warnings === 0 ? '' : `, ${warnings} to look at`;
  return wrong === 0 ? `Everything is as it should be${rest}.` : `${wrong} wrong${rest}.`;
}
