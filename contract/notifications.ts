import { z } from 'zod';
import { OperationId, ServerId, TenantId } from './ids.ts';
import { ResourceType } from './operations.ts';

/**
 * `limit_reached`: an operation is held back, because as much was done of its kind in an hour as may be. `destroyed`:
 * something was removed, switched off, or pointed elsewhere. `let_in`: somebody can log in, or a program runs, that could not
 * before. `program_failed`: a program of a site failed, or keeps ending. `certificate_ends`: what visitors of a site
 * are shown over TLS ends soon. `drift`: something on the server was changed by hand. `updated`: packages were replaced.
 * `alarm`: something is not well on the server or with a site, and stays so; `alarm_over`: it is again.
 */
export const NotificationKind = z.enum([
  'limit_reached',
  'destroyed',
  'let_in',
  'program_failed',
  'certificate_ends',
  'drift',
  'updated',
  'alarm',
  'alarm_over',
]);
export type NotificationKind = z.infer<typeof NotificationKind>;

/** Something that a person should know about though nobody asked. What concerns the server is of no operation and no tenant. */
export const Notification = z.strictObject({
  id: z.int().min(1),
  kind: NotificationKind,
  operation: OperationId.nullable(),
  resource: z.strictObject({
    type: z.enum([...ResourceType.options, 'server']),
    id: z.string(),
    name: z.string(),
  }),
  tenant: TenantId.nullable(),
  server: ServerId,
  message: z.string().max(500),
  createdAt: z.iso.datetime(),
});
export type Notification = z.infer<typeof Notification>;
