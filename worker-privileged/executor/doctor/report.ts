import type { AdminAnswer } from '../admin/command.ts';
import type { Examined } from './examine.ts';
import type { Finding } from './finding.ts';

const MARKS = { wrong: 'WRONG  ', warning: 'warning', note: 'note   ' } as const;

/** A line for each check that found nothing wrong, and for each thing found a sentence and the way to mend it. */
export function report({ checks, findings }: Examined): AdminAnswer {
  const lines = checks.flatMap((check) => {
    const found = findings.filter((finding) => finding.check === check);
    const good = found.every(({ level }) => level === 'note');
    return [...(good ? [`ok       ${check}`] : []), ...found.flatMap(linesOf)];
  });
  const count = (wanted: Finding['level']) => findings.filter(({ level }) => level === wanted).length;
  const good = count('wrong') === 0;
  return {
    lines: [...lines, '', verdict(count('wrong'), count('warning'))],
    document: { good, checks, findings },
    good,
  };
}

function linesOf({ check, level, sentence, mend }: Finding): readonly string[] {
  return [`${MARKS[level]}  ${check}: ${sentence}`, ...(mend === '' ? [] : [`         ${mend}`])];
}

function verdict(wrong: number, warnings: number): string {
  const rest = warnings === 0 ? '' : `, ${warnings} to look at`;
  return wrong === 0 ? `Everything is as it should be${rest}.` : `${wrong} wrong${rest}.`;
}
