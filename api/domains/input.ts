import { CreateDomain, UpdateDomain } from '../../contract/domains.ts';
import type { FieldError } from '../../contract/problems.ts';
import { canonicalDomainName } from '../../runtime/domain-names.ts';
import { invalidInput } from '../problems.ts';
import { fieldErrors } from '../validation.ts';

type Body = Readonly<Record<string, unknown>>;

/** A domain as a person typed it, in the form everything below knows; throws a ProblemError naming the fields. */
export function parseCreateDomain(body: Body, serverName: string): CreateDomain {
  const { brought, faults } = bringNames(body, serverName);
  const parsed = CreateDomain.safeParse(brought);
  if (parsed.success && faults.length === 0) {
    const repeated = repeatedAliases(parsed.data.aliases, parsed.data.name);
    if (repeated.length > 0) throw invalidInput(repeated);
    return parsed.data;
  }
  throw invalidInput(merge(faults, parsed.success ? [] : fieldErrors(CreateDomain, parsed.error, brought)));
}

/** Aliases are compared with the domain's own name by `repeatedAliases` once that is known. */
export function parseUpdateDomain(body: Body, serverName: string): UpdateDomain {
  const forLife = LASTING.filter(({ field }) => Object.hasOwn(body, field));
  if (forLife.length > 0) throw invalidInput(forLife);
  const { brought, faults } = bringNames(body, serverName);
  const parsed = UpdateDomain.safeParse(brought);
  if (parsed.success && faults.length === 0) {
    const repeated = repeatedAliases(parsed.data.aliases ?? []);
    if (repeated.length > 0) throw invalidInput(repeated);
    return parsed.data;
  }
  throw invalidInput(merge(faults, parsed.success ? [] : fieldErrors(UpdateDomain, parsed.error, brought)));
}

/** One error for each alias that stands there already, or is the name itself. */
export function repeatedAliases(aliases: readonly string[], name?: string): FieldError[] {
  return aliases.flatMap((alias, index): FieldError[] => {
    const field = `aliases.${index}`;
    if (alias === name)
      return [
        { field, message: 'This is the name of the domain itself.', expected: 'other names than its own' },
      ];
    if (aliases.indexOf(alias) < index)
      return [{ field, message: 'This alias stands in the list already.', expected: 'each alias once' }];
    return [];
  });
}

const LASTING: readonly FieldError[] = [
  {
    field: 'name',
    message: 'The name of a domain is for life: its folder and the owner of every file follow from it.',
    expected: 'no name; add an alias, or create a domain with the other name and move the files there',
  },
  {
    field: 'isolation',
    message: 'The isolation of a domain is for life: the owner of every file follows from it.',
    expected: 'no isolation; create another domain with it and move the files there',
  },
];

interface Brought {
  readonly brought: Body;
  readonly faults: readonly FieldError[];
}

/** What is not text is left for the schema to refuse. */
function bringNames(body: Body, serverName: string): Brought {
  const faults: FieldError[] = [];
  const bring = (value: unknown, field: string): unknown => {
    if (typeof value !== 'string') return value;
    const typed = canonicalDomainName(value, serverName);
    if ('name' in typed) return typed.name;
    faults.push({ field, ...typed.refused });
    return value;
  };
  const brought: Record<string, unknown> = { ...body };
  if (Object.hasOwn(body, 'name')) brought['name'] = bring(body['name'], 'name');
  const { aliases } = body;
  // A longer list is refused for its length; nobody reads a thousand sentences about its entries.
  if (Array.isArray(aliases) && aliases.length <= 100) {
    const list: readonly unknown[] = aliases;
    brought['aliases'] = list.map((alias, index) => bring(alias, `aliases.${index}`));
  }
  const { options } = body;
  if (isBody(options) && isBody(options['redirect'])) {
    const to = bringTarget(options['redirect']['to'], faults);
    brought['options'] = { ...options, redirect: { ...options['redirect'], to } };
  }
  return { brought, faults };
}

const TARGET = 'options.redirect.to';

/** The host of an address to send visitors to may be typed as any other; the rest of it stays. */
function bringTarget(to: unknown, faults: FieldError[]): unknown {
  const [, scheme = '', host = '', rest = ''] = /^(https?:\/\/)([^/:?#]*)(.*)$/is.exec(String(to)) ?? [];
  if (typeof to !== 'string' || host === '' || to.length > 2000) return to;
  const typed = canonicalDomainName(host);
  if ('name' in typed) return `${scheme.toLowerCase()}${typed.name}${rest}`;
  faults.push({ field: TARGET, ...typed.refused });
  return to;
}

function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The sentence about what was typed, rather than that of the schema about the same field. */
function merge(faults: readonly FieldError[], others: readonly FieldError[]): FieldError[] {
  return [...faults, ...others.filter((other) => !faults.some(({ field }) => field === other.field))];
}
