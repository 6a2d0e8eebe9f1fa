/** `account` → what it may, each `privilege on object`, with a column where it is for one. */
export type Grants = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The GRANT statements of a text, as our own SQL writes them and as MariaDB shows them: both say the same in one
 * form, whatever their order. Those within a procedure do not begin a line.
 */
export function grantsIn(text: string): Grants {
  const found = new Map<string, Set<string>>();
  const plain = text.replace(/^--.*$/gm, '').replace(/[`'"]/g, '');
  for (const [, privileges = '', object = '', account = '', rest = ''] of plain.matchAll(
    /^GRANT\s+([^;]*?)\s+ON\s+(\S+(?:\s+\S+)?)\s+TO\s+([^\s;]+)([^;\n]*)/gm,
  )) {
    const kept = found.get(account) ?? new Set<string>();
    for (const privilege of privilegesIn(privileges)) {
      if (privilege !== 'USAGE') kept.add(`${privilege} on ${object.replace(/\s+/g, ' ')}`);
    }
    if (/WITH GRANT OPTION/.test(rest)) kept.add(`GRANT OPTION on ${object}`);
    found.set(account, kept);
  }
  return found;
}

/** `SELECT, INSERT (a, b)` is `SELECT`, `INSERT (a)` and `INSERT (b)`. */
function privilegesIn(text: string): readonly string[] {
  return Array.from(text.matchAll(/([A-Z][A-Z ]*[A-Z])\s*(?:\(([^)]*)\))?/g)).flatMap(
    ([, name = '', columns]) =>
      columns === undefined ? [name] : columns.split(',').map((column) => `${name} (${column.trim()})`),
  );
}

export type GrantChange = {
  readonly account: string;
  readonly more: readonly string[];
  readonly less: readonly string[];
};

/** What accounts may besides what they should, and what they should and may not. */
export function compareGrants(wanted: Grants, live: Grants): readonly GrantChange[] {
  return [...wanted].map(([account, should]) => {
    const may = live.get(account) ?? new Set<string>();
    return {
      account,
      more: [...may].filter((each) => !should.has(each)),
      less: [...should].filter((each) => !may.has(each)),
    };
  });
}
