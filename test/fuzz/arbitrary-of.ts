import fc from 'fast-check';
import { z } from 'zod';

/** What of JSON Schema the contract's schemas come to. */
interface Shape {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly allOf?: readonly Shape[];
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  /** False: none but the first. */
  readonly items?: Shape | false;
  readonly prefixItems?: readonly Shape[];
  /** Where a pattern says too little of what is taken for chance to find it. */
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}

/** Values that a schema takes, made from the schema: a verb that is new tomorrow is fuzzed tomorrow. */
export function arbitraryOf<S extends z.ZodType>(schema: S): fc.Arbitrary<z.input<S>> {
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape;
  return ofShape(shape).filter((value): value is z.input<S> => schema.safeParse(value).success);
}

function ofShape(shape: Shape): fc.Arbitrary<unknown> {
  if ('const' in shape) return fc.constant(shape.const);
  if (shape.examples) return fc.constantFrom(...shape.examples);
  if (shape.enum) return fc.constantFrom(...shape.enum);
  if (shape.anyOf) return fc.oneof(...shape.anyOf.map(ofShape));
  return TYPES[shape.type ?? 'any']?.(shape) ?? fc.jsonValue({ maxDepth: 2 });
}

const TYPES: Readonly<Record<string, (shape: Shape) => fc.Arbitrary<unknown>>> = {
  string: ofString,
  boolean: () => fc.boolean(),
  null: () => fc.constant(null),
  integer: ofNumber,
  number: ofNumber,
  array: ({ items, prefixItems = [] }) =>
    fc
      .tuple(
        fc.tuple(...prefixItems.map(ofShape)),
        fc.array(ofShape(items || {}), { maxLength: items === false ? 0 : 4 }),
      )
      .map(([first, more]) => [...first, ...more]),
  object: ({ properties = {}, required = [] }) =>
    fc.record(Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, ofShape(inner)])), {
      requiredKeys: [...required],
      noNullPrototype: true,
    }),
};

function ofNumber({ minimum, maximum }: Shape): fc.Arbitrary<number> {
  return fc.integer({ min: Math.max(minimum ?? 0, -0x80000000), max: Math.min(maximum ?? 9999, 0x7fffffff) });
}

/** Of two patterns the first makes the text; `arbitraryOf` throws away what the other refuses. */
function ofString({ pattern, allOf, maxLength = 60 }: Shape): fc.Arbitrary<string> {
  const made = pattern ?? allOf?.find((one) => one.pattern !== undefined)?.pattern;
  if (made === undefined) return fc.string({ maxLength: Math.min(maxLength, 60) });
  return fc.stringMatching(new RegExp(made), { size: 'small' });
}
