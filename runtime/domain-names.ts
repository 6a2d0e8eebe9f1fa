import { domainToASCII, domainToUnicode } from 'node:url';
import { parse } from 'tldts';
import { DomainName } from '../contract/names.ts';

/**
 * SECURITY: brings what a person typed to the one form that everything below this border knows. The worker
 * calls it again and refuses a name that is not its own canonical form. Not covered: a name written wholly in
 * letters of another script that look Latin, and look-alikes within one script (rn for m, l for 1).
 */
export type TypedName =
  | { readonly name: DomainName }
  /** A sentence about what is wrong, and what would be right. */
  | { readonly refused: { readonly message: string; readonly expected: string } };

type Check = readonly [applies: (text: string) => boolean, message: string];

const EXPECTED = 'a host name such as shop.example or www.müller.example';

/** Of the text as typed, before anything maps a character away. */
const TYPED: readonly Check[] = [
  [(text) => text === '', 'The name is empty.'],
  [(text) => text.length > 1000, 'The name is longer than a host name can be.'],
  [(text) => /[\p{Cc}\u2028\u2029]/u.test(text), 'The name holds a control character.'],
  [(text) => /[\p{White_Space}\p{Z}]/u.test(text), 'The name holds a space.'],
  [
    (text) => /[\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]/u.test(text),
    'The name holds an invisible character, one that turns the direction of writing, or none at all.',
  ],
  [(text) => text.includes('*'), 'Wildcards are not taken: each name is asked for by itself.'],
  [(text) => text.includes('%'), 'The name is percent-encoded; write it as it is read.'],
  [
    (text) => text.includes('@'),
    'The name holds a user or an address for mail; only the host name is taken.',
  ],
  [(text) => /[/\\?#]/.test(text), 'The name holds a path or a whole address; only the host name is taken.'],
  [(text) => /^\[|^[0-9a-f]*:[0-9a-f]*:/i.test(text), 'IP addresses are not taken.'],
  [(text) => text.includes(':'), 'The name holds a port; only the host name is taken.'],
  [(text) => text.includes('_'), 'Host names hold no underscore.'],
  [(text) => /[.。．｡]$/u.test(text), 'The name ends in a dot.'],
  [(text) => /^[.。．｡]|[.。．｡]{2}/u.test(text), 'The name has an empty part between its dots.'],
];

/** Of the name in A-labels and lower case. */
const CONVERTED: readonly Check[] = [
  [(name) => name === '', 'This is not a name that international host names (UTS 46) allow.'],
  [(name) => /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/.test(name), 'IP addresses are not taken.'],
  [(name) => name.endsWith('.') || labels(name).includes(''), 'The name has an empty part between its dots.'],
  [(name) => /[^a-z0-9.-]/.test(name), 'Host names are letters, digits, hyphens and dots.'],
  [
    (name) => labels(name).some((label) => label.length > 63),
    'A part between two dots is longer than 63 octets.',
  ],
  [(name) => name.length > 253, 'The name is longer than 253 octets.'],
  [(name) => labels(name).some(isFalseALabel), 'A part that begins with xn-- does not stand for a name.'],
  [(name) => labels(name).some((label) => /^-|-$/.test(label)), 'A part begins or ends with a hyphen.'],
  [(name) => labels(name).some(mixesScripts), 'A part mixes letters of scripts that look alike.'],
  [
    (name) => /(?:^|\.)(?:localhost|localdomain)$/.test(name),
    'This name means the machine itself and is not served.',
  ],
  [(name) => labels(name).length < 2, 'The name has one part only.'],
  [
    (name) => isPublicSuffix(name),
    'This is a public suffix: names are registered below it, it is nobody’s own.',
  ],
];

/** The same answer for its own answer. `serverName` is the server's; it and what is below it are refused. */
export function canonicalDomainName(typed: string, serverName?: string): TypedName {
  const wrong = failing(TYPED, typed);
  if (wrong !== undefined) return refuse(wrong);
  const ascii = domainToASCII(typed);
  const refused = failing(CONVERTED, ascii);
  if (refused !== undefined) return refuse(refused);
  if (serverName !== undefined && isAtOrBelow(ascii, serverName))
    return refuse('This name is the server’s own, or below it.');
  const name = DomainName.safeParse(ascii);
  return name.success ? { name: name.data } : refuse('Host names are letters, digits, hyphens and dots.');
}

function refuse(message: string): TypedName {
  return { refused: { message, expected: EXPECTED } };
}

function failing(checks: readonly Check[], text: string): string | undefined {
  return checks.find(([applies]) => applies(text))?.[1];
}

function labels(name: string): readonly string[] {
  return name.split('.');
}

/** Some decoders accept `xn--abc-`, which is only `abc` in disguise: two spellings of one name. */
function isFalseALabel(label: string): boolean {
  if (!label.startsWith('xn--')) return false;
  const decoded = domainToUnicode(label);
  return !/\P{ASCII}/u.test(decoded) || domainToASCII(decoded) !== label;
}

/** Scripts with letters that pass for another's; a label may hold one of them. */
const ALIKE = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Coptic}/u,
  /\p{Script=Lisu}/u,
];

function mixesScripts(label: string): boolean {
  if (!label.startsWith('xn--')) return false;
  const decoded = domainToUnicode(label);
  return ALIKE.filter((script) => script.test(decoded)).length > 1;
}

/** Private suffixes too: under github.io everybody is somebody else. An unknown top level is one label. */
function isPublicSuffix(name: string): boolean {
  return parse(name, { allowPrivateDomains: true, extractHostname: false }).publicSuffix === name;
}

function isAtOrBelow(name: string, other: string): boolean {
  return name === other || name.endsWith(`.${other}`);
}
