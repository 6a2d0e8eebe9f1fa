import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { FoundPlan } from '../../contract/changes.ts';
import { differences, digest } from '../attack/digest.ts';
import { accepted, api, createDomain, ready, readDomain, succeeded, unique } from './agent.ts';
import type { Method } from './agent.ts';
import { must, sculptorctl } from './server.ts';

/* Each request may be asked for as a plan: it shows what the request would do on this server, which stays as it is. */

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

beforeAll(ready);

/** What was found, once it was seen that nothing on the server is another after it. */
async function planned(method: Method, path: string, body?: object): Promise<FoundPlan> {
  const before = digest();
  const answer = await accepted(method, `${path}?plan=true`, body === undefined ? {} : { body });
  const { plan, kind } = await succeeded(answer);
  expect(kind).toBe('change.plan');
  expect(differences(before, digest())).toEqual([]);
  if (plan === null || plan === undefined) throw new Error('a plan that was made is not shown');
  return plan;
}

const filesOf = ({ changes }: FoundPlan) =>
  changes.flatMap((change) => change.differences.flatMap(({ files }) => files));
const textOf = (plan: FoundPlan) => JSON.stringify(plan);
const stepsOf = ({ changes }: FoundPlan) =>
  changes.flatMap((change) => change.differences.map(({ step }) => step));

test('of a site that is to be made it shows the files, and the request makes just those', async () => {
  const body = { name: `${unique('plan')}.example`, options: { bodyBytes: 1_048_576 } };
  const plan = await planned('POST', '/v1/domains', body);
  const would = plan.changes[0]?.resource.id ?? '';
  const made = filesOf(plan).filter(({ diff }) => diff?.startsWith('--- /dev/null'));
  expect(made.map(({ path }) => path.replaceAll(would, 'ID')).sort()).toEqual(
    expect.arrayContaining(['/etc/nginx/sculptor/sites/ID.conf', '/etc/sculptor/sites/ID/fpm.conf']),
  );
  expect((await api('GET', `/v1/domains/${body.name}`)).status).toBe(404);
  expect(made.filter(({ path }) => existsSync(path))).toEqual([]);
  const { id } = await createDomain(body);
  expect(id).not.toBe(would);
  const called = (text: string, by: string) =>
    text.replaceAll(new RegExp(`${by}(?:-[0-9a-f]{8})?`, 'g'), 'ID').trimEnd();
  for (const { path, diff } of made) {
    const lines = (diff ?? '').split('\n').filter((line) => line.startsWith('+') && !line.startsWith('+++'));
    const text = lines.map((line) => line.slice(1)).join('\n');
    const there = readFileSync(path.replaceAll(would, id), 'utf8');
    expect([path, called(there, id)]).toEqual([path, called(text, would)]);
  }
});

test('of a change it shows the diff, of a removal what would go, and neither is done', async () => {
  const { id, name } = await createDomain({ name: `${unique('plan')}.example` });
  const change = { phpLimits: { memoryBytes: 268_435_456 } };
  const update = await planned('PATCH', `/v1/domains/${name}`, change);
  expect(filesOf(update).map(({ path }) => path)).toEqual([`/etc/sculptor/sites/${id}/fpm.conf`]);
  expect(filesOf(update)[0]?.diff).toMatch(/^\+php_admin_value\[memory_limit\] = 268435456$/m);
  expect(stepsOf(await planned('DELETE', `/v1/domains/${name}`))).toEqual(
    expect.arrayContaining(['let it answer no more', 'move the files to the trash']),
  );
  expect(await readDomain(name)).toMatchObject({ status: 'live', generation: 1 });
  await succeeded(await accepted('PATCH', `/v1/domains/${name}`, { body: change }));
  expect(filesOf(await planned('PATCH', `/v1/domains/${name}`, change))).toEqual([]);
});

test('of a key, a queue and a cache of a site it shows what would be made and removed', async () => {
  const { name } = await createDomain({ name: `${unique('plan')}.example` });
  const key = { name: 'anna', publicKey: KEY };
  const queue = { name: 'mails', command: ['sleep', '3600'], environment: { TOKEN: 'of-the-site' } };
  const at = `/v1/domains/${name}`;
  const wouldKey = await planned('POST', `${at}/keys`, key);
  expect(filesOf(wouldKey).map(({ path }) => path)).toEqual([expect.stringContaining('/etc/sculptor/keys/')]);
  const wouldQueue = await planned('POST', `${at}/queues`, queue);
  expect(filesOf(wouldQueue).length).toBeGreaterThan(0);
  expect(textOf(wouldQueue)).not.toContain('of-the-site');
  expect(textOf(await planned('POST', `${at}/cache`, {}))).not.toMatch(/0{64}/);
  await succeeded(await accepted('POST', `${at}/queues`, { body: queue }));
  await succeeded(await accepted('POST', `${at}/keys`, { body: key }));
  expect(stepsOf(await planned('DELETE', `${at}/queues/mails`))).not.toEqual([]);
  expect(stepsOf(await planned('DELETE', `${at}/keys/anna`))).not.toEqual([]);
});

test('of a certificate and a cron of a site it shows what would be made, renewed and removed', async () => {
  const { name } = await createDomain({ name: `${unique('plan')}.example` });
  const at = `/v1/domains/${name}`;
  const certificate = { kind: 'self-signed' };
  const cron = { name: 'nightly', schedule: '0 3 * * *', command: ['true'] };
  expect(stepsOf(await planned('PUT', `${at}/certificate`, certificate))).toContain('make a certificate');
  expect(filesOf(await planned('POST', `${at}/crons`, cron)).map(({ path }) => path)).toContainEqual(
    expect.stringMatching(/^\/etc\/cron\.d\/sculptor-/),
  );
  await succeeded(await accepted('PUT', `${at}/certificate`, { body: certificate }));
  await succeeded(await accepted('POST', `${at}/crons`, { body: cron }));
  expect(stepsOf(await planned('POST', `${at}/certificate/renew`))).not.toEqual([]);
  expect(stepsOf(await planned('DELETE', `${at}/certificate`))).not.toEqual([]);
  expect(stepsOf(await planned('DELETE', `${at}/crons/nightly`))).not.toEqual([]);
});

test('of a database it says in words what would be done, and of a tenant which sites it would touch', async () => {
  const made = await accepted('POST', '/v1/tenants', { body: { name: unique('tenant') } });
  await succeeded(made);
  const tenant = (made.json['tenant'] as { id: string }).id;
  const name = `${unique('plan')}.example`;
  must('sculptorctl', ['--tenant', tenant, 'domain', 'create', name, '--type', 'static']);
  const suspension = await planned('POST', `/v1/tenants/${tenant}/suspend`, { reason: 'because' });
  expect(stepsOf(suspension)).toContain(`the site ${name}`);
  const removal = await planned('DELETE', `/v1/tenants/${tenant}`);
  expect(removal.changes.map(({ kind }) => kind)).toEqual(['tenant.delete', 'domain.delete']);
  const database = await planned('POST', '/v1/databases', { name: unique('plan') });
  expect(textOf(database)).toContain('it would be made');
});

test('what somebody wrote into a file by hand is shown to administrators, and not to their tenant', async () => {
  const { id, name } = await createDomain({ name: `${unique('plan')}.example` });
  appendFileSync(`/etc/sculptor/sites/${id}/fpm.conf`, '; by hand\n');
  const token = await api('POST', '/v1/tokens', {
    body: {
      ...{ name: 'plans', scopes: ['domains:write', 'operations:read'] },
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    },
  });
  expect(token.status).toBe(201);
  const authorization = `Bearer ${String(token.json['secret'])}`;
  const body = { phpLimits: { memoryBytes: 268_435_456 } };
  const answer = await accepted('PATCH', `/v1/domains/${name}?plan=true`, { body });
  const shown = JSON.stringify((await succeeded(answer)).plan);
  expect(shown).toContain('; by hand');
  const path = String(answer.headers.location);
  const toTenant = await api('GET', path, { headers: { authorization } });
  expect([toTenant.status, toTenant.text.includes('by hand')]).toEqual([200, false]);
  expect(toTenant.text).toContain('fpm.conf');
});

test('sculptorctl prints it with --plan, and makes nothing', async () => {
  const name = `${unique('plan')}.example`;
  const { out } = sculptorctl('domain', 'create', name, '--type', 'static', '--plan');
  expect(out).toMatch(new RegExp(`^domain.create ${name} would change this$`, 'm'));
  expect(out).toMatch(/^ +\/home\/www|^ +make the account: /m);
  expect((await api('GET', `/v1/domains/${name}`)).status).toBe(404);
  expect(must('sculptorctl', ['domain', 'list'])).not.toContain(name);
});
