import { z } from 'zod';

/** Who visits a site by a name and a password: what HTTP calls basic authentication. */
export const VisitorName = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,62}[A-Za-z0-9_-])?$/,
    'up to 64 of letters, digits and . _ @ -, with a letter or a digit first',
  );

/**
 * As crypt() has it. nginx's worker works it out for every request and serves nobody else meanwhile, so what takes it
 * more than some 5 ms is refused: bcrypt of cost 5 or 6, SHA-512 of 5000 (which is usual, and said by nothing) to 10000
 * rounds. What is weaker is refused too.
 */
export const VisitorHash = z
  .string()
  .regex(
    /^(?:\$2[by]\$0[56]\$[./A-Za-z0-9]{53}|\$6\$(?:rounds=(?:[5-9][0-9]{3}|10000)\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86})$/,
    'a hash as `openssl passwd -6` prints it, of 5000 to 10000 rounds, or of bcrypt with a cost of 5 or 6',
  )
  .meta({
    examples: [
      `$6$salt$${'a'.repeat(86)}`,
      `$6$rounds=10000$s$${'b'.repeat(86)}`,
      `$2y$05$${'c'.repeat(53)}`,
    ],
  });
export type VisitorHash = z.infer<typeof VisitorHash>;

/** What a browser shows where it asks for name and password. */
const Realm = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,62}[A-Za-z0-9._-])?$/,
    'up to 64 of letters, digits, spaces and . _ -',
  );

function basicAuth<V extends z.ZodObject<{ name: typeof VisitorName }>>(visitor: V) {
  const users = z
    .array(visitor)
    .min(1)
    .max(50)
    .refine(
      (all) => new Set(all.map(({ name }) => name.toLowerCase())).size === all.length,
      'each name once',
    );
  return z.strictObject({ realm: Realm.default('Restricted'), users }).nullable();
}

const name = { name: VisitorName };

/** As the executor is given it. */
export const BasicAuth = basicAuth(z.strictObject({ ...name, passwordHash: VisitorHash }));
export type BasicAuth = z.infer<typeof BasicAuth>;

/** As it is asked for: who is sent without a hash has the one of before. */
export const AskedBasicAuth = basicAuth(z.strictObject({ ...name, passwordHash: VisitorHash.optional() }));
export type AskedBasicAuth = z.infer<typeof AskedBasicAuth>;

/** As it is shown. */
export const ShownBasicAuth = basicAuth(z.strictObject(name));
export type ShownBasicAuth = z.infer<typeof ShownBasicAuth>;

/** As it is kept beside the hashes, which the API can write and not read: each is of the version that brought it. */
export const KeptBasicAuth = basicAuth(z.strictObject({ ...name, since: z.int().min(1) }));
export type KeptBasicAuth = z.infer<typeof KeptBasicAuth>;

type AnyBasicAuth = { readonly users: readonly { readonly name: string }[] } | null;

/** Whether somebody who comes in now no longer does, by this alone. */
export function keepsVisitorsOff(before: AnyBasicAuth, after: AnyBasicAuth): boolean {
  return after !== null && (before === null || isMissing(before.users, after.users));
}

/** Whether somebody comes in who does not now; without names and passwords everybody does. */
export function letsVisitorsIn(before: AnyBasicAuth, after: AnyBasicAuth): boolean {
  return before !== null && (after === null || isMissing(after.users, before.users));
}

/** Another password is another visitor. */
function isMissing(some: readonly object[], among: readonly object[]): boolean {
  const there = new Set(among.map((one) => JSON.stringify(one)));
  return some.some((one) => !there.has(JSON.stringify(one)));
}
