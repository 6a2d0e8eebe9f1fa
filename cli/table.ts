import { printable } from './printable.ts';

/** Lines with their columns aligned, the heading first; widths are counted after neutralising. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [heading, ...rows].map((row) => row.map((cell) => printable(cell)));
  const widths = heading.map((_, column) => Math.max(...cells.map((row) => width(row[column] ?? ''))));
  return cells.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Names and their values, one a line, for one thing. */
export function listing(facts: readonly (readonly [string, string])[]): string[] {
  const widest = Math.max(...facts.map(([name]) => width(name)));
  return facts.map(([name, value]) => `${pad(name, widest)}  ${printable(value)}`.trimEnd());
}

function pad(cell: string, columns: number): string {
  return cell + ' '.repeat(Math.max(0, columns - width(cell)));
}

function width(cell: string): number {
  return Array.from(cell).length;
}
