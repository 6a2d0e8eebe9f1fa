import { createHmac } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type Server } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { Webhook, WebhookDelivery, WebhookEvent } from '../../contract/webhooks.ts';
import { accepted, api, createDomain, operationId, ready, succeeded, unique } from './agent.ts';
import { makeHostCertificate } from './host-certificate.ts';
import { must } from './server.ts';

/* Webhooks to a real receiver with TLS, at an address of loopback that root has named; what is beside it is not. */

const AT = '127.0.0.9';
const PORT = 8443;
const TLS = '/run/webhook-test';
const HOSTS = '/etc/hosts';
const CONFIG = '/etc/sculptor/agent.json';

interface Got {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const got: Got[] = [];
let receiver: Server;
let config: string;
let hosts: string;

const sleepers = new Set<() => void>();

function startReceiver(): Promise<Server> {
  const tls = { key: readFileSync(`${TLS}/host.key`), cert: readFileSync(`${TLS}/host.crt`) };
  const server = createServer(tls, (req, res) => {
    let body = '';
    req.setEncoding('utf8');
    req.on('data', (part: string) => (body += part));
    req.on('end', () => {
      const path = req.url ?? '';
      got.push({ path, headers: req.headers, body });
      if (path === '/slow') sleepers.add(() => res.end());
      else if (path === '/elsewhere')
        res.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
      else if (path === '/gone') res.writeHead(410).end();
      else res.writeHead(204).end();
    });
  });
  return new Promise((resolve) => server.listen(PORT, AT, () => resolve(server)));
}

async function stopReceiver(): Promise<void> {
  sleepers.forEach((end) => end());
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
}

beforeAll(async () => {
  await ready();
  const names = ['receiver.example', 'moving.example'] as const;
  makeHostCertificate({ folder: TLS, authority: 'webhook-test', names });
  [config, hosts] = [readFileSync(CONFIG, 'utf8'), readFileSync(HOSTS, 'utf8')];
  appendFileSync(HOSTS, `${AT} receiver.example other.example\n`);
  writeFileSync(CONFIG, config.replace('"webhookNetworks": ""', `"webhookNetworks": "${AT}"`));
  must('systemctl', ['restart', 'sculptor-api', 'sculptor-worker-unprivileged']);
  await ready();
  receiver = await startReceiver();
});
afterAll(async () => {
  for (const { id } of z.array(Webhook).parse((await api('GET', '/v1/webhooks')).json['items']))
    await api('DELETE', `/v1/webhooks/${id}`);
  await stopReceiver();
  writeFileSync(HOSTS, hosts);
  writeFileSync(CONFIG, config);
  must('systemctl', ['restart', 'sculptor-api', 'sculptor-worker-unprivileged']);
  await ready();
});

interface Made {
  readonly id: string;
  readonly secret: string;
}

async function make(path: string, more: object = {}): Promise<Made> {
  const body = { url: `https://receiver.example:${PORT}${path}`, ...more };
  const { status, text, json } = await api('POST', '/v1/webhooks', { body });
  if (status !== 201) throw new Error(text);
  return { id: Webhook.parse(json['webhook']).id, secret: String(json['secret']) };
}

async function askForTest(id: string): Promise<number> {
  const { status, text, json } = await api('POST', `/v1/webhooks/${id}/test`);
  if (status !== 201) throw new Error(text);
  return WebhookDelivery.parse(json['delivery']).id;
}

/** The delivery, once so many attempts were made. */
async function attempted(id: string, delivery: number, attempts = 1): Promise<WebhookDelivery> {
  for (;;) {
    const { json } = await api('GET', `/v1/webhooks/${id}/deliveries/${delivery}`);
    const found = WebhookDelivery.parse(json);
    if (found.attempts.length >= attempts) return found;
    await pause(200);
  }
}

/** What came in at a path, once there is so much of it that is like this. */
async function came(path: string, isLike: (one: Got) => boolean): Promise<Got> {
  for (;;) {
    const one = got.find((each) => each.path === path && isLike(each));
    if (one !== undefined) return one;
    await pause(100);
  }
}

function hasType(type: string): (one: Got) => boolean {
  return ({ body }) => (JSON.parse(body) as { readonly type: string }).type === type;
}

/** By the words of the Standard Webhooks specification, and nothing of the agent's. */
function isSigned({ headers, body }: Got, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const text = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  const expected = `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
  const isFresh = Math.abs(Date.now() / 1000 - Number(headers['webhook-timestamp'])) < 300;
  return isFresh && String(headers['webhook-signature']).split(' ').includes(expected);
}

test('an operation that ended, and what is told of it unasked, come in signed, each once', async () => {
  const { id, secret } = await make('/all');
  const domain = await createDomain({ name: `${unique('hooked')}.example` });
  const removal = await accepted('DELETE', `/v1/domains/${domain.id}`);
  await succeeded(removal);
  const isRemoval = ({ headers }: Got) => headers['webhook-id'] === `operation_${operationId(removal)}`;
  const ended = await came('/all', isRemoval);
  const told = await came('/all', hasType('notification.destroyed'));
  expect([isSigned(ended, secret), isSigned(told, secret)]).toEqual([true, true]);
  expect(WebhookEvent.parse(JSON.parse(ended.body))).toMatchObject({
    type: 'operation.succeeded',
    data: { operation: operationId(removal), kind: 'domain.delete', resource: { name: domain.name } },
  });
  expect(WebhookEvent.parse(JSON.parse(told.body))).toMatchObject({
    data: { message: `The site ${domain.name} was removed.` },
  });
  // Several rounds later.
  await attempted(id, await askForTest(id));
  const ids = got.filter(({ path }) => path === '/all').map(({ headers }) => headers['webhook-id']);
  expect(new Set(ids).size).toBe(ids.length);
});

test('what a receiver missed while it was down comes when it is there again', async () => {
  const { id, secret } = await make('/down', { events: ['operation.failed'] });
  await stopReceiver();
  const delivery = await askForTest(id);
  const missed = await attempted(id, delivery);
  expect(missed).toMatchObject({
    status: 'waiting',
    attempts: [{ outcome: 'unreachable', httpStatus: null }],
  });
  receiver = await startReceiver();
  const one = await came('/down', hasType('webhook.test'));
  expect([one.headers['webhook-id'], isSigned(one, secret)]).toEqual([missed.event, true]);
  expect((await attempted(id, delivery, 2)).attempts.at(-1)).toMatchObject({ outcome: 'delivered' });
});

test('a redirect to the metadata of a cloud is a failure, and is not followed', async () => {
  const { id } = await make('/elsewhere', { events: ['operation.failed'] });
  const { attempts, status } = await attempted(id, await askForTest(id));
  expect([status, attempts]).toMatchObject(['waiting', [{ outcome: 'redirected', httpStatus: 302 }]]);
});

test('a name that leads elsewhere the next time is looked at again, and refused', async () => {
  const { id } = await make('', {
    url: `https://moving.example:${PORT}/moving`,
    events: ['operation.failed'],
  });
  const leadTo = (address: string) =>
    writeFileSync(HOSTS, `${hosts}${address} moving.example receiver.example\n`);
  leadTo(AT);
  expect(await attempted(id, await askForTest(id))).toMatchObject({ status: 'delivered' });
  for (const address of ['127.0.0.1', '127.0.0.8', '169.254.169.254', '10.0.0.1', '::1']) {
    leadTo(address);
    const { attempts } = await attempted(id, await askForTest(id));
    expect([address, attempts]).toMatchObject([address, [{ outcome: 'refused', httpStatus: null }]]);
  }
  // Of the internet, which this server does not reach: asked, and not refused.
  leadTo('93.184.216.34');
  const { attempts } = await attempted(id, await askForTest(id));
  expect(['unreachable', 'late']).toContain(attempts[0]?.outcome);
  writeFileSync(HOSTS, `${hosts}${AT} receiver.example other.example\n`);
});

test('a receiver whose certificate is not its own is told nothing', async () => {
  const { id } = await make('', { url: `https://other.example:${PORT}/other`, events: ['operation.failed'] });
  const { attempts } = await attempted(id, await askForTest(id));
  expect(attempts).toMatchObject([{ outcome: 'untrusted' }]);
  expect(got.filter(({ path }) => path === '/other')).toEqual([]);
});

test('one that does not answer holds nobody up', async () => {
  const slow = await make('/slow', { events: ['operation.failed'] });
  const first = await askForTest(slow.id);
  for (let count = 1; count < 10; count += 1) await askForTest(slow.id);
  await came('/slow', () => true);
  const quick = await make('/quick', { events: ['operation.failed'] });
  const delivery = await askForTest(quick.id);
  const begun = performance.now();
  expect(await attempted(quick.id, delivery)).toMatchObject({ status: 'delivered' });
  expect(performance.now() - begun).toBeLessThan(14_000);
  expect((await attempted(slow.id, first)).attempts[0]?.outcome).toBe('late');
});

test('410 switches it off', async () => {
  const { id } = await make('/gone', { events: ['operation.failed'] });
  await attempted(id, await askForTest(id));
  const read = async () => Webhook.parse((await api('GET', `/v1/webhooks/${id}`)).json);
  while ((await read()).enabled) await pause(100);
  expect(await read()).toMatchObject({ offBecause: 'gone' });
});

test('sculptorctl makes, tests, shows, sends again and removes one, and its secret is good', async () => {
  const url = `https://receiver.example:${PORT}/by-hand`;
  const made = must('sculptorctl', ['webhook', 'create', url, '--event', 'operation.failed']);
  const [, secret = ''] = /^secret +(whsec_\S+)$/m.exec(made) ?? [];
  const [, id = ''] = /^id +(\S+)$/m.exec(made) ?? [];
  must('sculptorctl', ['webhook', 'test', id]);
  const one = await came('/by-hand', hasType('webhook.test'));
  expect(isSigned(one, secret)).toBe(true);
  const list = () => must('sculptorctl', ['webhook', 'deliveries', id]);
  while (!list().includes('delivered')) await pause(200);
  const [, delivery = ''] = /^(\d+) /m.exec(list()) ?? [];
  must('sculptorctl', ['webhook', 'resend', id, delivery]);
  const isAgain = (each: Got) => each !== one && each.headers['webhook-id'] === one.headers['webhook-id'];
  expect(isSigned(await came('/by-hand', isAgain), secret)).toBe(true);
  must('sculptorctl', ['webhook', 'delete', id]);
  expect(must('sculptorctl', ['webhook', 'list'])).not.toContain(id);
});

test('a key that is the same after another installation makes the same secrets', () => {
  const key = must('stat', ['--format=%U:%G %a', '/etc/sculptor/secrets/webhook-key']).trim();
  expect(key).toBe('root:root 600');
  for (const process of ['api', 'worker-unprivileged'])
    expect(readFileSync(`/run/credentials/sculptor-${process}.service/webhook-key`, 'utf8')).toBe(
      readFileSync('/etc/sculptor/secrets/webhook-key', 'utf8'),
    );
});
