import { DomainId, TenantId } from '../../../contract/ids.ts';
import { DomainName } from '../../../contract/names.ts';
import type { CheckableSite } from '../../../state/site-checks.ts';
import { chooseSites } from '../../../worker-privileged/choosing-sites.ts';

function site(tenant: string, number: number, well: boolean | null): CheckableSite {
  const id = `${tenant}${String(number).padStart(11, '0')}`;
  const named = { id: DomainId.parse(id), name: DomainName.parse(`${id}.example`), type: 'static' as const };
  return { ...named, tenant: TenantId.parse(`${tenant}tenant000000`.slice(0, 12)), well, checkedAt: null };
}

const many = (tenant: string, count: number, well: boolean | null) =>
  Array.from({ length: count }, (_, number) => site(tenant, number, well));
const idsOf = (sites: readonly CheckableSite[]) => sites.map(({ id }) => id);

test('who has waited longest is asked, and five at most because they were not well', () => {
  const [well, down] = [many('a', 30, true), many('b', 30, false)];
  const { unwell, others } = chooseSites([...well, ...down], 15);
  expect([idsOf(unwell), idsOf(others)]).toEqual([idsOf(down.slice(0, 5)), idsOf(well.slice(0, 10))]);
});

test('one tenant whose sites are all down does not keep its neighbour from its turn', () => {
  const { unwell } = chooseSites(
    [...many('a', 100, false), ...many('b', 2, false), ...many('c', 30, null)],
    15,
  );
  const [a, b] = [idsOf(many('a', 3, false)), idsOf(many('b', 2, false))];
  expect(idsOf(unwell)).toEqual([a[0], b[0], a[1], b[1], a[2]]);
});

test('where nobody else waits, all of a round are for those that are not well', () => {
  const { unwell, others } = chooseSites([...many('a', 100, false), ...many('b', 3, true)], 15);
  expect([new Set(idsOf(unwell)).size, others.length]).toEqual([12, 3]);
});

test('where all are well, each has its turn', () => {
  const well = many('a', 30, null);
  expect(chooseSites(well, 15)).toEqual({ unwell: [], others: well.slice(0, 15) });
});
