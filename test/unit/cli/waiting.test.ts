import { setTimeout as sleep } from 'node:timers/promises';
import { problem, startApiServer, type Answers } from '../../fakes/api-server.ts';
import { accepted, DOMAIN, event, EVENTS, operation, OPERATION_ID, READ, STEPS } from './samples.ts';
import { runIn, sculptorctl } from './sculptorctl.ts';

const WORDS = ['domain', 'delete', 'shop.example'];
const WRITE = 'DELETE /v1/domains/shop.example';
const running = operation({ status: 'running', steps: STEPS.slice(0, 1), endedAt: null });

function told(out: string, sentence: string): number {
  return out.split(sentence).length - 1;
}

test('when the stream breaks off it goes on by asking, and no step is shown twice', async () => {
  const { code, out, asked } = await sculptorctl(WORDS, {
    [WRITE]: [accepted()],
    [EVENTS]: [{ events: [event(running)], breaks: true }],
    [READ]: [
      { status: 200, body: running },
      { status: 200, body: operation() },
    ],
  });
  expect([told(out, 'account'), told(out, 'folders')]).toEqual([1, 1]);
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([WRITE, EVENTS, READ, READ]);
  expect(code).toBe(0);
});

test.each([
  ['ends before the operation does', { events: [event(running)] }],
  [
    'is refused because the agent has no Redis now',
    { status: 503, body: problem(503, 'The agent cannot do this now') },
  ],
  ['is answered by a web server in between', { status: 502, text: '<h1>Bad Gateway</h1>' }],
] as const)('when the stream %s it asks instead', async (_, stream) => {
  const answers: Answers = {
    [WRITE]: [accepted()],
    [EVENTS]: [stream],
    [READ]: [{ status: 200, body: operation() }],
  };
  const { code, out } = await sculptorctl(WORDS, answers);
  expect(out).toContain('domain.create shop.example: succeeded');
  expect(code).toBe(0);
});

test('a restart of the agent in the middle is waited for', async () => {
  const { code } = await sculptorctl(WORDS, {
    [WRITE]: [accepted()],
    [EVENTS]: ['hang up'],
    [READ]: [...Array.from({ length: 20 }, () => 'hang up' as const), { status: 200, body: operation() }],
  });
  expect(code).toBe(0);
});

test('an agent that stays away is given up, with the way to see the end', async () => {
  const { code, err } = await sculptorctl(WORDS, {
    [WRITE]: [accepted()],
    [EVENTS]: ['hang up'],
    [READ]: ['hang up'],
  });
  expect(err).toContain(`sculptorctl operation follow ${OPERATION_ID}`);
  expect(code).toBe(1);
});

test('a write whose answer was lost is sent again with the same key', async () => {
  const { code, asked } = await sculptorctl(['--no-wait', ...WORDS], {
    [WRITE]: ['hang up', 'hang up', accepted()],
  });
  expect(asked.map(({ headers }) => headers['idempotency-key'])).toEqual(Array(3).fill('key-of-this-run'));
  expect(code).toBe(0);
});

test('a write that never gets an answer is given up after four tries', async () => {
  const { code, asked, err } = await sculptorctl(WORDS, { [WRITE]: ['hang up'] });
  expect(asked).toHaveLength(4);
  expect(err).toContain('does not answer');
  expect(code).toBe(1);
});

test('a refusal is not sent again', async () => {
  const { asked, code } = await sculptorctl(WORDS, {
    [WRITE]: [{ status: 503, body: problem(503, 'Not now') }],
  });
  expect(asked).toHaveLength(1);
  expect(code).toBe(1);
});

test('an operation that is tried again tells its story again', async () => {
  const again = operation({ attempt: 2 });
  const { out } = await sculptorctl(WORDS, {
    [WRITE]: [accepted()],
    [EVENTS]: [{ events: [event(running), event(again)] }],
  });
  expect(out).toContain('  attempt 2\n');
  expect(told(out, 'account')).toBe(2);
});

test.each([
  ['superseded', 'A newer operation on the same resource took its place.'],
  ['cancelled', 'domain.create shop.example: cancelled'],
])('an operation that ends as %s is not a success', async (status, sentence) => {
  const answers = { [WRITE]: [accepted()], [EVENTS]: [{ events: [event(operation({ status }))] }] };
  const { code, err } = await sculptorctl(WORDS, answers);
  expect(err).toContain(sentence);
  expect(code).toBe(1);
});

test('with --json an operation that fails is still one document', async () => {
  const failed = operation({ status: 'failed', error: { code: 'internal', message: 'm', hint: 'h' } });
  const answers = { [WRITE]: [accepted()], [EVENTS]: [{ events: [event(failed)] }] };
  const { code, out } = await sculptorctl(['--json', ...WORDS], answers);
  expect(JSON.parse(out)).toEqual({ operation: failed });
  expect(code).toBe(1);
});

test('what a server sends cannot drive the terminal', async () => {
  const steps = [{ ...STEPS[0], name: '\u001b]0;owned\u0007' }];
  const error = { code: 'internal', message: '\u001b[2J\nroot: ok', hint: '\u009b31m' };
  const failed = operation({
    status: 'failed',
    steps,
    error,
    resource: { type: 'domain', id: DOMAIN.id, name: '\u202ex' },
  });
  const answers = { [WRITE]: [accepted()], [EVENTS]: [{ events: [event(failed)] }] };
  const { out, err } = await sculptorctl(WORDS, answers);
  expect(out + err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(err).toContain('internal: \\u001b[2J\\u000aroot: ok\n');
});

test('something that is not the API is said to be that', async () => {
  const { code, err } = await sculptorctl(['domain', 'show', 'a.example'], {
    'GET /v1/domains/a.example': [{ status: 200, body: { hello: 'world' } }],
  });
  expect(err).toContain('not one of this API');
  expect(code).toBe(1);
});

test('no agent at all is a sentence and what to do', async () => {
  const { code, err } = await runIn({}, ['domain', 'list']);
  expect(err).toBe(
    'sculptorctl: The agent does not answer on /nowhere/api.sock (ENOENT)\n' +
      'Is the agent running? On its server: systemctl status sculptor-api\n',
  );
  expect(code).toBe(1);
});

test('an operation that does not begin makes the wait explain itself, once', async () => {
  const queued = { status: 200, body: operation({ status: 'queued', steps: [], attempt: 0 }) };
  const polls = [...Array.from({ length: 5 }, () => queued), { status: 200, body: operation() }];
  const api = await startApiServer({ [WRITE]: [accepted()], [EVENTS]: [{ events: [] }], [READ]: polls });
  const world = { socket: api.socket, patienceMs: 1, pause: () => sleep(20) };
  const { code, err } = await runIn(world, WORDS);
  await api.close();
  expect(told(err, 'has not begun yet')).toBe(1);
  expect(code).toBe(0);
});

test('a person who waits is told once why an operation is held back', async () => {
  const error = { code: 'limit_reached', message: 'Enough for this hour.', hint: 'It goes on by itself.' };
  const held = event(operation({ status: 'queued', steps: [], error }));
  const { code, err } = await sculptorctl(['operation', 'follow', OPERATION_ID], {
    [EVENTS]: [{ events: [held, held, event(operation())] }],
  });
  expect([code, err]).toEqual([0, 'It is held back. Enough for this hour. It goes on by itself.\n']);
});
