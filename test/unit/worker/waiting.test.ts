import { WebhookId } from '../../../contract/ids.ts';
import { toWaiting } from '../../../worker-unprivileged/waiting.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-06-01T12:00:00Z');
const ELAPSED = 1000;
const clocks = { now: () => NOW, elapsed: () => ELAPSED };

/** Taken up now, with times in hours from now. */
function taken({ created = 0, attempted = null, next = null }: Partial<Record<string, number | null>>) {
  const at = (hours: number | null) => (hours === null ? null : new Date(NOW + hours * HOUR));
  const one = { id: 1, webhook: WebhookId.parse('habcdefgh001'), event: 'x', attempts: 0 };
  const times = { createdAt: at(created) ?? new Date(NOW), attemptedAt: at(attempted), nextAt: at(next) };
  const { dueAt, begunAt } = toWaiting({ ...one, ...times }, clocks);
  return { inHours: (dueAt - ELAPSED) / HOUR, age: (ELAPSED - begunAt) / HOUR };
}

test.each([
  ['what is new is due at once', { created: -1 }, { inHours: 0, age: 1 }],
  ['what was tried is due when it is to be', { created: -2, attempted: -1, next: 3 }, { inHours: 3, age: 2 }],
  [
    'what should have been tried long ago is due at once',
    { created: -9, attempted: -8, next: -7 },
    { inHours: 0, age: 9 },
  ],
  [
    'what a clock wrote that was a day ahead waits for its own pause',
    { created: 23, attempted: 24, next: 26 },
    { inHours: 2, age: 0 },
  ],
  ['nothing waits for longer than it is kept', { attempted: -1, next: 90_000 }, { inHours: 26, age: 0 }],
  ['a pause that goes backwards is none', { attempted: 24, next: 20 }, { inHours: 0, age: 0 }],
])('%s', (_, times, waits) => {
  expect(taken(times)).toEqual(waits);
});
