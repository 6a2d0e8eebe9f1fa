import { printable, printableJson, printableLines } from '../../../cli/printable.ts';

test.each([
  ['\u001b[31mred', '\\u001b[31mred'],
  ['\u009b2Jgone', '\\u009b2Jgone'],
  ['a\r\nb', 'a\\u000d\\u000ab'],
  ['a\tb', 'a\\u0009b'],
  ['\u0007bell', '\\u0007bell'],
  ['\u007fdel', '\\u007fdel'],
  ['a\u0000b', 'a\\u0000b'],
  ['\u202egnp.exe', '\\u202egnp.exe'],
  ['\u2066isolated', '\\u2066isolated'],
  ['zero\u200bwidth', 'zero\\u200bwidth'],
  ['line\u2028parted', 'line\\u2028parted'],
  ['\ufeffmark', '\\ufeffmark'],
  ['tag\u{e0041}', 'tag\\udb40\\udc41'],
])('writes %j so that a terminal only shows it', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('leaves letters of any script as they are', () => {
  expect(printable('Größe ✔ 日本語 😀')).toBe('Größe ✔ 日本語 😀');
});

test('keeps the lines of its own text', () => {
  expect(printableLines('one\ntwo\u001b')).toBe('one\ntwo\\u001b');
});

test('writes JSON that means the same and holds no control character', () => {
  const document = { name: 'a\u001b\u009b\u007f\u202e\u2028"\\', list: ['\n'] };
  const text = printableJson(document);
  expect(JSON.parse(text)).toEqual(document);
  expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
});
