import { UsageError } from './errors.ts';

/** `NAME=NUMBER` and `NAME=none`, of the names that there are. */
export function limitsOf(
  names: readonly string[],
  texts: readonly string[] = [],
): Record<string, number | null> {
  const each = texts.map((text): [string, number | null] => {
    const [, name = '', value = ''] = /^([A-Za-z]+)=(none|[0-9]{1,16})$/.exec(text) ?? [];
    if (!names.includes(name))
      throw new UsageError(`${text} is no limit: NAME=NUMBER or NAME=none, of ${names.join(', ')}`);
    return [name, value === 'none' ? null : Number(value)];
  });
  return Object.fromEntries(each);
}

export function limitText(limit: number | null | undefined): string {
  return limit === null || limit === undefined ? 'none' : String(limit);
}
