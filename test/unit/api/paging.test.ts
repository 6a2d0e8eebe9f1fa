import { z } from 'zod';
import { pageQuery, toPage } from '../../../api/paging.ts';

const Query = z.strictObject(pageQuery(z.string().regex(/^[a-z]+$/)));

test('the cursor of a page leads to where it ended', () => {
  const page = toPage(['a', 'b', 'c'], 2, (last) => last);
  expect(page.items).toEqual(['a', 'b']);
  expect(Query.parse({ cursor: page.next })).toEqual({ limit: 50, cursor: 'b' });
});

test('the last page has no cursor', () => {
  expect(toPage(['a', 'b'], 2, (last) => last)).toEqual({ items: ['a', 'b'], next: null });
  expect(toPage([], 2, () => '')).toEqual({ items: [], next: null });
});

test.each(['0', '201', '-1', '1.5', '1e2', '', ' 1', '0x1', '٣'])('%j is no limit', (limit) => {
  expect(Query.safeParse({ limit }).success).toBe(false);
});

test.each(['1', '9', '99', '100', '199', '200'])('%j is a limit', (limit) => {
  expect(Query.parse({ limit }).limit).toBe(Number(limit));
});
