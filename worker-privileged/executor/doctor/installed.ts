import { z } from 'zod';

/** A thing that the installation put in place, as scripts/install/installed.sh notes it. */
const Line = z.object({
  kind: z.enum(['content', 'rights', 'folder', 'code']),
  /** Null where it is not said for each: code is root's and nobody else can write it. */
  mode: z.union([
    z.literal('-').transform(() => null),
    z
      .string()
      .regex(/^[0-7]{3,4}$/)
      .transform((text) => parseInt(text, 8)),
  ]),
  owner: z.string().regex(/^[a-z0-9-]+:[a-z0-9-]+$/),
  /** Null where somebody else may write it, or nobody knows it before. */
  sha256: z.union([z.literal('-').transform(() => null), z.string().regex(/^[0-9a-f]{64}$/)]),
  path: z.string().startsWith('/'),
});
export type Installed = z.infer<typeof Line>;

/** Throws where a line is none: half a list would let the other half pass. */
export function parseInstalled(text: string): readonly Installed[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [kind, mode, owner, sha256, ...path] = line.split(' ');
      return Line.parse({ kind, mode, owner, sha256, path: path.join(' ') });
    });
}
