import { listing, table } from '../../../cli/table.ts';

test('aligns columns under their headings and leaves no blanks at the end', () => {
  expect(
    table(
      ['NAME', 'ID'],
      [
        ['a', 'long-id'],
        ['longer-name', 'x'],
      ],
    ),
  ).toEqual(['NAME         ID', 'a            long-id', 'longer-name  x']);
});

test('an empty table is its heading', () => {
  expect(table(['NAME', 'ID'], [])).toEqual(['NAME  ID']);
});

test('counts the width of a cell as it is shown, neutralised', () => {
  expect(
    table(
      ['A', 'B'],
      [
        ['\u001b', 'x'],
        ['ü', 'y'],
      ],
    ),
  ).toEqual(['A       B', '\\u001b  x', 'ü       y']);
});

test('lists names and values', () => {
  expect(
    listing([
      ['id', '1'],
      ['status', 'live'],
    ]),
  ).toEqual(['id      1', 'status  live']);
});
