import { createHash } from 'node:crypto';
import { z } from 'zod';

/** A row of the audit as it is read. */
export const AuditEntry = z.strictObject({
  id: z.int().min(1),
  at: z.iso.datetime(),
  /** Who wrote it down: the API, or the worker, which also copies what root's side noted. */
  source: z.enum(['api', 'worker']),
  /** A token's id, `nobody`, `worker-privileged`, `executor` or `root`. */
  actor: z.string(),
  address: z.string(),
  action: z.string(),
  resource: z.string(),
  outcome: z.string(),
  /** How often, where several that are alike were written down as one. */
  times: z.int().min(1),
  detail: z.string(),
  /** Its number in the chain; null as long as it is not sealed. */
  seal: z.int().min(1).nullable(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** What the audit may be asked for. */
const word = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[\x20-\x7e]+$/, 'printable ASCII')
    .meta({ examples: ['domain.create', 'refused', '/v1/domains'] });
export const AuditQuery = {
  actor: word(40).optional(),
  action: word(60).optional(),
  resource: word(60).optional(),
  outcome: word(40).optional(),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
};

/** A SHA-256 in hexadecimal. */
export const Hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'a SHA-256')
  .meta({ examples: ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'] })
  .brand<'Hash'>();
export type Hash = z.infer<typeof Hash>;

/** How far the chain reaches, and what it is up to there. */
export const AuditHead = z.strictObject({ number: z.int().min(1), hash: Hash });
export type AuditHead = z.infer<typeof AuditHead>;

/** What root's side has noted, as the worker writes it down. */
export const RootLine = z.strictObject({
  line: z.int().min(1),
  hash: Hash,
  actor: z.enum(['executor', 'root']),
  action: z.string().max(60),
  resource: z.string().max(60),
  outcome: z.string().max(40),
  about: z.string().max(150),
});
export type RootLine = z.infer<typeof RootLine>;

/** What the copy of a line of root's log says of it. */
export function detailOf({ line, hash, about }: Pick<RootLine, 'line' | 'hash' | 'about'>): string {
  return `line ${line} ${hash}${about === '' ? '' : ` ${about}`}`;
}

export function lineOf(detail: string): { readonly line: number; readonly hash: string } | null {
  const found = /^line ([1-9][0-9]{0,14}) ([0-9a-f]{64})(?: |$)/.exec(detail);
  return found === null ? null : { line: Number(found[1]), hash: found[2] ?? '' };
}

/** All that stands in a row, in this order; `at` as MariaDB writes it. */
export const AuditContent = z.tuple([
  z.string(), // at
  z.string(), // source
  z.string(), // actor
  z.string(), // address
  z.string(), // action
  z.string(), // resource
  z.string(), // outcome
  z.int(), // times
  z.string(), // detail
]);
export type AuditContent = z.infer<typeof AuditContent>;

/** Before the first of a chain. */
export const NOTHING_BEFORE = Hash.parse('0'.repeat(64));

export function contentHash(content: AuditContent): Hash {
  return sha256(JSON.stringify(content));
}

/** Of a row's place and content, and of all that was sealed before it. */
export function sealHash(
  before: Hash,
  { number, seq, content }: { readonly number: number; readonly seq: number; readonly content: Hash },
): Hash {
  return sha256(JSON.stringify([before, number, seq, content]));
}

function sha256(text: string): Hash {
  return createHash('sha256').update(text, 'utf8').digest('hex') as Hash;
}
