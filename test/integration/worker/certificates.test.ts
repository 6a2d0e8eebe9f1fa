import type { CertificateReport } from '../../../contract/certificates.ts';
import { OperationId, ServerId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { claimOperation } from '../../../state/claims.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { createKeepingCertificates } from '../../../worker-privileged/keeping-certificates.ts';
import type { KeepingCertificatesParts } from '../../../worker-privileged/keeping-certificates.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';
import { askDomain, insertOperation } from './asked.ts';

/* How the server has certificates renewed that end, tells of them, and says what is shown. */

const PART = 'c1c1c1c1c1c1';
const SITE = 'a1b2c3d4e5f6';
const SPEC = '{"kind":"self-signed"}';

let servers: Servers;
let state: State;
let api: State;
beforeAll(async () => {
  servers = await startServers();
  state = openState(servers.state('sculptor'));
  api = openState(servers.state('www-data'));
});
afterAll(async () => {
  await Promise.all([state.close(), api.close()]);
  await servers.stop();
});

beforeEach(async () => {
  const tables = ['operation', 'domain_version', 'domain_name', 'site_part_version', 'site_part_name'];
  for (const table of [...tables, 'part_report', 'notification', 'resource_state'])
    servers.sql(`DELETE FROM sculptor.${table}`);
  await askDomain(api, { kind: 'domain.create', name: 'shop.example', id: SITE });
  await api.run(
    `INSERT INTO site_part_version (part_id, generation, type, domain_id, tenant, server, name, spec, deleted)
       VALUES (?, 1, 'certificate', ?, 'default', 'default', 'certificate', ?, FALSE)`,
    [PART, SITE, SPEC],
  );
  await api.run("INSERT INTO site_part_name VALUES (?, 'certificate', 'certificate', ?)", [SITE, PART]);
  const row = { kind: 'certificate.create', id: PART, name: 'certificate', generation: 1 } as const;
  await insertOperation(api, { ...row, serialKey: `domain:${SITE}` });
  servers.sql(`UPDATE sculptor.operation SET status = 'succeeded', created_at = UTC_TIMESTAMP(3) - INTERVAL 2 DAY,
    ended_at = UTC_TIMESTAMP(3) - INTERVAL 2 DAY`);
});

const NOW = new Date('2026-06-01T00:00:00.000Z');
const served = (days: number): CertificateReport['served'] => ({
  ...{ kind: 'self-signed', fingerprint: 'a'.repeat(64) as never, issuer: 'CN=x', leftOut: [] },
  ...{ notBefore: '2026-01-01T00:00:00.000Z', names: ['shop.example' as never] },
  notAfter: new Date(NOW.getTime() + days * 86_400_000 + 60_000).toISOString(),
});
const report = (more: Partial<CertificateReport> = {}): CertificateReport => ({
  ...{ part: PART as never, site: SITE as never, served: served(60), due: null },
  ...more,
});

/** Done while root is asked. */
let meanwhile: (() => Promise<void>) | undefined;

/** One answer holds as many as there are in a list; the next ones come when they are asked for. */
async function round(...answers: readonly (readonly CertificateReport[])[]): Promise<readonly unknown[]> {
  const asked: unknown[] = [];
  const call = async (_verb: string, { after }: { after: unknown }) => {
    await meanwhile?.();
    const at = asked.push(after) - 1;
    const next = at + 1 < answers.length ? (answers[at]?.at(-1)?.site ?? null) : null;
    return { certificates: answers[at] ?? [], next };
  };
  await createKeepingCertificates({
    ...{ server: ServerId.parse('default'), state, isActive: () => true, now: () => NOW },
    executor: { call } as unknown as KeepingCertificatesParts['executor'],
    logger: createLogger('test', { write: () => undefined }),
  })();
  return asked;
}

const renewals = () =>
  servers.sql(
    `SELECT generation, status, serial_key, actor FROM sculptor.operation WHERE kind = 'certificate.renew'`,
  );
const told = () => servers.sql('SELECT kind, message FROM sculptor.notification');
const end = (kind: string, status: string) =>
  servers.sql(
    `UPDATE sculptor.operation SET status = '${status}', started_at = COALESCE(started_at, UTC_TIMESTAMP(3)),
      ended_at = UTC_TIMESTAMP(3) WHERE kind = '${kind}'`,
  );

test('one that is due is renewed by an operation, a version further, and once', async () => {
  await round([report({ due: 'ends' })]);
  const one = [['2', 'queued', `domain:${SITE}`, 'server']];
  expect(renewals()).toEqual(one);
  expect(servers.sql(`SELECT spec FROM sculptor.site_part_version WHERE generation = 2`)).toEqual([[SPEC]]);
  await round([report({ due: 'ends' })]);
  expect(renewals()).toEqual(one);
});

test('where that fails it is asked for again when the site was changed, or half a day later', async () => {
  await round([report({ due: 'names' })]);
  end('certificate.renew', 'failed');
  await round([report({ due: 'names' })]);
  expect(renewals()).toHaveLength(1);
  await askDomain(api, { kind: 'domain.update', name: 'shop.example', id: SITE, generation: 2 });
  end('domain.update', 'succeeded');
  await round([report({ due: 'names' })]);
  expect(renewals()).toHaveLength(2);
  end('certificate.renew', 'failed');
  servers.sql(`UPDATE sculptor.operation SET started_at = UTC_TIMESTAMP(3) - INTERVAL 13 HOUR`);
  await round([report({ due: 'names' })]);
  expect(renewals()).toHaveLength(3);
});

test('what is not due, not known or not of this kind is not renewed', async () => {
  const strange = 'x9x9x9x9x9x9' as never;
  await round([report(), report({ part: strange, due: 'ends' }), report({ site: strange, due: 'ends' })]);
  expect(renewals()).toEqual([]);
});

/** What whoever has the API's account may write. */
async function forge(version: { readonly generation: number } & Readonly<Record<string, unknown>>) {
  const row = {
    type: 'certificate',
    spec: '{"kind":"none"}',
    deleted: false,
    name: 'certificate',
    ...version,
  };
  await api.run(
    `INSERT INTO site_part_version (part_id, generation, type, domain_id, tenant, server, name, spec, deleted)
       VALUES (?, ?, ?, ?, 'default', 'default', ?, ?, ?)`,
    [PART, row.generation, row.type, SITE, row.name, row.spec, row.deleted],
  );
}
const forgeOperation = (
  kind: 'certificate.update' | 'certificate.delete' | 'certificate.renew',
  generation: number,
) =>
  insertOperation(api, {
    ...{ kind, id: PART, name: 'certificate', generation, serialKey: `domain:${SITE}` },
  });
const claim = async (generation: number) => {
  const [row] = servers.sql(
    `SELECT id FROM sculptor.operation WHERE generation = ${generation} ORDER BY kind DESC`,
  );
  return claimOperation(state, ServerId.parse('default'), OperationId.parse(row?.[0]));
};

describe('whoever has the API keeps no site from renewal', () => {
  test.each<[string, () => Promise<unknown>, number]>([
    [
      'by a version that says that it is removed',
      async () => {
        await forge({ generation: 2, deleted: true });
        await forgeOperation('certificate.delete', 2);
        end('certificate.delete', 'failed');
      },
      3,
    ],
    [
      'by one that asks for another kind, in vain',
      async () => {
        await forge({ generation: 2, spec: '{"kind":"custom"}' });
        await forgeOperation('certificate.update', 2);
        end('certificate.update', 'failed');
      },
      3,
    ],
    ['by one with a number far ahead', () => forge({ generation: 4_000_000_000 }), 2],
    ['by one of another type under its id', () => forge({ generation: 2, type: 'key', spec: '{}' }), 3],
    [
      'by a renewal that cannot be carried out',
      async () => {
        await forgeOperation('certificate.renew', 99);
        servers.sql(
          `UPDATE sculptor.operation SET status = 'failed', ended_at = UTC_TIMESTAMP(3) WHERE generation = 99`,
        );
      },
      2,
    ],
  ])('%s', async (_, forgery, generation) => {
    await forgery();
    await round([report({ due: 'ends' })]);
    expect(
      servers.sql(`SELECT spec, deleted FROM sculptor.site_part_version WHERE generation = ${generation}`),
    ).toEqual([[SPEC, '0']]);
    expect(await claim(generation)).toMatchObject({
      result: 'mine',
      operation: { kind: 'certificate.renew' },
    });
  });

  test('by an impossible one that would come after it', async () => {
    await round([report({ due: 'ends' })]);
    await forgeOperation('certificate.renew', 99);
    expect(await claim(2)).toMatchObject({ result: 'mine', operation: { kind: 'certificate.renew' } });
  });
});

test('what was brought about while root was asked is not undone by a renewal', async () => {
  meanwhile = async () => {
    await forge({ generation: 2, spec: '{"kind":"custom"}' });
    await forgeOperation('certificate.update', 2);
    end('certificate.update', 'succeeded');
  };
  await round([report({ due: 'ends' })]).finally(() => (meanwhile = undefined));
  expect(renewals()).toEqual([]);
  await round([report({ due: 'ends' })]);
  expect(renewals()).toHaveLength(1);
});

test('one that is not shown is not renewed, and neither is one whose site another server has', async () => {
  await round([report({ due: 'ends', served: null })]);
  servers.sql("INSERT INTO sculptor.server (id, name) VALUES ('other', 'other.example')");
  servers.sql("UPDATE sculptor.domain_version SET server = 'other'");
  await round([report({ due: 'ends' })]);
  expect(renewals()).toEqual([]);
  servers.sql("UPDATE sculptor.domain_version SET server = 'default'");
});

test('one that ends in less than twenty days is told of, once', async () => {
  await round([report({ served: served(20) })]);
  expect(told()).toEqual([]);
  await round([report({ served: served(19) })]);
  await round([report({ served: served(18) })]);
  const message = 'The certificate of shop.example ends in 19 days, on 2026-06-20.';
  expect(told()).toEqual([['certificate_ends', message]]);
});

test('how each stands is written where the API reads it, and taken away with it', async () => {
  const reports = () => servers.sql('SELECT part_id, report FROM sculptor.part_report');
  await round([report()]);
  expect(reports()).toEqual([[PART, JSON.stringify(report())]]);
  await round([]);
  expect(reports()).toEqual([]);
});

test('more than one answer holds are asked for one after the other', async () => {
  const other = 'b1b2c3d4e5f6' as never;
  expect(await round([report({ site: other })], [report()])).toEqual([null, other]);
});
