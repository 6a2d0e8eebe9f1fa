import { inspect } from 'node:util';
import { createLogger } from '../../../runtime/logger.ts';
import { createSecret } from '../../../runtime/secret.ts';

const secret = createSecret('hunter2');

function logged(fields: object): string {
  const lines: string[] = [];
  createLogger('test', { write: (line: string) => void lines.push(line) }).info(fields, 'message');
  return lines.join('');
}

test.each([
  ['String', () => String(secret)],
  ['concatenation', () => 'x'.concat(secret as unknown as string)],
  ['JSON', () => JSON.stringify({ secret })],
  ['inspect', () => inspect({ secret }, { depth: 9, showHidden: true })],
  ['an error', () => new Error(String(secret)).stack ?? ''],
  ['a log line', () => logged({ value: secret, deeper: { value: secret } })],
  ['its keys', () => Object.values(secret).map(String).join()],
])('%s does not show a secret', (_, show) => {
  expect(show()).not.toContain('hunter2');
});

test('it is told to who asks for it', () => {
  expect(secret.reveal()).toBe('hunter2');
});

test.each(['authorization', 'password', 'token', 'passwordHash', 'secret'])(
  'a field called %s is not logged, should one be',
  (field) => {
    for (const fields of [
      { [field]: 'hunter2' },
      { a: { [field]: 'hunter2' } },
      { a: { b: { [field]: 'hunter2' } } },
    ])
      expect(logged(fields)).not.toContain('hunter2');
  },
);

test('a log line is one line of JSON, whatever stands in it', () => {
  const line = logged({ name: 'a\nb\u001b[31m\u2028"}' });
  expect(line.trimEnd()).not.toMatch(/[\n\u001b]/);
  expect(JSON.parse(line)).toMatchObject({ process: 'test', level: 'info', msg: 'message' });
});
