import { setTimeout as pause } from 'node:timers/promises';
import { DomainId, TenantId } from '../../../contract/ids.ts';
import { DomainName } from '../../../contract/names.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { holdDomainNames } from '../../../state/domain-names.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';

/* Two tenants who ask for a name and for one below it in the same moment: neither transaction sees the other's. */

let servers: Servers;
let api: State;
beforeAll(async () => {
  servers = await startServers();
  api = openState(servers.state('www-data'));
});
afterAll(async () => {
  await api.close();
  await servers.stop();
});

const holder = (tenant: string) => ({
  domain: DomainId.parse(`d${tenant.slice(1)}`),
  tenant: TenantId.parse(tenant),
});
const [FIRST, SECOND] = [holder('tenantaaaaaa'), holder('tenantbbbbbb')];
const hold = (names: readonly string[], who: typeof FIRST) =>
  api.transaction((sql) =>
    holdDomainNames(
      sql,
      names.map((name) => DomainName.parse(name)),
      who,
    ),
  );
const waits = () =>
  servers.sql('SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = "LOCK WAIT"')[0]![0] !==
  '0';

test.each([
  ['the one below it', ['first.example'], ['www.first.example']],
  ['the one above it', ['www.second.example'], ['second.example']],
  ['an alias above it', ['a.b.third.example'], ['ok.example', 'third.example']],
])('of a name and %s, the second tenant waits for the first, and is refused', async (_, first, second) => {
  const other = await api.transaction(async (sql) => {
    const names = first.map((name) => DomainName.parse(name));
    expect(await holdDomainNames(sql, names, FIRST)).toBeUndefined();
    const asking = hold(second, SECOND);
    // MariaDB shows this table anew only to whoever has not looked for 100 ms.
    while (!waits()) await pause(150);
    return { asking };
  });
  expect(await other.asking).toEqual({ name: second.at(-1), why: 'related' });
});

test('names that are not related do not wait for each other', async () => {
  await api.transaction(async (sql) => {
    expect(await holdDomainNames(sql, [DomainName.parse('one.fourth.example')], FIRST)).toBeUndefined();
    expect(await hold(['fifth.example'], SECOND)).toBeUndefined();
  });
});

test('many who are the first under a root at once all get an answer, and one tenant has it', async () => {
  const asked = [FIRST, SECOND, holder('tenantcccccc'), holder('tenantdddddd')].flatMap((who) =>
    ['sixth.example', 'www.sixth.example'].map((name) =>
      hold([name], {
        ...who,
        domain: DomainId.parse(`${name.startsWith('w') ? 'w' : 'x'}${who.domain.slice(1)}`),
      }),
    ),
  );
  await Promise.all(asked);
  expect(
    servers.sql("SELECT COUNT(DISTINCT tenant) FROM sculptor.domain_name WHERE name LIKE '%sixth.example'"),
  ).toEqual([['1']]);
});
