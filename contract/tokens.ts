import { z } from 'zod';
import { TenantId, TokenId } from './ids.ts';

/** What a token may be allowed, each for its tenant's own. A route needs those that `api/route-table.ts` names. */
export const Scope = z.enum([
  'domains:read',
  'domains:write',
  'domains:delete',
  'keys:read',
  'keys:write',
  'caches:read',
  'caches:write',
  'certificates:read',
  'certificates:write',
  'crons:read',
  'crons:write',
  'runs:read',
  'runs:write',
  'queues:read',
  'queues:write',
  'databases:read',
  'databases:write',
  'databases:delete',
  'operations:read',
  'operations:write',
  'server:read',
  'tokens:read',
  'tokens:write',
  'notifications:read',
  'webhooks:read',
  'webhooks:write',
  'tenants:read',
  'tenants:write',
  'audit:read',
]);
export type Scope = z.infer<typeof Scope>;

/** What an administrator's token alone may do: its own limits are nobody's to set, and what others asked for nobody's to see. */
export const ADMINISTRATORS_ALONE: ReadonlySet<Scope> = new Set(['tenants:write', 'audit:read']);

export const TenantScope = Scope.exclude(['tenants:write', 'audit:read']);

/** `administrator` has every scope, may make tokens for every tenant, and is made by root alone. */
export const Role = z.enum(['administrator', 'tenant']);
export type Role = z.infer<typeof Role>;

/** A tenant's token ends: at most so long after it was made, whatever its row says. */
export const MOST_DAYS = 366;

/** How far a token may stand from the administrator's at the beginning of its line. */
export const MOST_MAKERS = 4;

/** The text of a token: what a thief would want, so it is known where it should not be, and hidden there. */
export const TOKEN_TEXT = /sculptor_[A-Za-z0-9_-]{43}/;

/**
 * An IPv4 or IPv6 network as `address/length`; an address alone is a network of one. IPv4 written as IPv6 is
 * refused: nginx names an IPv4 caller by its IPv4 address.
 */
export const AddressRange = z
  .string()
  .max(50)
  .meta({ examples: ['192.0.2.0/24', '203.0.113.7', '0.0.0.0/0', '2001:db8::/32', '::1'] })
  .transform((text) => (text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`))
  .refine(isNetwork, 'an IPv4 or IPv6 network such as 203.0.113.0/24 or 2001:db8::/32')
  .brand<'AddressRange'>();
export type AddressRange = z.infer<typeof AddressRange>;

function isNetwork(text: string): boolean {
  // zod's own takes any length that JavaScript takes for a number, such as `0.1`.
  if (!/\/(?:0|[1-9][0-9]{0,2})$/.test(text)) return false;
  if (z.cidrv4().safeParse(text).success) return true;
  return z.cidrv6().safeParse(text).success && !/^[0:]*:ffff:/i.test(text);
}

/** Printable, on one line, and nothing that looks like something else. */
export const TokenName = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9 ._@-]{0,98}[A-Za-z0-9._-])?$/,
    'up to 100 of letters, digits, spaces, . _ @ -',
  );
export type TokenName = z.infer<typeof TokenName>;

export const CreateToken = z.strictObject({
  name: TokenName,
  /** The maker's own where it is left out. */
  tenant: TenantId.optional(),
  scopes: z.array(TenantScope).min(1).max(TenantScope.options.length),
  expiresAt: z.iso.datetime(),
  /** From where it may be used; the maker's own where it is left out, and everywhere where that has none. */
  addresses: z.array(AddressRange).max(50).optional(),
});
export type CreateToken = z.infer<typeof CreateToken>;

/** `ended`: its own end, or that of one in the line of its makers; `revoked` likewise. */
export const TokenStatus = z.enum(['active', 'ended', 'revoked']);
export type TokenStatus = z.infer<typeof TokenStatus>;

/** A token as anybody may see it who may list it: never its text, nor the digest of that. */
export const Token = z.strictObject({
  id: TokenId,
  name: z.string(),
  role: Role,
  tenant: TenantId,
  scopes: z.array(Scope),
  addresses: z.array(AddressRange),
  expiresAt: z.iso.datetime().nullable(),
  madeBy: TokenId.nullable(),
  status: TokenStatus,
  createdAt: z.iso.datetime(),
  /** In steps of ten minutes. */
  lastUsedAt: z.iso.datetime().nullable(),
  lastUsedFrom: z.string().nullable(),
});
export type Token = z.infer<typeof Token>;
