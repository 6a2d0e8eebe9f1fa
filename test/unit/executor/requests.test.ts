import fc from 'fast-check';
import { VERBS } from '../../../contract/executor.ts';
import { readRequest } from '../../../worker-privileged/executor/server/dispatch.ts';
import { unfit } from '../../../worker-privileged/executor/server/plain-text.ts';
import { spec } from './sites.ts';

const good = { request: 'r1', operation: null, verb: 'site.put', args: spec() };
const line = (change: Record<string, unknown>) => JSON.stringify({ ...good, ...change });
const put = (change: Record<string, unknown>) => line({ args: { ...spec(), ...change } });
const refusal = (text: string) => {
  const read = readRequest(text);
  return 'refused' in read ? read.refused.failure.code : 'accepted';
};

test('what the worker sends is read', () => {
  expect(readRequest(line({}))).toEqual(good);
  expect(refusal(line({ verb: 'server.facts', args: {} }))).toBe('accepted');
  expect(refusal(line({ operation: 'abcdefghij0123456789' }))).toBe('accepted');
});

const noRequests: readonly [string, string][] = [
  ['nothing', ''],
  ['no JSON', 'site.put'],
  ['half of it', line({}).slice(0, -3)],
  ['two at once', `${line({})}${line({})}`],
  ['a byte order mark', `\ufeff${line({})}`],
  ['a list', `[${line({})}]`],
  ['a string', '"site.put"'],
  ['null', 'null'],
  ['a number', '1'],
  ['no request id', line({ request: undefined })],
  ['a request id that is a path', line({ request: '../r1' })],
  ['a request id of another type', line({ request: 1 })],
  ['no operation', line({ operation: undefined })],
  ['an operation that is no id', line({ operation: 'x; id' })],
  ['no verb', line({ verb: undefined })],
  ['an unknown verb', line({ verb: 'shell.run' })],
  ['a verb of the prototype', line({ verb: 'constructor' })],
  ['a verb in upper case', line({ verb: 'SITE.PUT' })],
  ['a verb with a blank', line({ verb: 'site.put ' })],
  ['a list of verbs', line({ verb: ['site.put'] })],
  ['no args', line({ args: undefined })],
  ['args that are a list', line({ args: [spec()] })],
  ['args that are a string', line({ args: '--help' })],
  ['a further key', line({ extra: 1 })],
  ['a command beside', line({ command: ['/bin/sh'] })],
  ['the prototype', `{"__proto__":{"verb":"site.put"},${line({}).slice(1)}`],
  ['the prototype of args', line({}).replace('"args":{', '"args":{"__proto__":{"isolation":"pool"},')],
  ['a constructor', line({}).replace('"args":{', '"args":{"constructor":{"prototype":{}},')],
  ['a verb twice', line({}).replace('{', '{"verb":"site.remove",')],
  ['an id twice in args', line({}).replace('"args":{', '"args":{"id":"b1b2c3d4e5f6",')],
  ['a key that is written with an escape', line({}).replace('"verb"', '"\\u0076erb"')],
  ['a number with a fraction of nothing', line({}).replace('"generation":1', '"generation":1.0')],
  ['blanks between its parts', JSON.stringify(good, null, 1).replaceAll('\n', '')],
  ['a blank behind it', `${line({})} `],
  ['args for another verb', line({ verb: 'server.facts' })],
  ['nesting', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
  ['nesting in args', line({ args: { ...spec(), aliases: [[[[[[[[[[]]]]]]]]]] } })],
];

test.each(noRequests)('%s is no request', (_, text) => {
  expect(refusal(text)).toBe('invalid_request');
});

const values: readonly [string, unknown][] = [
  ['id', '../../etc/pwd'],
  ['id', 'a1b2c3d4e5f'],
  ['id', 'A1B2C3D4E5F6'],
  ['id', '-1b2c3d4e5f6'],
  ['id', 'a1b2c3d4e5f6\n'],
  ['id', ['a1b2c3d4e5f6']],
  ['id', { toString: 'a1b2c3d4e5f6' }],
  ['generation', 0],
  ['generation', -1],
  ['generation', 1.5],
  ['generation', '1'],
  ['generation', 1e300],
  ['name', '/etc/passwd'],
  ['name', '../etc'],
  ['name', 'a/b.example'],
  ['name', '%2e%2e.example'],
  ['name', 'test..com'],
  ['name', '.example'],
  ['name', 'shop.example.'],
  ['name', 'shop.example;id'],
  ['name', 'shop.example\n'],
  ['name', 'shop.example\r\nuser=root'],
  ['name', 'shop.example\0'],
  ['name', 'shop.example\u2028'],
  ['name', 'shop.example\u2029'],
  ['name', 'shop.example\u007f'],
  ['name', 'shop.example\u0085'],
  ['name', 'shop .example'],
  ['name', '$(id).example'],
  ['name', '`id`.example'],
  ['name', '*.example'],
  ['name', '-rf.example'],
  ['name', 'Shop.example'],
  ['name', 'localhost'],
  ['name', '127.0.0.1'],
  ['name', '[::1]'],
  ['name', `${'a.'.repeat(126)}ab`],
  ['aliases', ['ok.example', 'not ok.example']],
  ['aliases', 'shop.example'],
  ['aliases', ['a.example\n}server{listen 81;}']],
  ['aliases', Array.from({ length: 101 }, (_, index) => `a${index}.example`)],
  ['type', 'PHP'],
  ['type', 'ruby'],
  ['phpVersion', '8.2; rm'],
  ['phpVersion', '../../tmp/evil'],
  ['phpVersion', '8.2\n'],
  ['phpVersion', 8.2],
  ['publicDirectory', '/'],
  ['publicDirectory', '..'],
  ['publicDirectory', 'public/..'],
  ['publicDirectory', 'public/../private'],
  ['publicDirectory', 'public//web'],
  ['publicDirectory', 'public/'],
  ['publicDirectory', '/public'],
  ['publicDirectory', 'private'],
  ['publicDirectory', 'public/.git'],
  ['publicDirectory', 'public/a b'],
  ['publicDirectory', 'public/$uri'],
  ['publicDirectory', 'public/a;'],
  ['publicDirectory', 'public/%2e%2e'],
  ['options', []],
  ['options', { rewrite: '^ /' }],
  ['options', { index: ['../x'] }],
  ['options', { index: ['a.html; root /'] }],
  ['options', { index: ['.htpasswd'] }],
  ['options', { index: ['$uri'] }],
  ['options', { index: [`a\n`] }],
  ['options', { bodyBytes: '1m' }],
  ['options', { bodyBytes: 0 }],
  ['options', { timeoutSeconds: 1.5 }],
  ['options', { timeoutSeconds: 3601 }],
  ['options', { allowedAddresses: ['all'] }],
  ['options', { allowedAddresses: ['unix:'] }],
  ['options', { allowedAddresses: ['192.0.2.1/24; allow all'] }],
  ['options', { allowedAddresses: ['192.0.2.1\n'] }],
  ['options', { allowedAddresses: ['fe80::1%eth0'] }],
  ['options', { accessLog: 'off' }],
  ['isolation', 'root'],
  ['isolation', 'none'],
  ['enabled', 'true'],
  ['enabled', 1],
  ['user', 'root'],
  ['home', '/etc'],
  ['fpm', 'user = root'],
];

test.each(values)('a site whose %s is %j is refused', (field, value) => {
  expect(refusal(put({ [field]: value }))).toBe('invalid_request');
});

test.each([
  'site.remove',
  'site.purge',
  'database.protect',
  'database.remove',
  'database.restore',
  'database.purge',
])('%s takes an id and nothing else', (verb) => {
  expect(refusal(line({ verb, args: { id: 'a1b2c3d4e5f6' } }))).toBe('accepted');
  expect(refusal(line({ verb, args: { id: 'a1b2c3d4e5f6', path: '/etc' } }))).toBe('invalid_request');
  expect(refusal(line({ verb, args: { id: "a1b2c3d4e5f6' OR ''='" } }))).toBe('invalid_request');
  expect(refusal(line({ verb, args: {} }))).toBe('invalid_request');
});

const CONTROL = [
  '\0',
  '\t',
  '\n',
  '\v',
  '\f',
  '\r',
  '\u001b',
  '\u007f',
  '\u0085',
  '\u009b',
  '\u2028',
  '\u2029',
  '\ud800',
];

test.each(CONTROL)('%j anywhere is refused before any schema sees it', (control) => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      const text = before + control + after;
      return [{ x: { y: text } }, { [text]: 1 }, [['a', text]], text].every((value) => unfit(value) !== null);
    }),
  );
});

test('whatever JSON it is, reading it never throws, and only a verb of the table is accepted', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const read = readRequest(text);
      return 'refused' in read || read.verb in VERBS;
    }),
  );
});

test('a refusal names the field and repeats nothing of what was sent', () => {
  const read = readRequest(line({ 'evil\\u001b[2J<b>': 'x', verb: 'rm -rf' }));
  const text = JSON.stringify(read);
  expect(text).toContain('verb');
  expect(text).not.toMatch(/evil|rm -rf|<b>/);
});
