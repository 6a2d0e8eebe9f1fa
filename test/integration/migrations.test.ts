import { readFileSync } from 'node:fs';
import { startServers } from './servers.ts';
import type { Servers } from './servers.ts';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

test('tenants of before stand, and so do their databases as theirs; one that is asked for stays so', () => {
  const { sql } = servers;
  for (const tenant of ['before000000', 'asked0000000'])
    sql(`INSERT INTO sculptor.tenant (id, name) VALUES ('${tenant}', '${tenant}')`);
  sql(`INSERT INTO sculptor.operation (id, kind, resource_type, resource_id, resource_name, serial_key, generation, tenant,
    server, actor) VALUES ('oooooooooooooooooooo', 'tenant.create', 'tenant', 'asked0000000', 'asked', 'tenant:asked0000000',
    1, 'default', 'default', 'tests')`);
  const databases = [
    ['dada00000001', 'theirs', 'before000000', 'theirs'],
    ['dada00000002', 'ours', 'default', 'ours'],
    ['dada00000003', 'forged', 'before000000', 'another'],
  ] as const;
  for (const [id, name, tenant, known] of databases) {
    sql(`INSERT INTO sculptor.database_version (database_id, generation, tenant, server, name)
      VALUES ('${id}', 1, '${tenant}', 'default', '${name}')`);
    sql(`INSERT INTO sculptor_door.managed_database (id, name) VALUES ('${id}', '${known}')`);
  }
  const migration = readFileSync('state/migrations/0038-tenants-of-before.sql', 'utf8');
  for (let time = 1; time <= 2; time += 1) {
    sql(`USE sculptor; ${migration}`);
    expect(sql('SELECT resource_id, status FROM sculptor.resource_state ORDER BY resource_id')).toEqual([
      ['before000000', 'live'],
      ['default', 'live'],
    ]);
    expect(sql('SELECT id, tenant FROM sculptor_door.managed_database ORDER BY id')).toEqual([
      ['dada00000001', 'before000000'],
      ['dada00000002', 'default'],
      ['dada00000003', 'default'],
    ]);
  }
});
