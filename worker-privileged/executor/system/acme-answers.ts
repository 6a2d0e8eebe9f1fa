import type { DomainName } from '../../../contract/names.ts';

/** A name that is not in the certificate, and why. */
export type LeftOut = { readonly name: DomainName; readonly reason: string };

/** What certbot came back with. `without`: it may go well for the other names. `again`: it may, asked once more. */
export type Verdict =
  | { readonly kind: 'issued'; readonly chain: string }
  | { readonly kind: 'without'; readonly leftOut: readonly LeftOut[] }
  | { readonly kind: 'again' | 'rate-limited' | 'unreachable' | 'refused'; readonly said: string };

/** Which of the names this server did not answer, out of what /usr/lib/sculptor/acme says of each. */
export function elsewhere(answer: string, names: readonly DomainName[]): readonly LeftOut[] {
  const lines = new Map(
    answer.split('\n').map((line) => {
      const [found = '', name = '', addresses = ''] = line.split(' ');
      return [name, { found, addresses }] as const;
    }),
  );
  return names.flatMap((name) => {
    const { found, addresses } = lines.get(name) ?? { found: '', addresses: '' };
    return found === 'here' ? [] : [{ name, reason: whyNot(found, addresses) }];
  });
}

const NO_SUCH_NAME = '6';

function whyNot(found: string, addresses: string): string {
  if (found === NO_SUCH_NAME) return 'DNS knows no address of it.';
  return /^[0-9a-fA-F.:,]{2,100}$/.test(addresses)
    ? `It does not lead here: DNS has ${addresses}, and this server did not answer there.`
    : 'It does not lead here: this server did not answer.';
}

export function verdictOn(answer: string, names: readonly DomainName[]): Verdict {
  if (answer.startsWith('-----BEGIN CERTIFICATE-----')) return { kind: 'issued', chain: answer };
  const refused = namesIn(answer, names);
  if (refused.length > 0) return { kind: 'without', leftOut: refused };
  const errors = Array.from(
    answer.matchAll(/^acme\.messages\.Error: urn:ietf:params:acme:error:([A-Za-z]{1,40}) :: (.*)$/gm),
    ([, type = '', detail = '']) => ({ type, detail }),
  );
  const last = errors.at(-1);
  if (last === undefined) return without(answer);
  const said = shown(last.detail);
  if (AGAIN.has(last.type)) return { kind: 'again', said };
  if (last.type === 'rateLimited') return { kind: 'rate-limited', said };
  // `Cannot issue for "a.example": …`, and so for each.
  const named = names.filter((name) => last.detail.includes(`"${name}"`));
  return named.length > 0 && named.length < names.length
    ? { kind: 'without', leftOut: named.map((name) => ({ name, reason: said })) }
    : { kind: 'refused', said };
}

/** The authority has been asked all the same; see /usr/lib/sculptor/acme. */
export function hadNoEnd(answer: string): boolean {
  return answer.startsWith('sculptor: It came to no end');
}

const AGAIN: ReadonlySet<string> = new Set(['badNonce', 'serverInternal']);

/** `Domain: a.example`, `Type: unauthorized`, `Detail: …`: as certbot tells what an authority found in vain. */
function namesIn(answer: string, names: readonly DomainName[]): readonly LeftOut[] {
  const reports = new Map(
    Array.from(
      answer.matchAll(/^ *Domain: +(\S{1,253})\n *Type: +(\S{1,60})\n *Detail: +(.*)$/gm),
      ([, name = '', type = '', detail = '']) => [name, `${type}: ${detail}`] as const,
    ),
  );
  return names.flatMap((name) => {
    const report = reports.get(name);
    return report === undefined ? [] : [{ name, reason: `The authority refused it: ${shown(report)}` }];
  });
}

/** No answer of the authority at all. */
function without(answer: string): Verdict {
  const lines = answer.split('\n').filter((line) => line.trim() !== '');
  const network = lines.findLast((line) => /^(?:requests\.exceptions\.|sculptor: )/.test(line));
  if (network !== undefined) return { kind: 'unreachable', said: shown(network.replace(/^sculptor: /, '')) };
  return { kind: 'refused', said: shown(lines.slice(-3).join(' ')) };
}

/** What others say, the site's visitors among them: printable, and not too long. */
function shown(text: string): string {
  const plain = text.replace(/[^ -~]/g, ' ').trim();
  return plain.length > 240 ? `${plain.slice(0, 237)}...` : plain;
}
