import { problem } from '../../fakes/api-server.ts';
import { event, EVENTS, operation, OPERATION_ID, READ } from './samples.ts';
import { sculptorctl } from './sculptorctl.ts';

const RESOURCE = { type: 'change', id: 'cabcdefghij1', name: 'shop.example' };
const PLANNING = { kind: 'change.plan', resource: RESOURCE, steps: [] } as const;
const FILE = '/etc/sculptor/sites/dabcdefghij1/fpm.conf';
const PLAN = {
  changes: [
    {
      kind: 'domain.update',
      resource: { type: 'domain', id: 'dabcdefghij1', name: 'shop.example' },
      differences: [
        {
          step: 'configure PHP',
          words: 'it would be another',
          files: [{ path: FILE, words: 'changed', diff: '-a = 1\n+a = 2\n' }],
        },
      ],
    },
    { kind: 'queue.create', resource: { type: 'queue', id: 'qabcdefghij1', name: 'web' }, differences: [] },
  ],
  left: 3,
};
const answers = {
  'PATCH /v1/domains/shop.example?plan=true': [
    { status: 202, body: { operation: operation({ ...PLANNING, status: 'queued' }) } },
  ],
  [EVENTS]: [{ events: [event(operation(PLANNING))] }],
  [READ]: [{ status: 200, body: { ...operation(PLANNING), plan: PLAN } }],
};
const WORDS = ['domain', 'update', 'shop.example', '--disable', '--plan'];

test('what would change is waited for, and printed with its diffs', async () => {
  const { code, out, err, asked } = await sculptorctl(WORDS, answers);
  expect(out.split('\n')).toEqual([
    `operation ${OPERATION_ID} queued`,
    'change.plan shop.example: succeeded',
    'domain.update shop.example would change this',
    '  configure PHP: it would be another',
    `    ${FILE}: changed`,
    '      -a = 1',
    '      +a = 2',
    'queue.create web would change nothing',
    'and 3 more would be asked for, which are not looked at',
    '',
  ]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  // Nothing is read again: it is as it was.
  expect(asked).toHaveLength(3);
});

test('for programs it is the operation with its plan, and nothing else', async () => {
  const { out } = await sculptorctl([...WORDS, '--json'], answers);
  expect(JSON.parse(out)).toMatchObject({ kind: 'change.plan', plan: PLAN });
});

test.each([
  [['token', 'create', 'x', '--scope', 'domains:read', '--days', '1', '--plan'], 'POST /v1/tokens?plan=true'],
  [['domain', 'run', 'shop.example', '--plan', '--', 'true'], 'POST /v1/domains/shop.example/runs?plan=true'],
  [['drift', 'repair', 'shop.example', '--plan'], 'POST /v1/domains/shop.example/drift/repair?plan=true'],
])('%s is asked for as a plan too, and not done where it is none', async (words, address) => {
  const refused = problem(422, 'What this would change is not told beforehand');
  const { code, err, asked } = await sculptorctl(words, { [address]: [{ status: 422, body: refused }] });
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([address]);
  expect([code, err]).toEqual([1, expect.stringContaining('not told beforehand')]);
});
