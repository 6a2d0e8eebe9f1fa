import fc from 'fast-check';
import { ExecutorRequest, VERBS, type Verb } from '../../contract/executor.ts';
import { PLANNED } from '../../worker-privileged/executor/server/looks.ts';
import { arbitraryOf } from './arbitrary-of.ts';
import { CONTROL, foreign, MARK } from './words.ts';
import { spoiled, tooMuch, writtenOtherwise } from './writing.ts';

type Tree = Record<string, unknown>;

const envelope = fc.record(
  {
    request: arbitraryOf(ExecutorRequest.shape.request),
    operation: arbitraryOf(ExecutorRequest.shape.operation),
  },
  { noNullPrototype: true },
);

/** What the worker could send: every verb alike, with arguments that its schema takes. */
export const validRequest: fc.Arbitrary<Tree> = fc.oneof(
  ...(Object.keys(VERBS) as Verb[]).map((verb) =>
    fc
      .tuple(envelope, arbitraryOf(VERBS[verb].args), fc.integer({ min: 0, max: 9 }))
      .map(([head, args, chance]) => ({
        ...{ ...head, verb, args },
        ...(chance === 0 && PLANNED.has(verb) ? { plan: true } : {}),
      })),
  ),
);

/** What is put where something else should be. */
const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', 0, -1, 1.5, 1e300, 2 ** 31, 2 ** 53, [], {}, [[]], {
    [MARK]: MARK,
  }),
  fc.constantFrom(...CONTROL).map((character) => `${MARK}${character}`),
  fc.integer({ min: 1, max: 40 }).map((depth) => nested(depth)),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.jsonValue({ maxDepth: 3 }),
);

function nested(depth: number): unknown {
  return depth === 0 ? MARK : depth % 2 === 0 ? [nested(depth - 1)] : { a: nested(depth - 1) };
}

/** Where in the request, counted over all its places; more than there are begins anew. */
const place = fc.nat({ max: 40 });
const key = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'id', 'name', 'user', 'path', `${MARK}key`, ''),
  fc.string({ unit: 'binary', maxLength: 6 }),
);

type OfTree = (request: Tree) => unknown;

/** Changes of what is said. */
const saidOtherwise: fc.Arbitrary<OfTree> = fc.oneof(
  fc.tuple(place, odd).map(([at, value]) => change(at, () => value)),
  fc.tuple(place, foreign, fc.nat({ max: 12 })).map(([at, text, where]) => change(at, insert(text, where))),
  place.map((at) => change(at, (old) => (typeof old === 'string' ? old.toUpperCase() : String(old)))),
  place.map((at) => change(at, (old) => [old])),
  place.map((at) => change(at, () => undefined)),
  fc.tuple(place, key, odd).map(([at, name, value]) => addKey(at, name, value)),
  validRequest.map(({ args }) => (request: Tree) => ({ ...request, args })),
  fc
    .constantFrom(...Object.keys(VERBS), 'toString', 'shell.run')
    .map((verb) => (request: Tree) => ({ ...request, verb })),
);

function places(node: unknown): (readonly [Tree, string])[] {
  if (typeof node !== 'object' || node === null) return [];
  const tree = node as Tree;
  return Object.keys(tree).flatMap((name) => [[tree, name] as const, ...places(tree[name])]);
}

function change(at: number, by: (old: unknown) => unknown): OfTree {
  return (request) => {
    const copy = structuredClone(request);
    const all = places(copy);
    const [tree, name] = all[at % all.length] ?? [copy, 'args'];
    put(tree, name, by(tree[name]));
    return copy;
  };
}

function addKey(at: number, name: string, value: unknown): OfTree {
  return (request) => {
    const copy = structuredClone(request);
    const objects = [copy, ...places(copy).map(([tree, inner]) => tree[inner])].filter(
      (node): node is Tree => typeof node === 'object' && node !== null && !Array.isArray(node),
    );
    put(objects[at % objects.length] ?? copy, name, value);
    return copy;
  };
}

/** An assignment to `__proto__` would not be a key. */
function put(tree: Tree, name: string, value: unknown): void {
  Object.defineProperty(tree, name, { value, enumerable: true, writable: true, configurable: true });
}

function insert(text: string, where: number): (old: unknown) => unknown {
  return (old) =>
    typeof old === 'string' ? old.slice(0, where) + text + old.slice(where) : `${MARK}${text}`;
}

/** One line as anybody could write it, from requests that were good; without the feed at its end. */
export function hostileLine(pool: readonly Tree[]): fc.Arbitrary<Buffer> {
  const from = fc.constantFrom(...pool);
  const changed = fc.tuple(from, fc.array(saidOtherwise, { minLength: 1, maxLength: 2 })).map(apply);
  const text = fc.oneof(
    { weight: 2, arbitrary: from.map((request) => JSON.stringify(request)) },
    { weight: 6, arbitrary: changed.map((value) => JSON.stringify(value)) },
    {
      weight: 4,
      arbitrary: fc.tuple(changed, writtenOtherwise).map(([value, write]) => write(JSON.stringify(value))),
    },
    {
      weight: 4,
      arbitrary: fc.tuple(from, writtenOtherwise).map(([value, write]) => write(JSON.stringify(value))),
    },
    { weight: 1, arbitrary: fc.json() },
  );
  const bytes = text.map((line) => Buffer.from(line));
  return fc.oneof(
    { weight: 80, arbitrary: bytes },
    {
      weight: 1,
      arbitrary: fc.tuple(from, tooMuch).map(([value, write]) => Buffer.from(write(JSON.stringify(value)))),
    },
    { weight: 1, arbitrary: fc.tuple(bytes, spoiled).map(([line, spoil]) => spoil(line)) },
  );
}

function apply([request, changes]: readonly [Tree, readonly OfTree[]]): unknown {
  return changes.reduce<unknown>(
    (value, by) => (typeof value === 'object' && value !== null ? by(value as Tree) : value),
    request,
  );
}
