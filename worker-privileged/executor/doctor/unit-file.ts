/** `Section.Key` → its values in their order, as systemd reads a unit or a drop-in. */
export type UnitFile = ReadonlyMap<string, readonly string[]>;

export function parseUnit(text: string): UnitFile {
  const found = new Map<string, string[]>();
  let section = '';
  for (const line of text.replace(/\\\n/g, ' ').split('\n')) {
    const title = /^\[(.+)\]\s*$/.exec(line)?.[1];
    const [, key, value = ''] = /^([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (title !== undefined) section = title;
    else if (key !== undefined)
      found.set(`${section}.${key}`, [...(found.get(`${section}.${key}`) ?? []), value]);
  }
  return found;
}

/** The last value counts; null where there is none. */
export function valueOf(unit: UnitFile, key: string): string | null {
  return unit.get(key)?.at(-1) ?? null;
}
