import fc from 'fast-check';
import {
  DatabaseName,
  DatabaseUserName,
  DomainName,
  PhpVersion,
  PublicDirectory,
} from '../../../contract/names.ts';
import { canonicalDomainName } from '../../../runtime/domain-names.ts';
import { always, hostileText, near } from './chance.ts';

const SMALL = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';

/** Of nothing but these characters, character by character: no pattern that could end too early. */
function isOf(text: string, characters: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (!characters.includes(text.charAt(at))) return false;
  return true;
}

/** RFC 1123 and ours, read from left to right. */
function isHostName(name: string): boolean {
  const labels = name.split('.');
  const last = labels.at(-1) ?? '';
  return name.length <= 253 && labels.length >= 2 && !isOf(last, DIGITS) && labels.every(isLabel);
}

function isLabel(label: string): boolean {
  const fits = label.length >= 1 && label.length <= 63 && isOf(label, `${SMALL}${DIGITS}-`);
  return fits && !label.startsWith('-') && !label.endsWith('-');
}

const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?$/);
const hostName = fc.oneof(
  fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => [...labels, 'example'].join('.')),
  fc.constant(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`),
  fc.constantFrom('xn--mnchen-3ya.example', '1.2.3.4', 'a.0x1', 'co.uk'),
);

test('a host name is one by the contract when it is one by the rules said otherwise', () => {
  always(near(hostName), (text) => expect(DomainName.safeParse(text).success).toBe(isHostName(text)));
});

test('a name that the API takes is one for the contract, and is taken again as itself', () => {
  always(fc.oneof(near(hostName), fc.webUrl(), near(fc.domain())), (typed) => {
    const answer = canonicalDomainName(typed, 'machine.example');
    if ('refused' in answer) return;
    expect([isHostName(answer.name), DomainName.safeParse(answer.name).success]).toEqual([true, true]);
    expect(canonicalDomainName(answer.name, 'machine.example')).toEqual(answer);
  });
});

test('two ways to type one name come to one name', () => {
  const ways = fc.constantFrom<(name: string) => string>(
    (name) => name.toUpperCase(),
    (name) => name.replaceAll('.', '。'),
    (name) => name.replaceAll('.', '．'),
    (name) => name.replace(/[a-z]/, (letter) => String.fromCodePoint(0xff21 + letter.charCodeAt(0) - 97)),
    (name) => name.normalize('NFD'),
  );
  const names = fc.oneof(hostName, fc.constantFrom('müller.example', 'café.example', '例え.example'));
  always(fc.tuple(names, ways), ([name, write]) =>
    expect(canonicalDomainName(write(name))).toEqual(canonicalDomainName(name)),
  );
});

test('the server’s own name and what is below it is never taken, however it is typed', () => {
  const typed = fc.tuple(
    near(label),
    fc.constantFrom('machine.example', 'MACHINE.example', 'machine。example'),
  );
  always(typed, ([below, own]) => {
    expect(canonicalDomainName(`${below}.${own}`, 'machine.example')).toHaveProperty('refused');
  });
});

test.each([
  ['database', DatabaseName, 48],
  ['account', DatabaseUserName, 32],
] as const)('the name of a %s is a letter and then letters, digits and _', (_what, schema, longest) => {
  always(near(fc.stringMatching(/^[a-z][a-z0-9_]{0,47}$/)), (text) => {
    const byRules = text.length <= longest && isOf(text, `${SMALL}${DIGITS}_`) && isOf(text.charAt(0), SMALL);
    if (schema.safeParse(text).success) expect([text !== '', byRules]).toEqual([true, true]);
    // Reserved words are names by their letters.
    else if (text !== '' && byRules) expect(text).toMatch(/^[a-z_]{3,18}$/);
  });
});

test('a folder that may be served stays below public, whoever puts it behind a path', () => {
  always(near(fc.stringMatching(/^public(\/[A-Za-z0-9_.-]{1,6}){0,4}$/)), (text) => {
    if (!PublicDirectory.safeParse(text).success) return;
    const parts = text.split('/');
    expect(new URL(text, 'file:///site/').pathname).toBe(`/site/${text}`);
    expect([parts[0], parts.length <= 5, isOf(text, `${SMALL}${SMALL.toUpperCase()}${DIGITS}._-/`)]).toEqual([
      'public',
      true,
      true,
    ]);
    expect(parts.filter((part) => part === '' || /^[.-]|\.$/.test(part))).toEqual([]);
  });
});

test('a PHP version is two numbers', () => {
  always(near(fc.stringMatching(/^[5-9]\.[0-9]{1,2}$/)), (text) => {
    if (PhpVersion.safeParse(text).success)
      expect(`${parseInt(text)}.${text.split('.')[1] ?? ''}`).toBe(text);
  });
});

test('what is nobody’s name is refused without a word of it', () => {
  always(hostileText, (text) => {
    const answer = canonicalDomainName(text);
    if ('refused' in answer && text.length > 8) expect(answer.refused.message).not.toContain(text);
  });
});
