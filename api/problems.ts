import { PROBLEMS } from '../contract/problems.ts';
import type { FieldError, Problem, ProblemKind } from '../contract/problems.ts';
import type { DiskUsage, OwnedKind } from '../contract/tenants.ts';

/** What a problem document says beyond its kind. */
export interface ProblemParts {
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown wherever a request is refused; answered as its problem document. `detail` says what to do. */
export class ProblemError extends Error {
  readonly kind: ProblemKind;
  readonly parts: ProblemParts;

  constructor(kind: ProblemKind, detail: string, parts: ProblemParts = {}) {
    super(detail);
    this.name = 'ProblemError';
    this.kind = kind;
    this.parts = parts;
  }
}

/** The document itself, as RFC 9457 has it. */
export function problemDocument({ kind, message, parts }: ProblemError): Problem {
  const { status, title } = PROBLEMS[kind];
  const document = { type: `urn:sculptor:problem:${kind}`, title, status, detail: message };
  return parts.errors === undefined ? document : { ...document, errors: [...parts.errors] };
}

/** More than these nobody reads, and a body of 64 KiB can hold thousands. */
const MOST_ERRORS = 50;

export function invalidInput(found: readonly FieldError[]): ProblemError {
  const errors = found.slice(0, MOST_ERRORS);
  const fields = errors.map(({ field }) => field).filter((field) => field !== '');
  const where = fields.length === 0 ? 'the request' : fields.join(', ');
  return new ProblemError('invalid-input', `Nothing was changed; look at: ${where}.`, { errors });
}

export function nameTaken(error: FieldError): ProblemError {
  return new ProblemError('name-taken', error.message, { errors: [error] });
}

export function isProtected(name: string): ProblemError {
  return new ProblemError(
    'protected',
    `${name} is protected: it is neither removed nor switched off before root on the server clears that.`,
  );
}

/** Which limit it was, and how much of it is used. */
export function planLimit(
  kind: OwnedKind | 'databaseConnections',
  { most, had }: { readonly most: number; readonly had: number },
): ProblemError {
  const message = `The tenant has ${had} ${kind}, and its plan allows ${most}.`;
  const expected = `at most ${most} ${kind}; delete one, or have the plan raised by an administrator`;
  return new ProblemError('plan-limit', message, { errors: [{ field: `plan.${kind}`, message, expected }] });
}

export function diskLimit(most: number, { usedBytes, measuredAt }: DiskUsage): ProblemError {
  const when = measuredAt === null ? '' : `, measured at ${measuredAt}`;
  const message = `The tenant takes ${usedBytes} bytes of the disk${when}, and its plan allows ${most}.`;
  const expected = `less than ${most} bytes; remove files or databases and wait for the next measuring, or have the plan raised by an administrator`;
  return new ProblemError('plan-limit', message, {
    errors: [{ field: 'plan.diskBytes', message, expected }],
  });
}

export function tenantSuspended(reason: string): ProblemError {
  return new ProblemError(
    'tenant-suspended',
    `The tenant is suspended (${reason}): all it has is kept, and nothing is changed until it is resumed.`,
  );
}

/** Asked before anything is written. */
export function noPlan(action: string): ProblemError {
  return new ProblemError(
    'no-plan',
    `Nothing was changed. Ask for ${action} without plan=true to have it done.`,
  );
}

export function inTrash(name: string): ProblemError {
  return new ProblemError('conflict', `${name} is in the trash. Restore it first.`);
}

export function notFound(what: string): ProblemError {
  return new ProblemError('not-found', `There is no ${what} here.`);
}

export function unavailable(detail: string): ProblemError {
  return new ProblemError('unavailable', detail, { headers: { 'Retry-After': '5' } });
}
