import fc from 'fast-check';
import { z } from 'zod';
import { parseCreateDomain, parseUpdateDomain } from '../../../api/domains/input.ts';
import { pageQuery, toPage } from '../../../api/paging.ts';
import { ProblemError, problemDocument } from '../../../api/problems.ts';
import { CreateDomain } from '../../../contract/domains.ts';
import { DomainName } from '../../../contract/names.ts';
import { Problem } from '../../../contract/problems.ts';
import { readJob } from '../../../worker-privileged/queue.ts';
import { always, hostileText, near } from './chance.ts';

const name = near(fc.stringMatching(/^[a-z]{1,8}\.[a-z]{1,8}\.example$/));
const odd = fc.oneof(hostileText, fc.jsonValue({ maxDepth: 2 }));
const body = fc.record(
  {
    name: fc.oneof({ weight: 3, arbitrary: name }, odd),
    aliases: fc.oneof({ weight: 3, arbitrary: fc.array(name, { maxLength: 3 }) }, odd),
    type: fc.oneof(fc.constantFrom('php', 'static'), odd),
    phpVersion: fc.oneof(fc.constantFrom('8.2', '7.4'), odd),
    publicDirectory: fc.oneof(near(fc.constant('public/web')), odd),
    isolation: fc.oneof(fc.constantFrom('site', 'pool'), odd),
    enabled: fc.oneof(fc.boolean(), odd),
    more: odd,
  },
  { requiredKeys: [], noNullPrototype: true },
);

test.each([
  ['created', parseCreateDomain],
  ['changed', parseUpdateDomain],
])('a domain is %s by what the contract takes, or the fields at fault are named', (_how, parse) => {
  always(body, (asked) => {
    try {
      const taken = parse(asked, 'machine.example');
      const names = ['name' in taken ? [taken.name] : [], taken.aliases ?? []].flat();
      expect(new Set(names).size).toBe(names.length);
      expect(names.every((one) => DomainName.safeParse(one).success)).toBe(true);
      if ('name' in taken) expect(CreateDomain.parse(taken)).toEqual(taken);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      expect(Problem.safeParse(problemDocument(error)).success).toBe(true);
      expect(error.parts.errors).not.toEqual([]);
    }
  });
});

const Query = z.strictObject(pageQuery(DomainName));

test('a cursor is where a page ended, or it is refused', () => {
  always(fc.oneof(hostileText, fc.base64String(), near(fc.constant('c2hvcC5leGFtcGxl'))), (cursor) => {
    const read = Query.safeParse({ cursor });
    if (read.success) expect(DomainName.safeParse(read.data.cursor).success).toBe(true);
  });
  always(fc.stringMatching(/^[a-z0-9]{1,9}\.example$/), (last) => {
    expect(Query.parse({ cursor: toPage([last, 'x'], 1, (item) => item).next })).toEqual({
      limit: 50,
      cursor: last,
    });
  });
});

test('a limit is a number from 1 to 200', () => {
  always(near(fc.integer({ min: -5, max: 400 }).map(String)), (limit) => {
    const read = Query.safeParse({ limit });
    expect(read.success).toBe(
      String(Number(limit)) === limit && Number(limit) >= 1 && Number(limit) <= 200 && /^\d+$/.test(limit),
    );
  });
});

const operationId = fc.stringMatching(/^[a-z][a-z0-9]{19}$/);

test('a job is an id of an operation and nothing else', () => {
  const said = fc.oneof(
    fc.record({ operationId: near(operationId) }, { noNullPrototype: true }),
    fc.record({ operationId, more: odd }, { requiredKeys: [], noNullPrototype: true }),
    fc.record({ operationId: odd }),
    fc.array(operationId),
    odd,
  );
  always(fc.tuple(near(fc.constant('wake')), said), ([named, data]) => {
    const keys = typeof data === 'object' && data !== null ? Object.entries(data) : [];
    const [only] = keys.length === 1 && !Array.isArray(data) ? keys : [];
    const id = only?.[0] === 'operationId' ? only[1] : undefined;
    const good =
      named === 'wake' &&
      typeof id === 'string' &&
      id.length === 20 &&
      /^[a-z][a-z0-9]*$/.test(id.replace('\n', '!'));
    expect(readJob({ name: named, data })).toBe(good ? id : undefined);
  });
});
