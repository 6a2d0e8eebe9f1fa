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
