import { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import { because } from '../../../worker-privileged/executor/system/because.ts';
import { CommandError } from '../../../worker-privileged/executor/system/command.ts';
import { pages, readKnown } from '../../../worker-privileged/executor/system/state-known.ts';
import { createTelling } from '../../../worker-privileged/executor/system/telling-state.ts';

/* What the state is told of the server: what cannot be told, and what others wrote there, keeps nothing else from it. */

const refused = (said: string) =>
  because(
    new CommandError('/usr/bin/mariadb', 1, said),
    new FailureError('database_unavailable', 'away', ''),
  );

test('what MariaDB refuses is said with what it said, and the others are told', async () => {
  const { tell, during, adoption } = createTelling((statements) =>
    statements.includes('BAD')
      ? Promise.reject(refused('--------\nERROR 1264 (22003) at line 3: Out of range value\n'))
      : Promise.resolve(''),
  );
  await tell('site a', () => ({ what: 'site a is told', statements: ['GOOD'] }));
  await tell('site b', () => ({ what: 'site b is told', statements: ['BAD'] }));
  await tell('site c', () => null);
  await tell('site d', () => {
    throw new Error('a whole number is wanted');
  });
  await tell('site e', () => ({ what: 'site e is looked at by hand', statements: [] }));
  await during('what databases there are', () => Promise.reject(new Error('one cannot be read')));
  await tell('site f', () => ({ what: 'site f is told', statements: ['GOOD'] }));
  expect(adoption).toEqual({
    told: ['site a is told', 'site f is told'],
    untold: [
      'site b could not be told: ERROR 1264 (22003) at line 3: Out of range value',
      'site d could not be told: a whole number is wanted',
      'site e is looked at by hand',
      'what databases there are could not be told: one cannot be read',
    ],
  });
});

test('whatever id a page ends with the next begins after it', async () => {
  const ids = Array.from({ length: 700 }, (_, index) => `AAA'${String(index).padStart(8, '0')}`);
  const sql = (after: string) => {
    const rest = ids.filter((id) => id > after).slice(0, 500);
    return Promise.resolve(rest.map((id) => `${JSON.stringify({ id })}\n`).join(''));
  };
  const found: string[] = [];
  for await (const { id } of pages(sql, z.object({ id: z.string() }), (after) => after)) found.push(id);
  expect(found).toEqual(ids);
});

test('no id that was read stands in a statement as it is', async () => {
  const asked: string[] = [];
  await readKnown((statement) => {
    asked.push(statement);
    const row = { id: "x'; DROP", last: 1, status: null, name: 'a' };
    const isFirst = asked.length === 1;
    return Promise.resolve(isFirst ? `${JSON.stringify(row)}\n`.repeat(500) : '');
  });
  expect(asked.length).toBeGreaterThan(4);
  expect(asked.join()).not.toContain('DROP');
});
