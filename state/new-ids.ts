import { randomInt } from 'node:crypto';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const CHARACTERS = `${LETTERS}0123456789`;

/** A random id of that length, in the form of `contract/ids.ts`; its caller parses it into the right brand. */
export function newId(length: 12 | 20): string {
  let id = LETTERS.charAt(randomInt(LETTERS.length));
  while (id.length < length) id += CHARACTERS.charAt(randomInt(CHARACTERS.length));
  return id;
}
