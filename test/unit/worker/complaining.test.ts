import { createLogger } from '../../../runtime/logger.ts';
import { createComplaints } from '../../../worker-unprivileged/complaining.ts';

test('what goes wrong in each round is said once an hour, and that the database is away is not', () => {
  const lines: string[] = [];
  const logger = createLogger('test', { write: (line: string) => void lines.push(line) });
  let now = 0;
  const complain = createComplaints(logger, () => now);
  complain(Object.assign(new Error('no database'), { code: 'ECONNREFUSED' }), 'not read');
  expect(lines).toEqual([]);
  for (const [minutes, message] of [
    [0, 'not read'],
    [1, 'not read'],
    [1, 'not told'],
    [59, 'not read'],
    [60, 'not read'],
  ] as const) {
    now = minutes * 60_000;
    complain(new Error('a row that cannot be read'), message);
  }
  expect(lines.map((line) => (JSON.parse(line) as { readonly msg: string }).msg)).toEqual([
    'not read',
    'not told',
    'not read',
  ]);
});
