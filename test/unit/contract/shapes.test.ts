import { CreateDatabase, CreateDatabaseUser, PasswordHash } from '../../../contract/databases.ts';
import { CreateDomain, SiteSpec, UpdateDomain } from '../../../contract/domains.ts';
import { FailureError, toFailure } from '../../../contract/failures.ts';
import { DomainId, OperationId, ServerId, TenantId } from '../../../contract/ids.ts';
import {
  ENDED,
  OPERATION_RESOURCES,
  OperationKind,
  OperationStatus,
  privilegedQueue,
  WakeUp,
} from '../../../contract/operations.ts';
import { PROBLEMS } from '../../../contract/problems.ts';
import { newId } from '../../../state/new-ids.ts';

test.each([
  '',
  'a'.repeat(11),
  'a'.repeat(13),
  '1aaaaaaaaaaa',
  'Aaaaaaaaaaaa',
  'aaaaaaaaaaa-',
  '../../../etc',
  `${'a'.repeat(12)}\n`,
])('%j is no id', (id) => {
  expect(DomainId.safeParse(id).success).toBe(false);
});

test('what is made as an id is one, and no two are the same', () => {
  const ids = Array.from({ length: 1000 }, () => newId(12));
  for (const id of ids) expect(DomainId.safeParse(id).success).toBe(true);
  expect(new Set(ids).size).toBe(1000);
  expect(OperationId.safeParse(newId(20)).success).toBe(true);
});

test('tenant and server are default, or have ids like everything else', () => {
  for (const schema of [TenantId, ServerId]) {
    expect(schema.safeParse('default').success).toBe(true);
    expect(schema.safeParse('a'.repeat(12)).success).toBe(true);
    expect(schema.safeParse('other').success).toBe(false);
  }
});

test('what is left out of a new domain has its default', () => {
  expect(CreateDomain.parse({ name: 'shop.example' })).toEqual({
    name: 'shop.example',
    aliases: [],
    type: 'php',
    phpLimits: {},
    createDefaults: true,
    options: {
      ...{ buffering: true, redirect: null },
      ...{ index: [], bodyBytes: 67_108_864, timeoutSeconds: 300, allowedAddresses: [], accessLog: true },
      ...{ www: 'asIs', forceHttps: false, hsts: null, staticCacheSeconds: null },
      ...{ errorPages: {}, basicAuth: null },
    },
    isolation: 'site',
    enabled: true,
    protected: false,
  });
});

test.each([
  ['a new domain', CreateDomain, { name: 'shop.example' }],
  ['a change', UpdateDomain, { enabled: true }],
  ['a new database', CreateDatabase, { name: 'shop' }],
  ['a new user', CreateDatabaseUser, { name: 'shop' }],
  ['a wake-up', WakeUp, { operationId: 'o'.repeat(20) }],
  [
    'what the executor is given',
    SiteSpec,
    {
      ...{
        id: 'd'.repeat(12),
        generation: 1,
        name: 'shop.example',
        aliases: [],
        type: 'php',
        phpVersion: '8.2',
      },
      ...{ publicDirectory: 'public', isolation: 'site', enabled: true, protected: false },
      tenant: 'default',
    },
  ],
])('%s takes no field that it does not know', (_, schema, good) => {
  expect(schema.safeParse(good).success).toBe(true);
  for (const field of ['path', 'user', 'id2', 'tenant'])
    expect(schema.safeParse({ ...good, [field]: 'x' }).success).toBe(false);
});

test.each([
  '',
  '*',
  `*${'0'.repeat(39)}`,
  `*${'0'.repeat(41)}`,
  `*${'a'.repeat(40)}`,
  '0'.repeat(41),
  `*${'0'.repeat(40)}\n`,
  `*${'0'.repeat(39)}'`,
  `$A$005$${'a'.repeat(62)}`,
  `$A$005$${'a'.repeat(64)}`,
  `$A$006$${'a'.repeat(63)}`,
  `$A$005$${'a'.repeat(62)}'`,
  `$A$005$${'a'.repeat(63)}\n`,
])('%j is no password hash', (hash) => {
  expect(PasswordHash.safeParse(hash).success).toBe(false);
});

test('every kind of operation says what it acts on in its name', () => {
  for (const kind of OperationKind.options) expect(kind.split('.')[0]).toBe(OPERATION_RESOURCES[kind]);
});

test('an operation that is queued or running has not ended; every other has', () => {
  expect(OperationStatus.options.filter((status) => !ENDED.has(status))).toEqual(['queued', 'running']);
});

test('the name of a queue holds no colon', () => {
  expect(privilegedQueue(ServerId.parse('default'))).toBe('privileged-default');
});

test('a failure that is meant for people crosses as it is, any other is internal and says nothing of its cause', () => {
  const failure = toFailure(new FailureError('not_live', 'It does not answer.', 'Look at it.'));
  expect(failure).toEqual({ code: 'not_live', message: 'It does not answer.', hint: 'Look at it.' });
  for (const error of [new Error('/etc/shadow: password x'), 'text', null, undefined]) {
    expect(toFailure(error).code).toBe('internal');
    expect(JSON.stringify(toFailure(error))).not.toMatch(/shadow|password|text/);
  }
});

test('a failure has at most five hundred characters for each part', () => {
  const { message, hint } = toFailure(new FailureError('internal', 'x'.repeat(1000), 'y'.repeat(1000)));
  expect([message.length, hint.length]).toEqual([500, 500]);
});

test('each problem has a status of its class', () => {
  for (const { status } of Object.values(PROBLEMS)) expect(status).toBeGreaterThanOrEqual(400);
});
