import { FailureError } from '../../../contract/failures.ts';

export function failureOf(kind: 'rate-limited' | 'unreachable' | 'refused', said: string): FailureError {
  if (kind === 'refused')
    return acmeRefused(`The certificate authority gives no certificate. It says: ${said}`);
  if (kind === 'unreachable') return acmeUnreachable(said);
  return new FailureError(
    'acme_rate_limited',
    `The certificate authority gives no more certificates for now. It says: ${said}`,
    'Ask again later: its limits are of hours and weeks.',
  );
}

/** It is not tried again by itself: what waits for a week would keep all else that is asked of its site waiting. */
export function acmeLimit(most: string, until: number): FailureError {
  const again = Number.isFinite(until)
    ? `It asks again from ${minute(until)} on.`
    : 'It asks for none until root says so.';
  return new FailureError(
    'acme_limit',
    `This server asks the certificate authority for at most ${most}, and has. ${again}`,
    'What the site shows it shows on; one that ends soon is renewed by itself. Ask again then, or have root see: sculptorctl limit list.',
  );
}

/** The next whole one, when it is over for certain. */
function minute(time: number): string {
  const text = new Date(Math.ceil(time / 60_000) * 60_000).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 16)} UTC`;
}

export function acmeRefused(sentence: string): FailureError {
  return new FailureError(
    'acme_refused',
    sentence,
    'Let DNS lead each name to this server, on port 80, and ask again.',
  );
}

export function acmeUnreachable(said: string): FailureError {
  return new FailureError(
    'acme_unreachable',
    `The certificate authority could not be asked. ${said}`,
    'It is tried again by itself a few times; after that, see on the server: sculptorctl acme show.',
  );
}

export function acmeUnconfigured(): FailureError {
  return new FailureError(
    'acme_unconfigured',
    'No certificate authority is set on this server.',
    'On the server, as root: sculptorctl acme set --email ADDRESS --agree-tos.',
  );
}
