import { readJob } from '../../../worker-privileged/queue.ts';

const operationId = 'abcdefghijklmnopqrst';

test('a job gives the id of an operation', () => {
  expect(readJob({ name: 'wake', data: { operationId } })).toBe(operationId);
});

test.each([
  ['wipe', { operationId }],
  ['', { operationId }],
  ['Wake', { operationId }],
  ['__proto__', { operationId }],
  ['toString', { operationId }],
  ['wake', undefined],
  ['wake', null],
  ['wake', operationId],
  ['wake', [operationId]],
  ['wake', {}],
  ['wake', { operationId, more: 1 }],
  ['wake', { operationId: '' }],
  ['wake', { operationId: 'abcdefghijklmnopqrs' }],
  ['wake', { operationId: `${operationId}a` }],
  ['wake', { operationId: `${operationId}\n` }],
  ['wake', { operationId: '1bcdefghijklmnopqrst' }],
  ['wake', { operationId: 'ABCDEFGHIJKLMNOPQRST' }],
  ['wake', { operationId: 'sweep-bcdefghijklmno' }],
  ['wake', { operationId: { toString: () => operationId } }],
  ['wake', JSON.parse(`{"__proto__":{"operationId":"${operationId}"}}`)],
])('a job named %j that says %j gives none', (name, data) => {
  expect(readJob({ name, data })).toBeUndefined();
});
