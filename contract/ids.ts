import { z } from 'zod';

/** Twelve characters of `[a-z0-9]`, the first a letter; made once, never reused. `s-<id>` is the site's user. */
const id = z.string().regex(/^[a-z][a-z0-9]{11}$/, 'twelve characters of a-z and 0-9, a letter first');

export const DomainId = id.brand<'DomainId'>();
export type DomainId = z.infer<typeof DomainId>;

export const DatabaseId = id.brand<'DatabaseId'>();
export type DatabaseId = z.infer<typeof DatabaseId>;

export const DatabaseUserId = id.brand<'DatabaseUserId'>();
export type DatabaseUserId = z.infer<typeof DatabaseUserId>;

/** Of what belongs to one site: a key, a queue, a cron. */
export const PartId = id.brand<'PartId'>();
export type PartId = z.infer<typeof PartId>;

/** Of what would be changed, and is told beforehand. */
export const ChangeId = id.brand<'ChangeId'>();
export type ChangeId = z.infer<typeof ChangeId>;

/** Of what is asked of the server itself: that updates are installed, that an address is banned. */
export const ServerRequestId = id.brand<'ServerRequestId'>();
export type ServerRequestId = z.infer<typeof ServerRequestId>;

export const TokenId = id.brand<'TokenId'>();
export type TokenId = z.infer<typeof TokenId>;

export const WebhookId = id.brand<'WebhookId'>();
export type WebhookId = z.infer<typeof WebhookId>;

/** Twenty characters; a BullMQ job id may hold no `:` and be no integer, and this is neither. */
export const OperationId = z
  .string()
  .regex(/^[a-z][a-z0-9]{19}$/, 'twenty characters of a-z and 0-9, a letter first')
  .brand<'OperationId'>();
export type OperationId = z.infer<typeof OperationId>;

/** `default` is the tenant and the server of the first migration; others have ids like everything else. */
export const TenantId = z.union([z.literal('default'), id]).brand<'TenantId'>();
export type TenantId = z.infer<typeof TenantId>;

export const ServerId = z.union([z.literal('default'), id]).brand<'ServerId'>();
export type ServerId = z.infer<typeof ServerId>;

/** Counts the versions of a desired state, from 1. */
export const Generation = z.int().min(1).max(2_147_483_647);
export type Generation = z.infer<typeof Generation>;
