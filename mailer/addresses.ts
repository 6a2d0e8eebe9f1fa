import { domainToASCII } from 'node:url';
import addressparser from 'nodemailer/lib/addressparser';
import { refuse } from './refusal.ts';

const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

const LONGEST_FIELD = 8192;

/** The addresses of a field such as `To`, from the octets that stand in it. */
export function addressesIn(value: string): readonly string[] {
  const text = Buffer.from(value, 'latin1').toString('utf8');
  // More than every recipient that a message may have could fill, and no work for patterns that look back.
  if (text.length > LONGEST_FIELD) refuse('A field of addresses is too long.');
  refuseUnclear(text);
  return addressparser(text, { flatten: true }).map(({ address, name }) => addressOf(address || name));
}

/** The parser makes the best of whatever it is given; what two could read in two ways is not for it. */
function refuseUnclear(text: string): void {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const brackets = bare.replace(/[^<>]/g, '');
  if (!/^(?:<>)*$/.test(brackets) || /<[^>]*\s[^>]*>/.test(bare) || /@[^\s,;<>()]+\s+[^\s,;<>(]/.test(bare))
    refuse(`${visible(text)} is no list of addresses.`);
}

/**
 * An address as it may stand in an envelope: no quotes, no blanks, no brackets, so that it means the same to
 * every server. Refuses what is none.
 */
export function addressOf(text: string): string {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  const domain = domainToASCII(text.slice(at + 1)).toLowerCase();
  if (at < 1 || local.length > 64 || !LOCAL_PART.test(local) || !DOMAIN.test(domain))
    refuse(`${visible(text)} is no address that mail can be sent to.`);
  return `${local}@${domain}`;
}

function visible(text: string): string {
  return JSON.stringify(text.slice(0, 100).replace(/[^\x20-\x7e]/g, '?'));
}
