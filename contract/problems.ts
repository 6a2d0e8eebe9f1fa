import { z } from 'zod';

/** RFC 9457 problem types that the API answers with; the key is the stable last part of `type`. */
export const PROBLEMS = {
  'invalid-input': { status: 422, title: 'The request holds a value that cannot be used' },
  'invalid-json': { status: 400, title: 'The body is not a JSON object' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
  'too-large': { status: 413, title: 'The body is too large' },
  unauthenticated: { status: 401, title: 'A valid bearer token is needed' },
  forbidden: { status: 403, title: 'This token may not do that' },
  'not-found': { status: 404, title: 'There is no such resource' },
  'method-not-allowed': { status: 405, title: 'This address does not take that method' },
  'name-taken': { status: 409, title: 'The name is in use' },
  conflict: { status: 409, title: 'The resource is not in a state that allows this' },
  'plan-limit': { status: 409, title: "The tenant's plan allows no more" },
  'tenant-suspended': { status: 409, title: 'The tenant is suspended' },
  protected: { status: 409, title: 'The resource is protected' },
  'no-plan': { status: 422, title: 'What this would change is not told beforehand' },
  'idempotency-mismatch': { status: 409, title: 'This Idempotency-Key was used with another request' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'queue-full': { status: 429, title: 'Too many operations wait' },
  unavailable: { status: 503, title: 'The agent cannot do this now' },
  internal: { status: 500, title: 'The agent failed' },
} as const;
export type ProblemKind = keyof typeof PROBLEMS;

/** One field that was refused: where (a JSON path with dots), why, and what would be right. */
export const FieldError = z.strictObject({ field: z.string(), message: z.string(), expected: z.string() });
export type FieldError = z.infer<typeof FieldError>;

/** The body of every error, `application/problem+json`. `type` is `urn:sculptor:problem:<kind>`. */
export const Problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(FieldError).optional(),
});
export type Problem = z.infer<typeof Problem>;
