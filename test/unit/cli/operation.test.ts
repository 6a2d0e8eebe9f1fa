import { event, EVENTS, operation, OPERATION_ID, READ } from './samples.ts';
import { sculptorctl } from './sculptorctl.ts';

const CANCEL = `POST /v1/operations/${OPERATION_ID}/cancel`;

test('lists the newest operations, with the filters that were given', async () => {
  const { out } = await sculptorctl(
    ['operation', 'list', '--status', 'failed', '--resource', 'dabcdefghij1', '--limit', '2'],
    {
      'GET /v1/operations?resource=dabcdefghij1&status=failed&limit=2': [
        { status: 200, body: { items: [operation({ status: 'failed' })], next: 'more' } },
      ],
      'GET /v1/operations?resource=dabcdefghij1&status=failed&limit=1&cursor=more': [
        { status: 200, body: { items: [operation({ status: 'failed' })], next: 'even-more' } },
      ],
    },
  );
  expect(out.split('\n')).toHaveLength(4);
  expect(out).toContain(`${OPERATION_ID}  domain.create  shop.example  failed`);
});

test.each(['0', '-1', 'many', '1.5'])('a limit of %s is no limit', async (limit) => {
  const { code, asked } = await sculptorctl(['operation', 'list', '--limit', limit]);
  expect({ code, asked }).toEqual({ code: 2, asked: [] });
});

test('shows one operation with its steps and why it failed', async () => {
  const error = { code: 'not_live', message: 'No page.', hint: 'Look.' };
  const { out } = await sculptorctl(['operation', 'show', OPERATION_ID], {
    [READ]: [{ status: 200, body: operation({ status: 'failed', error }) }],
  });
  expect(out).toContain('resource  shop.example (dabcdefghij1)\n');
  expect(out).toContain('  ✔ account');
  expect(out).toContain('not_live: No page.\nLook.\n');
});

test('follows an operation to its end, and ends as it ends', async () => {
  const good = await sculptorctl(['operation', 'follow', OPERATION_ID], {
    [EVENTS]: [{ events: [event(operation())] }],
  });
  expect(good.code).toBe(0);
  const failed = operation({ status: 'failed', error: { code: 'internal', message: 'm', hint: 'h' } });
  const bad = await sculptorctl(['operation', 'follow', OPERATION_ID, '--json'], {
    [EVENTS]: [{ events: [event(failed)] }],
  });
  expect(JSON.parse(bad.out)).toEqual(failed);
  expect(bad.code).toBe(1);
});

test('an operation nobody knows is a refusal', async () => {
  const { code, err } = await sculptorctl(['operation', 'follow', OPERATION_ID]);
  expect(err).toBe('There is no such resource\n');
  expect(code).toBe(1);
});

test('cancelling is done when the operation is cancelled', async () => {
  const { code } = await sculptorctl(['operation', 'cancel', OPERATION_ID], {
    [CANCEL]: [{ status: 202, body: { operation: operation({ status: 'queued' }) } }],
    [EVENTS]: [{ events: [event(operation({ status: 'cancelled', steps: [] }))] }],
  });
  expect(code).toBe(0);
});

test('cancelling what had begun already is not done', async () => {
  const { code, err } = await sculptorctl(['operation', 'cancel', OPERATION_ID], {
    [CANCEL]: [{ status: 202, body: { operation: operation({ status: 'running' }) } }],
    [EVENTS]: [{ events: [event(operation())] }],
  });
  expect(err).toContain('could not be cancelled');
  expect(code).toBe(1);
});
