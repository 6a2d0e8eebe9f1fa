import { z } from 'zod';

/** A label of a host's name, in lower case. */
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

/**
 * An address to send visitors to. No character in it means anything to nginx: no `$`, no quote, no blank, `;` or brace.
 */
export const RedirectTarget = z
  .string()
  .max(1000)
  .regex(
    new RegExp(`^https?://${LABEL}(?:\\.${LABEL})+(?::[1-9][0-9]{0,4})?(?:/[A-Za-z0-9._~!*+,=:@%/-]*)?$`),
    'an address such as https://other.example/shop: http or https, a host name, and no ? or #',
  )
  .refine((to) => hostOf(to).length <= 253, 'a host name of at most 253 octets')
  .refine((to) => Number(/^https?:\/\/[^/]*:([0-9]+)/.exec(to)?.[1] ?? 1) < 65_536, 'a port below 65536')
  .meta({
    examples: [
      'https://other.example',
      'http://www.other.example:8080/a/b/',
      'https://xn--bcher-kva.example/%C3%A4',
    ],
  });
export type RedirectTarget = z.infer<typeof RedirectTarget>;

export function hostOf(target: string): string {
  return /^https?:\/\/([^/:]*)/.exec(target)?.[1] ?? '';
}

/** Where the visitors of a site of the type `redirect` go; `keepPath` adds the path and the query that they asked for. */
export const Redirect = z.strictObject({
  to: RedirectTarget,
  status: z.union([z.literal(301), z.literal(302), z.literal(307), z.literal(308)]).default(308),
  keepPath: z.boolean().default(true),
});
export type Redirect = z.infer<typeof Redirect>;

/** Whether visitors of a site of that type are sent to another place than before, or in another way. */
export function sendsElsewhere(before: Redirect | null, after: Redirect | null): boolean {
  return before?.to !== after?.to || before?.status !== after?.status || before?.keepPath !== after?.keepPath;
}
