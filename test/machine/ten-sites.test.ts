import type { Domain } from '../../contract/domains.ts';
import { accepted, type Login, readDomain, ready, succeeded, unique } from './agent.ts';
import { page, place, sql } from './server.ts';

beforeAll(ready);

type Tenant = { readonly domain: Domain; readonly database: string; readonly login: Login };

/** A domain, a database and its user, asked for without waiting for anything in between. */
async function askForAll(number: number): Promise<Tenant> {
  const name = `${unique(`ten${number}x`)}.example`;
  const database = unique(`ten${number}_`);
  const [site, made] = await Promise.all([
    accepted('POST', '/v1/domains', { body: { name } }),
    accepted('POST', '/v1/databases', { body: { name: database } }),
  ]);
  const user = await accepted('POST', `/v1/databases/${database}/users`, {
    body: { name: database.slice(0, 32) },
  });
  await Promise.all([site, made, user].map(succeeded));
  const { id, name: account } = user.json['databaseUser'] as Login;
  const login = { id, name: account, password: String(user.json['password']) };
  return { domain: await readDomain(name), database, login };
}

/** A page that writes where it is, what its own database holds, and whether another database opens. */
function program({ database, login }: Tenant): string {
  return `<?php
mysqli_report(MYSQLI_REPORT_OFF);
$own = new mysqli('localhost', '${login.name}', '${login.password}', '${database}');
$own->query('CREATE TABLE IF NOT EXISTS mine (host VARCHAR(253))');
if (!$own->query('SELECT host FROM mine')->fetch_row()) $own->query("INSERT INTO mine VALUES ('{$_SERVER['HTTP_HOST']}')");
$other = @new mysqli('localhost', '${login.name}', '${login.password}', $_GET['other'] ?? 'mysql');
echo json_encode([
  'user' => posix_getpwuid(posix_geteuid())['name'],
  'row' => $own->query('SELECT host FROM mine')->fetch_row()[0],
  'other' => $other->connect_errno ? 'refused' : 'open',
]);`;
}

test('ten domains with a database each, asked for at once, are all live and keep to themselves', async () => {
  const tenants = await Promise.all(Array.from({ length: 10 }, (_, number) => askForAll(number)));
  for (const tenant of tenants) {
    const { id, name } = tenant.domain;
    place(`s-${id}`, `/home/www/${name}/public/index.php`, program(tenant));
  }
  const answers = await Promise.all(
    tenants.map(async ({ domain }, at) => {
      const next = tenants[(at + 1) % tenants.length]!;
      const [status, body] = await page(domain.name, `/?other=${next.database}`);
      return { status, ...(JSON.parse(body) as object) };
    }),
  );
  expect(answers).toEqual(
    tenants.map(({ domain }) => ({
      status: 200,
      user: `s-${domain.id}`,
      row: domain.name,
      other: 'refused',
    })),
  );
  expect(new Set(tenants.map(({ domain }) => domain.id)).size).toBe(10);
  for (const { login, database } of tenants) {
    const visible = sql(login, 'SHOW DATABASES').out.split('\n').filter(Boolean);
    expect(visible).toEqual(['information_schema', database].sort());
  }
});
