import { z } from 'zod';
import { TenantId, WebhookId } from '../../../contract/ids.ts';
import { Webhook, WebhookDelivery } from '../../../contract/webhooks.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { signatureOf, webhookSecret } from '../../../runtime/webhook-secrets.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { forgetWebhooks } from '../../../state/forgetting-webhooks.ts';
import { listeningWebhooks } from '../../../state/webhooks.ts';
import { createCollecting } from '../../../worker-unprivileged/collecting.ts';
import { createDelivering } from '../../../worker-unprivileged/delivering.ts';
import type { Delivering } from '../../../worker-unprivileged/delivering.ts';
import type { Posted, Posting } from '../../../worker-unprivileged/posting.ts';
import { LIVE, operationId, SERVER, startAgent, WEBHOOKS } from './agent.ts';
import type { Agent, Answer } from './agent.ts';
import { makeTenant, makeToken } from './made-tokens.ts';

/* The API, and the unprivileged worker's two rounds with its own account; only the way to the receiver is the test's. */

const URL_OF = 'https://panel.example/events';
const logger = createLogger('worker-unprivileged', { write: () => undefined });

let agent: Agent;
let state: State;
let collect: () => Promise<void>;
let delivering: Delivering;
const sent: Posting[] = [];
let answer: Posted;
beforeAll(async () => {
  agent = await startAgent();
  state = openState(agent.servers.state('www-data'));
  makeTenant(agent.servers, 'othertenant0');
});
afterAll(async () => {
  await state.close();
  await agent.stop();
});

const OK: Posted = { outcome: 'delivered', httpStatus: 204, retryAfterMs: null };

beforeEach(async () => {
  for (const table of ['version', 'event', 'delivery', 'attempt'])
    agent.servers.sql(`DELETE FROM sculptor.webhook_${table}`);
  sent.length = 0;
  answer = OK;
  collect = createCollecting({ server: SERVER, state, logger });
  delivering = startDelivering();
  await collect();
});
afterEach(() => delivering.stop());

function startDelivering(now?: () => number, elapsed?: () => number): Delivering {
  const post = (posting: Posting): Promise<Posted> => {
    sent.push(posting);
    return Promise.resolve(answer);
  };
  const clocks = { ...(now && { now }), ...(elapsed && { elapsed }) };
  return createDelivering({ server: SERVER, state, key: WEBHOOKS, post, logger, ...clocks });
}

/** Rounds until nothing is under way; a delivery takes its turn by itself. */
async function rounds(): Promise<void> {
  await collect();
  for (let round = 0; round < 5; round += 1) {
    await delivering.once();
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

const Made = z.object({ webhook: Webhook, secret: z.string() });

async function make(more: object = {}, headers = {}): Promise<z.infer<typeof Made>> {
  const made = await agent.call('POST', '/v1/webhooks', { body: { url: URL_OF, ...more }, headers });
  if (made.status !== 201) throw new Error(made.text);
  return Made.parse(made.json);
}

async function endOne(name: string, headers = {}): Promise<string> {
  const asked = await agent.call('POST', '/v1/domains', { body: { name }, headers });
  const id = operationId(asked);
  await agent.end(id, LIVE);
  return id;
}

async function deliveries(id: string): Promise<WebhookDelivery[]> {
  const { json } = await agent.call('GET', `/v1/webhooks/${id}/deliveries`);
  return z.array(WebhookDelivery).parse(json['items']);
}

function numbered({ json }: Answer): number {
  return WebhookDelivery.parse(json['delivery']).id;
}

test('a secret is shown once, and lies nowhere', async () => {
  const headers = { 'idempotency-key': 'made-once' };
  const { webhook, secret } = await make({}, headers);
  expect(webhook).toMatchObject({
    tenant: null,
    url: URL_OF,
    events: ['*'],
    enabled: true,
    offBecause: null,
  });
  expect(secret).toBe(webhookSecret(WEBHOOKS, webhook.id, 1).reveal());
  const again = await agent.call('POST', '/v1/webhooks', { body: { url: URL_OF }, headers });
  expect([again.status, again.json['secret'], again.headers['idempotent-replayed']]).toEqual([
    201,
    null,
    'true',
  ]);
  expect((await agent.call('GET', `/v1/webhooks/${webhook.id}`)).json).toEqual(webhook);
  const everywhere = JSON.stringify(agent.snapshot()) + agent.log();
  expect(everywhere).not.toContain(secret.slice(6));
});

test('an ended operation is sent once, signed, by its id and in few words', async () => {
  const { webhook, secret } = await make({ events: ['operation.*'] });
  const operation = await endOne('ended.example');
  await rounds();
  collect = createCollecting({ server: SERVER, state, logger });
  await delivering.stop();
  delivering = startDelivering();
  await rounds();
  expect(sent).toHaveLength(1);
  const [{ url, headers, body }] = sent as [Posting];
  expect(url.href).toBe(URL_OF);
  expect(JSON.parse(body)).toMatchObject({
    type: 'operation.succeeded',
    data: {
      operation,
      kind: 'domain.create',
      status: 'succeeded',
      error: null,
      resource: { name: 'ended.example' },
    },
  });
  expect(headers['webhook-id']).toBe(`operation_${operation}`);
  const timestamp = Number(headers['webhook-timestamp']);
  const key = webhookSecret(WEBHOOKS, webhook.id, 1);
  expect(key.reveal()).toBe(secret);
  expect(headers['webhook-signature']).toBe(
    signatureOf(key, { id: `operation_${operation}`, timestamp, body }),
  );
  expect(await deliveries(webhook.id)).toMatchObject([
    {
      event: `operation_${operation}`,
      type: 'operation.succeeded',
      status: 'delivered',
      attempts: [{ httpStatus: 204 }],
    },
  ]);
});

test('of what was before it a webhook is not told, nor of what it does not want', async () => {
  await endOne('before.example');
  await make({ events: ['notification.*'] });
  await endOne('after.example');
  await rounds();
  expect(sent).toEqual([]);
});

test('a notification is sent, of whatever kind', async () => {
  await make();
  agent.servers
    .sql(`INSERT INTO sculptor.notification (kind, resource_type, resource_id, resource_name, server, message)
    VALUES ('updated', 'server', 'default', 'machine.example', 'default', 'Packages were replaced.')`);
  await rounds();
  expect(sent.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
    { type: 'system.updated', data: { kind: 'updated', message: 'Packages were replaced.', tenant: null } },
  ]);
});

test('a tenant is told of its own and of nothing else, and sees no other webhook', async () => {
  const token = makeToken(agent.servers, { tenant: 'othertenant0' });
  const server = await make();
  const own = await make({}, token.headers);
  expect(own.webhook.tenant).toBe('othertenant0');
  await endOne('default.example');
  const operation = await endOne('others.example', token.headers);
  await rounds();
  expect((await deliveries(own.webhook.id)).map(({ event }) => event)).toEqual([`operation_${operation}`]);
  expect(await deliveries(server.webhook.id)).toHaveLength(2);
  const listed = await agent.call('GET', '/v1/webhooks', { headers: token.headers });
  expect(listed.json['items']).toMatchObject([{ id: own.webhook.id }]);
  for (const [method, path] of [
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/rotate-secret'],
    ['POST', '/test'],
    ['GET', '/deliveries'],
  ] as const) {
    const call = { headers: token.headers, ...(method === 'PATCH' ? { body: { enabled: false } } : {}) };
    const refused = await agent.call(method, `/v1/webhooks/${server.webhook.id}${path}`, call);
    expect([method, path, refused.status]).toEqual([method, path, 404]);
  }
});

test('what is not taken is tried again when its time has come, and not before', async () => {
  const { webhook } = await make();
  await endOne('later.example');
  answer = { outcome: 'answered', httpStatus: 503, retryAfterMs: null };
  await rounds();
  expect(sent).toHaveLength(1);
  expect(await deliveries(webhook.id)).toMatchObject([
    {
      status: 'waiting',
      attempts: [{ outcome: 'answered', httpStatus: 503 }],
      nextAttemptAt: expect.any(String),
    },
  ]);
  answer = OK;
  await delivering.stop();
  delivering = startDelivering(() => Date.now() + 10_000);
  await rounds();
  expect(sent.map(({ headers }) => headers['webhook-id'])).toEqual(
    Array(2).fill(sent[0]?.headers['webhook-id']),
  );
  expect(await deliveries(webhook.id)).toMatchObject([{ status: 'delivered', attempts: [{}, {}] }]);
});

test('410 switches it off, until somebody switches it on', async () => {
  const { webhook } = await make();
  answer = { outcome: 'gone', httpStatus: 410, retryAfterMs: null };
  await endOne('gone.example');
  await rounds();
  const read = () => agent.call('GET', `/v1/webhooks/${webhook.id}`);
  expect((await read()).json).toMatchObject({ enabled: false, offBecause: 'gone' });
  expect(await deliveries(webhook.id)).toMatchObject([{ status: 'failed', attempts: [{ outcome: 'gone' }] }]);
  await endOne('unheard.example');
  await rounds();
  expect(sent).toHaveLength(1);
  expect((await agent.call('POST', `/v1/webhooks/${webhook.id}/test`)).status).toBe(409);
  await agent.call('PATCH', `/v1/webhooks/${webhook.id}`, { body: { enabled: true } });
  expect((await read()).json).toMatchObject({ enabled: true, offBecause: null });
});

test('after a rotation what is sent is signed with both secrets for a day, and then with the new one', async () => {
  const { webhook, secret } = await make();
  const rotated = await agent.call('POST', `/v1/webhooks/${webhook.id}/rotate-secret`);
  const { secret: other, webhook: after } = Made.parse(rotated.json);
  expect(other).not.toBe(secret);
  expect(after.formerSecretUntil).not.toBeNull();
  await agent.call('POST', `/v1/webhooks/${webhook.id}/test`);
  await rounds();
  const [{ headers }] = sent as [Posting];
  expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
  agent.servers.sql('UPDATE sculptor.webhook_version SET created_at = created_at - INTERVAL 25 HOUR');
  await agent.call('POST', `/v1/webhooks/${webhook.id}/test`);
  await rounds();
  const { headers: later, body } = sent.at(-1) as Posting;
  const signed = { id: later['webhook-id'] ?? '', timestamp: Number(later['webhook-timestamp']), body };
  const id = WebhookId.parse(webhook.id);
  expect(later['webhook-signature']).toBe(signatureOf(webhookSecret(WEBHOOKS, id, 2), signed));
});

test('what was sent is sent again where somebody asks, with the same id, and only so often', async () => {
  const { webhook } = await make();
  const first = await agent.call('POST', `/v1/webhooks/${webhook.id}/test`);
  expect(first.status).toBe(201);
  await rounds();
  const resend = `/v1/webhooks/${webhook.id}/deliveries/${numbered(first)}/resend`;
  const again = await agent.call('POST', resend);
  expect([again.status, numbered(again)]).not.toEqual([201, numbered(first)]);
  await rounds();
  expect(new Set(sent.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(sent).toHaveLength(2);
  for (let count = 2; count < 60; count += 1) expect((await agent.call('POST', resend)).status).toBe(201);
  const refused = await agent.call('POST', resend);
  expect([refused.status, refused.headers['retry-after']]).toEqual([429, '600']);
  expect((await agent.call('POST', `/v1/webhooks/${webhook.id}/deliveries/999999/resend`)).status).toBe(404);
});

test('a deleted one is gone, and what waits for it is not sent', async () => {
  const { webhook } = await make();
  await endOne('deleted.example');
  await collect();
  expect((await agent.call('DELETE', `/v1/webhooks/${webhook.id}`)).status).toBe(200);
  await rounds();
  expect(sent).toEqual([]);
  expect((await agent.call('GET', `/v1/webhooks/${webhook.id}`)).status).toBe(404);
  expect((await agent.call('GET', '/v1/webhooks')).json['items']).toEqual([]);
});

test.each([
  ['an address of this server', { url: 'https://127.0.0.1/' }],
  ['the metadata of a cloud', { url: 'https://169.254.169.254/latest' }],
  ['itself by name', { url: 'https://localhost/' }],
  ['no TLS', { url: 'http://panel.example/' }],
  ['a password', { url: 'https://a:b@panel.example/' }],
  ['an event that there is not', { url: URL_OF, events: ['x'] }],
  ['a field of its own', { url: URL_OF, secret: 'whsec_x' }],
  ['nothing', {}],
])('%s is refused, and nothing changed', async (_, body) => {
  const before = agent.snapshot();
  const refused = await agent.call('POST', '/v1/webhooks', { body });
  expect([refused.status, refused.json['type']]).toEqual([422, 'urn:sculptor:problem:invalid-input']);
  expect(agent.snapshot()).toEqual(before);
});

test('a tenant has twenty at most', async () => {
  const token = makeToken(agent.servers, { tenant: 'othertenant0' });
  for (let count = 0; count < 20; count += 1) await make({}, token.headers);
  const refused = await agent.call('POST', '/v1/webhooks', { body: { url: URL_OF }, headers: token.headers });
  expect(refused.status).toBe(409);
  await make();
});

test('a row that the API did not write hides no other', async () => {
  const { webhook } = await make();
  await state.run(`INSERT INTO webhook_version (webhook_id, generation, server, url, events, description, secret_number)
    VALUES ('aaaaaaaaaaaa', 1, 'default', 'file:///etc/passwd', '["*"]', '', 1)`);
  expect((await agent.call('GET', '/v1/webhooks')).json['items']).toMatchObject([{ id: webhook.id }]);
  await endOne('hidden.example');
  await rounds();
  expect(sent.map(({ url }) => url.href)).toEqual([URL_OF]);
});

test('deliveries that nobody of ours wrote hold up no other', async () => {
  const { webhook } = await make({ events: ['operation.*'] });
  await state.run(`INSERT INTO webhook_version (webhook_id, generation, server, url, events, description, secret_number)
    VALUES ('AAAAAAAAAAAA', 1, 'default', '${URL_OF}', '["*"]', '', 1)`);
  await state.run(
    "INSERT INTO webhook_delivery (webhook_id, event_id, sending) VALUES ('AAAAAAAAAAAA', 'x', 1)",
  );
  const first = await endOne('in-time.example');
  const taken = 'INSERT INTO webhook_delivery (webhook_id, event_id, sending) VALUES (?, ?, 1)';
  await state.run(taken, [webhook.id, `operation_${first}`]);
  const second = await endOne('behind.example');
  await rounds();
  const ids = sent.map(({ headers }) => headers['webhook-id']).sort();
  expect(ids).toEqual([`operation_${first}`, `operation_${second}`].sort());
});

test.each([
  ['was ahead', 86_400_000],
  ['was right', 0],
])('what is dated a day ahead silences nobody, where the clock %s when it was found', async (_, ahead) => {
  const { webhook } = await make({ events: ['operation.*'] });
  const clock = { ahead };
  const name = (of: string) => `${of}-${ahead}.example`;
  collect = createCollecting({ server: SERVER, state, logger, now: () => Date.now() + clock.ahead });
  const first = await endOne(name('ahead'));
  agent.servers.sql(
    `UPDATE sculptor.operation SET ended_at = ended_at + INTERVAL 1 DAY WHERE id = '${first}'`,
  );
  await collect();
  clock.ahead = 0;
  const second = await endOne(name('right'));
  for (let round = 0; round < 3; round += 1) await collect();
  agent.servers.sql(
    `UPDATE sculptor.operation SET ended_at = ended_at - INTERVAL 1 DAY WHERE id = '${first}'`,
  );
  expect((await deliveries(webhook.id)).map(({ event }) => event).sort()).toEqual(
    [`operation_${first}`, `operation_${second}`].sort(),
  );
});

test('a clock that is put forth by days ends no delivery', async () => {
  const { webhook } = await make();
  let [ahead, later] = [0, 0];
  await delivering.stop();
  delivering = startDelivering(
    () => Date.now() + ahead,
    () => performance.now() + later,
  );
  answer = { outcome: 'answered', httpStatus: 503, retryAfterMs: null };
  await agent.call('POST', `/v1/webhooks/${webhook.id}/test`);
  await rounds();
  ahead = 3 * 86_400_000;
  await rounds();
  expect(sent).toHaveLength(1);
  later = 10_000;
  await rounds();
  expect(sent).toHaveLength(2);
  expect(await deliveries(webhook.id)).toMatchObject([{ status: 'waiting', attempts: [{}, {}] }]);
});

test('an attempt that nobody of ours wrote does not hide the others', async () => {
  const { webhook } = await make();
  await agent.call('POST', `/v1/webhooks/${webhook.id}/test`);
  await rounds();
  await state.run(`INSERT INTO webhook_attempt (delivery, number, outcome, duration_ms, next_at)
    SELECT seq, 65535, 'made up', 0, UTC_TIMESTAMP(3) FROM webhook_delivery`);
  expect(await deliveries(webhook.id)).toMatchObject([{ status: 'delivered', attempts: [{}] }]);
  await delivering.stop();
  delivering = startDelivering();
  await rounds();
  expect(sent).toHaveLength(1);
});

test("a session that sets its clock writes by the server's all the same", async () => {
  const thief = openState({ ...agent.servers.state('www-data'), connections: 1 });
  await thief.run("SET time_zone = '+12:00', timestamp = 2147483647");
  await thief.run(`INSERT INTO webhook_version (webhook_id, generation, server, url, events, description, secret_number)
    VALUES ('aaaaaaaaaaaa', 1, 'default', '${URL_OF}', '["*"]', '', 1)`);
  await thief.run("INSERT INTO webhook_event (event_id, type, body) VALUES ('x', 'x', '{}')");
  await thief.run(
    "INSERT INTO webhook_delivery (webhook_id, event_id, sending) VALUES ('aaaaaaaaaaaa', 'x', 1)",
  );
  await thief.run(
    "INSERT INTO webhook_attempt (delivery, number, outcome, duration_ms) VALUES (1, 1, 'off', 0)",
  );
  await thief.close();
  for (const table of ['version', 'event', 'delivery', 'attempt'])
    expect(
      agent.servers.sql(
        `SELECT ABS(TIMESTAMPDIFF(MINUTE, created_at, UTC_TIMESTAMP())) < 60 FROM sculptor.webhook_${table}`,
      ),
    ).toEqual([['1']]);
});

test('what is dated in the future is forgotten too', async () => {
  const { webhook } = await make();
  await agent.call('POST', `/v1/webhooks/${webhook.id}/test`);
  await rounds();
  for (const table of ['event', 'delivery', 'attempt'])
    agent.servers.sql(`UPDATE sculptor.webhook_${table} SET created_at = created_at + INTERVAL 8 DAY`);
  const worker = openState(agent.servers.state('sculptor'));
  await forgetWebhooks(worker, 7);
  await worker.close();
  for (const table of ['event', 'delivery', 'attempt'])
    expect(agent.servers.sql(`SELECT * FROM sculptor.webhook_${table}`)).toEqual([]);
});

test('after a week it is forgotten, and so is a webhook that was deleted', async () => {
  const kept = await make();
  const gone = await make();
  await agent.call('POST', `/v1/webhooks/${kept.webhook.id}/test`);
  await agent.call('PATCH', `/v1/webhooks/${kept.webhook.id}`, { body: { description: 'second' } });
  await agent.call('PATCH', `/v1/webhooks/${kept.webhook.id}`, { body: { description: 'third' } });
  await rounds();
  await agent.call('DELETE', `/v1/webhooks/${gone.webhook.id}`);
  for (const table of ['version', 'event', 'delivery', 'attempt'])
    agent.servers.sql(`UPDATE sculptor.webhook_${table} SET created_at = created_at - INTERVAL 8 DAY`);
  const worker = openState(agent.servers.state('sculptor'));
  await forgetWebhooks(worker, 7);
  await worker.close();
  for (const table of ['event', 'delivery', 'attempt'])
    expect(agent.servers.sql(`SELECT * FROM sculptor.webhook_${table}`)).toEqual([]);
  const versions = 'SELECT webhook_id, generation FROM sculptor.webhook_version ORDER BY generation';
  expect(agent.servers.sql(versions)).toEqual([
    [kept.webhook.id, '1'],
    [kept.webhook.id, '3'],
  ]);
  expect((await agent.call('GET', `/v1/webhooks/${kept.webhook.id}`)).json).toMatchObject({
    description: 'third',
  });
});

function versionsOf(id: string): string[] {
  const text = `SELECT generation FROM sculptor.webhook_version WHERE webhook_id = '${id}' ORDER BY generation`;
  return agent.servers.sql(text).flat();
}

test('what changes nothing writes nothing', async () => {
  const { webhook } = await make({ description: 'first' });
  const body = { url: URL_OF, events: ['*'], description: 'first', enabled: true };
  const asked = await agent.call('PATCH', `/v1/webhooks/${webhook.id}`, { body });
  expect([asked.status, asked.json]).toEqual([200, { webhook }]);
  expect(versionsOf(webhook.id)).toEqual(['1']);
});

test('one is changed so often in an hour and no more, and can be deleted all the same', async () => {
  const { webhook } = await make();
  const at = `/v1/webhooks/${webhook.id}`;
  agent.servers.sql(`INSERT INTO sculptor.webhook_version
    (webhook_id, generation, server, url, events, description, secret_number)
    SELECT '${webhook.id}', s.seq, 'default', '${URL_OF}', '["*"]', '', 1 FROM sculptor.seq_2_to_60 s`);
  expect((await agent.call('POST', `${at}/rotate-secret`)).status).toBe(200);
  for (const [method, path, body] of [
    ['PATCH', at, { description: 'another' }],
    ['POST', `${at}/rotate-secret`, undefined],
  ] as const) {
    const refused = await agent.call(method, path, body === undefined ? {} : { body });
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '600']);
  }
  expect(versionsOf(webhook.id)).toHaveLength(61);
  expect((await agent.call('PATCH', at, { body: { description: '' } })).status).toBe(200);
  expect((await agent.call('DELETE', at)).status).toBe(200);
});

test('so many are made in an hour and no more, the deleted ones counted', async () => {
  const token = makeToken(agent.servers, { tenant: 'othertenant0' });
  agent.servers.sql(`INSERT INTO sculptor.webhook_version
    (webhook_id, generation, tenant, server, url, events, description, secret_number, deleted)
    SELECT CONCAT('aaaaaaaaa', LPAD(s.seq, 3, '0')), 1, 'othertenant0', 'default', '${URL_OF}', '["*"]', '', 1, 1
    FROM sculptor.seq_1_to_59 s`);
  await make({}, token.headers);
  const refused = await agent.call('POST', '/v1/webhooks', { body: { url: URL_OF }, headers: token.headers });
  expect([refused.status, refused.headers['retry-after']]).toEqual([429, '600']);
  await make();
});

test('what another version took the place of is forgotten after a day, but for what says since when there is the secret', async () => {
  const { webhook } = await make();
  const at = `/v1/webhooks/${webhook.id}`;
  await agent.call('PATCH', at, { body: { description: 'second' } });
  await agent.call('POST', `${at}/rotate-secret`);
  await agent.call('PATCH', at, { body: { description: 'fourth' } });
  agent.servers.sql('UPDATE sculptor.webhook_version SET created_at = created_at - INTERVAL 25 HOUR');
  await agent.call('PATCH', at, { body: { description: 'fifth' } });
  const worker = openState(agent.servers.state('sculptor'));
  await forgetWebhooks(worker, 7);
  await worker.close();
  expect(versionsOf(webhook.id)).toEqual(['1', '3', '5']);
  expect((await agent.call('GET', at)).json).toMatchObject({
    description: 'fifth',
    formerSecretUntil: null,
  });
});

test('however often one was changed, no more is read each second', async () => {
  const { webhook } = await make();
  agent.servers.sql(`INSERT INTO sculptor.webhook_version
    (webhook_id, generation, server, url, events, description, secret_number)
    SELECT '${webhook.id}', s.seq, 'default', '${URL_OF}', '["*"]', '', s.seq DIV 2 FROM sculptor.seq_2_to_3000 s`);
  const one = openState({ ...agent.servers.state('www-data'), connections: 1 });
  const Count = z.object({ Value: z.string().transform(Number) });
  const reads = async () =>
    (await one.rows(Count, "SHOW SESSION STATUS LIKE 'Handler_read%'")).reduce(
      (sum, { Value }) => sum + Value,
      0,
    );
  await one.rows(z.unknown(), 'SELECT 1');
  const before = await reads();
  const between = await reads();
  expect(await listeningWebhooks(one, SERVER)).toMatchObject([{ id: webhook.id }]);
  const after = await reads();
  await one.close();
  expect(after - between - (between - before)).toBeLessThan(100);
});

test('a tenant that is deleted is told of nothing', async () => {
  const token = makeToken(agent.servers, { tenant: 'othertenant0' });
  await make({}, token.headers);
  await endOne('last.example', token.headers);
  const tenant = TenantId.parse('othertenant0');
  agent.servers.sql(`INSERT INTO sculptor.tenant_version (tenant_id, generation, server, name, plan, deleted)
    SELECT tenant_id, 99, server, name, plan, 1 FROM sculptor.tenant_version WHERE tenant_id = '${tenant}' LIMIT 1`);
  await rounds();
  expect(sent).toEqual([]);
});
