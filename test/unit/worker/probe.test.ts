import type { Probe } from '../../../contract/executor.ts';
import { createAskPage } from '../../../worker-privileged/probe.ts';
import type { Seen } from '../../../worker-privileged/probe-request.ts';

const page = (status: number, body = ''): Seen => ({ answer: 'page', status, body });
const closed: Seen = { answer: 'closed' };
const silent: Seen = { answer: 'silent' };
const own: Probe = {
  host: 'a.example',
  path: '/.sculptor/site',
  expect: { status: 200, body: 'abcdefghijkl' },
};

/** Answers in this order, the last one for ever; time passes in the pauses alone. */
function setUp(...answers: readonly Seen[]) {
  const pauses: number[] = [];
  let asked = 0;
  const ask = createAskPage({
    ask: () => Promise.resolve(answers[Math.min(asked++, answers.length - 1)]!),
    pause: (ms) => Promise.resolve(void pauses.push(ms)),
    now: () => pauses.reduce((sum, ms) => sum + ms, 0),
  });
  return { ask, pauses, asked: () => asked };
}

test.each<[string, Probe['expect'], Seen]>([
  ['its own page', { status: 200, body: 'x' }, page(200, 'x')],
  ['its own page with a line feed at the end', { status: 200, body: 'x' }, page(200, 'x\n')],
  ['any page of that status', { status: 503 }, page(503, 'closed for now')],
  ['no answer', 'closed', closed],
])('is content at once with %s', async (_what, expect_, seen) => {
  const { ask, asked } = setUp(seen);
  await ask({ ...own, expect: expect_ });
  expect(asked()).toBe(1);
});

test('asks again, with growing pauses, until the page is there', async () => {
  const { ask, pauses } = setUp(silent, closed, page(502), page(200, 'other'), page(200, 'abcdefghijkl'));
  await ask(own);
  expect(pauses).toEqual([20, 40, 80, 160]);
});

test.each<[Probe['expect'], Seen, string]>([
  [{ status: 200 }, page(404, 'a secret'), 'status 404 where status 200 was expected'],
  [{ status: 200, body: 'x' }, page(200, 'a secret'), "another page than the site's own"],
  [{ status: 200, body: 'x' }, page(200, 'xx'), "another page than the site's own"],
  [{ status: 200, body: '' }, page(200, 'a secret'), "another page than the site's own"],
  [{ status: 200 }, closed, 'no answer'],
  [{ status: 200 }, silent, 'no connection'],
  ['closed', page(200, 'a secret'), 'status 200 where no answer was expected'],
  ['closed', silent, 'no connection'],
])(
  'where %j is expected and %j is seen to the end, says so and shows no page',
  async (expect_, seen, words) => {
    const { ask, pauses } = setUp(seen);
    await expect(ask({ ...own, expect: expect_ })).rejects.toMatchObject({
      failure: { code: 'not_live', message: `Asked for through nginx, a.example gave ${words}.` },
    });
    const waited = pauses.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThan(18_000);
    expect(waited).toBeLessThanOrEqual(20_000);
  },
);
