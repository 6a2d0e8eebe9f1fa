import {
  CreateWebhook,
  EVENT_TYPES,
  isMeant,
  UpdateWebhook,
  WebhookUrl,
} from '../../../contract/webhooks.ts';

test.each([
  ['https://panel.example/events', 'https://panel.example/events'],
  ['HTTPS://Panel.Example', 'https://panel.example/'],
  ['https://panel.example:443/', 'https://panel.example/'],
  ['https://panel.example:8443/a?b=c', 'https://panel.example:8443/a?b=c'],
  ['http://10.1.2.3:8080/', 'http://10.1.2.3:8080/'],
  ['https://0x7f.1/', 'https://127.0.0.1/'],
])('takes %j as %j', (typed, url) => {
  expect(WebhookUrl.parse(typed)).toBe(url);
});

test.each([
  '',
  'panel.example',
  '//panel.example/',
  'ftp://panel.example/',
  'file:///etc/passwd',
  'gopher://panel.example/',
  'javascript:alert(1)',
  'https://',
  'https://user@panel.example/',
  'https://user:password@panel.example/',
  'https://:password@panel.example/',
  'https://panel.example/#part',
  'https://panel.example:22/',
  'https://panel.example:25/',
  'https://panel.example:80/',
  'https://panel.example:1023/',
  'https://panel.example:65536/',
  'https://panel.example/a b',
  'https://panel.example/\r\nX: y',
  ' https://panel.example/',
  'https://pan\u00e9l.example/',
  `https://panel.example/${'a'.repeat(2000)}`,
])('refuses the URL %j', (url) => {
  expect(CreateWebhook.safeParse({ url }).success).toBe(false);
  expect(UpdateWebhook.safeParse({ url }).success).toBe(false);
});

const url = 'https://panel.example/';

test.each([
  ['no events', { events: [] }],
  ['one that there is not', { events: ['operation.begun'] }],
  ['a part of a word', { events: ['oper*'] }],
  ['one twice', { events: ['*', '*'] }],
  ['a line in its description', { description: 'a\nb' }],
  ['a field that it does not have', { secret: 'mine' }],
])('refuses %s', (_, more) => {
  expect(CreateWebhook.safeParse({ url, ...more }).success).toBe(false);
});

test('is told of everything where nothing is said', () => {
  expect(CreateWebhook.parse({ url })).toEqual({ url, events: ['*'], description: '' });
  expect(EVENT_TYPES.every((type) => isMeant(['*'], type))).toBe(true);
});

test('a family is meant by its star, a type by its name, and nothing else', () => {
  expect(EVENT_TYPES.filter((type) => isMeant(['operation.*'], type))).toEqual([
    'operation.succeeded',
    'operation.failed',
    'operation.superseded',
    'operation.cancelled',
  ]);
  expect(EVENT_TYPES.filter((type) => isMeant(['system.updated'], type))).toEqual(['system.updated']);
  expect(EVENT_TYPES).toContain('notification.destroyed');
  expect(isMeant(['operation.failed'], 'operation.succeeded')).toBe(false);
});
