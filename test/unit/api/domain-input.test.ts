import { DEFAULT_OPTIONS } from '../../../contract/site-options.ts';
import { ProblemError } from '../../../api/problems.ts';
import { parseCreateDomain, parseUpdateDomain } from '../../../api/domains/input.ts';

const SERVER = 'machine.example';

function errors(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ProblemError)
      return error.parts.errors?.map(({ field, message }) => [field, message]);
    throw error;
  }
}

test('names are brought to their one form, in the order they were typed', () => {
  expect(
    parseCreateDomain({ name: 'Shop.Example', aliases: ['Z.example', 'MÜLLER.example'] }, SERVER),
  ).toEqual({
    name: 'shop.example',
    aliases: ['z.example', 'xn--mller-kva.example'],
    type: 'php',
    phpLimits: {},
    createDefaults: true,
    options: DEFAULT_OPTIONS,
    isolation: 'site',
    enabled: true,
    protected: false,
  });
  expect(parseUpdateDomain({ aliases: ['Z.example'] }, SERVER)).toEqual({ aliases: ['z.example'] });
});

test.each([
  [{ name: 'a.example', aliases: ['A.example'] }, [['aliases.0', 'This is the name of the domain itself.']]],
  [
    { name: 'a.example', aliases: ['b.example', 'B.example'] },
    [['aliases.1', 'This alias stands in the list already.']],
  ],
  [
    { name: 'a b', aliases: ['c d', 'e.example', 'f.'] },
    [
      ['name', 'The name holds a space.'],
      ['aliases.0', 'The name holds a space.'],
      ['aliases.2', 'The name ends in a dot.'],
    ],
  ],
  [{ name: 'machine.example' }, [['name', 'This name is the server’s own, or below it.']]],
  [
    { aliases: ['machine.example'], name: 'a.example' },
    [['aliases.0', 'This name is the server’s own, or below it.']],
  ],
])('%j is refused with a sentence for each field', (body, expected) => {
  expect(errors(() => parseCreateDomain(body, SERVER))).toEqual(expected);
});

test.each([
  [{ name: 'a.example' }, ['name']],
  [{ isolation: 'pool' }, ['isolation']],
  [{ name: null, isolation: null, enabled: true }, ['name', 'isolation']],
])('of the change %j it says that this is for life', (body, fields) => {
  const found = errors(() => parseUpdateDomain(body, SERVER)) as [string, string][];
  expect(found.map(([field]) => field)).toEqual(fields);
  for (const [, message] of found) expect(message).toContain('for life');
});
