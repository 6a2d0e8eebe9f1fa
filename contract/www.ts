import { z } from 'zod';

/** `toWww`, `fromWww`: of a name with and without `www.`, who asks for the one is sent to the other. */
export const Www = z.enum(['asIs', 'toWww', 'fromWww']);
export type Www = z.infer<typeof Www>;

/** The other one of a name with and without `www.`. */
function counterpart(name: string): string {
  return name.startsWith('www.') ? name.slice(4) : `www.${name}`;
}

/** From which name visitors are sent to which: of every two that the site holds. */
export function wwwRedirects<N extends string>(
  names: readonly N[],
  www: Www,
): readonly (readonly [from: N, to: N])[] {
  if (www === 'asIs') return [];
  return names.flatMap((to): (readonly [N, N])[] => {
    const from = names.find((name) => name === counterpart(to));
    return from !== undefined && to.startsWith('www.') === (www === 'toWww') ? [[from, to]] : [];
  });
}

/** What the site would have to hold beside its own name, and does not. */
export function missingForWww({
  name,
  aliases,
  www,
}: {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly www: Www;
}): string | null {
  const other = counterpart(name);
  return www === 'asIs' || aliases.includes(other) ? null : other;
}
