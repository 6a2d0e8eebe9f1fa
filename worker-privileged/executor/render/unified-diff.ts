const CONTEXT = 3;
/** More pairs of lines are not compared: what differs is shown as a whole then. */
const MOST_PAIRS = 1_000_000;

type Line = { readonly sign: ' ' | '-' | '+'; readonly text: string };

/** What makes one text out of another, as `diff -u` writes it; nothing where they are the same. */
export function renderUnifiedDiff(before: string, after: string): string {
  const lines = compare(linesOf(before), linesOf(after));
  return hunksOf(lines)
    .map(([start, end]) => renderHunk(lines, start, end))
    .join('');
}

/** Each with what says that it ends without a newline, where it does. */
function linesOf(text: string): readonly string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, `${last}\n\\ No newline at end of file`];
}

function compare(before: readonly string[], after: readonly string[]): readonly Line[] {
  const shortest = Math.min(before.length, after.length);
  let head = 0;
  while (head < shortest && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shortest - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const same = (text: string): Line => ({ sign: ' ', text });
  return [
    ...before.slice(0, head).map(same),
    ...compareMiddles(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

/** By the longest lines that both have in the same order. */
function compareMiddles(before: readonly string[], after: readonly string[]): readonly Line[] {
  const removed = before.map((text): Line => ({ sign: '-', text }));
  const added = after.map((text): Line => ({ sign: '+', text }));
  if (before.length * after.length > MOST_PAIRS) return [...removed, ...added];
  const common = lengthsOf(before, after);
  const at = (i: number, j: number) => common[i * (after.length + 1) + j] ?? 0;
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length && j < after.length) {
    if (before[i] === after[j]) {
      lines.push({ sign: ' ', text: before[i] ?? '' });
      [i, j] = [i + 1, j + 1];
    } else if (at(i + 1, j) >= at(i, j + 1)) lines.push(...removed.slice(i, (i += 1)));
    else lines.push(...added.slice(j, (j += 1)));
  }
  return [...lines, ...removed.slice(i), ...added.slice(j)];
}

/** How many lines the ends of both from there on have in common. */
function lengthsOf(before: readonly string[], after: readonly string[]): Uint32Array {
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i -= 1)
    for (let j = after.length - 1; j >= 0; j -= 1)
      common[i * width + j] =
        before[i] === after[j]
          ? (common[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
  return common;
}

/** From where to where: changes that are near each other share one. */
function hunksOf(lines: readonly Line[]): readonly (readonly [number, number])[] {
  const hunks: [number, number][] = [];
  lines.forEach(({ sign }, index) => {
    if (sign === ' ') return;
    const [start, end] = [Math.max(0, index - CONTEXT), Math.min(lines.length, index + 1 + CONTEXT)];
    const last = hunks.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = end;
    else hunks.push([start, end]);
  });
  return hunks;
}

function renderHunk(lines: readonly Line[], start: number, end: number): string {
  const count = (part: readonly Line[], without: Line['sign']) =>
    part.filter(({ sign }) => sign !== without).length;
  const [ahead, part] = [lines.slice(0, start), lines.slice(start, end)];
  const range = (without: Line['sign']) => {
    const length = count(part, without);
    return `${count(ahead, without) + (length === 0 ? 0 : 1)},${length}`;
  };
  const text = part.map((line) => `${line.sign}${line.text}\n`).join('');
  return `@@ -${range('+')} +${range('-')} @@\n${text}`;
}
