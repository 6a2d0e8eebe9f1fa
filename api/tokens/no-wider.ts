import type { FieldError } from '../../contract/problems.ts';
import { MOST_DAYS, MOST_MAKERS, TenantScope } from '../../contract/tokens.ts';
import type { AddressRange, CreateToken, Token } from '../../contract/tokens.ts';
import { holdRange } from '../../runtime/address-ranges.ts';
import type { NewToken } from '../../state/token-rows.ts';
import type { TokenRecord } from '../../state/tokens.ts';
import { invalidInput, ProblemError } from '../problems.ts';

const DAY_MS = 86_400_000;

/** What is asked for, with what its maker has where it is left out; throws where it would be wider than its maker. */
export function narrowed(wanted: CreateToken, { token: maker, line }: TokenRecord): NewToken {
  const made: NewToken = {
    name: wanted.name,
    tenant: wanted.tenant ?? maker.tenant,
    scopes: TenantScope.options.filter((scope) => wanted.scopes.includes(scope)),
    addresses: wanted.addresses ?? maker.addresses,
    expiresAt: new Date(wanted.expiresAt),
    madeBy: maker.id,
  };
  const impossible = faultsOfEnd(made.expiresAt);
  if (impossible.length > 0) throw invalidInput(impossible);
  const errors = [...wider(made, maker)];
  if (errors.length > 0)
    throw new ProblemError('forbidden', 'No token makes one that is wider than itself.', { errors });
  if (line.length > MOST_MAKERS)
    throw new ProblemError('forbidden', `This token is the ${MOST_MAKERS}th in its line, and makes no more.`);
  return made;
}

function faultsOfEnd(end: Date): FieldError[] {
  const left = end.getTime() - Date.now();
  if (left > 0 && left <= MOST_DAYS * DAY_MS) return [];
  const expected = `a time to come, at most ${MOST_DAYS} days from now`;
  return [{ field: 'expiresAt', message: 'A token cannot end then.', expected }];
}

function* wider(made: NewToken, maker: Token): Generator<FieldError> {
  if (maker.role !== 'administrator' && made.tenant !== maker.tenant)
    yield { field: 'tenant', message: 'This is not the tenant of its maker.', expected: maker.tenant };
  const missing = made.scopes.filter((scope) => !maker.scopes.includes(scope));
  if (missing.length > 0)
    yield {
      field: 'scopes',
      message: `Its maker lacks ${missing.join(', ')}.`,
      expected: maker.scopes.join(', '),
    };
  if (!areWithin(made.addresses, maker.addresses))
    yield {
      field: 'addresses',
      message: 'Its maker is bound to less.',
      expected: `networks within ${maker.addresses.join(', ')}`,
    };
  if (maker.expiresAt !== null && made.expiresAt > new Date(maker.expiresAt))
    yield { field: 'expiresAt', message: 'Its maker ends before.', expected: `${maker.expiresAt} at most` };
}

function areWithin(addresses: readonly AddressRange[], maker: readonly AddressRange[]): boolean {
  if (maker.length === 0) return true;
  return addresses.length > 0 && addresses.every((range) => holdRange(maker, range));
}
