import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { WebhookEvent } from '../../contract/webhooks.ts';
import { api, ready } from './agent.ts';
import { makeCertificates, NAME, TLS } from './mail-certificates.ts';
import { must } from './server.ts';
import { freePort, LOGIN, startHost } from './smtp-host.ts';

/* Where alarms go: a webhook's receiver, and a mail host with a login, both on this server, as root has allowed. */

const ADMIN = 'alarms@there.example';
const EVENTS = ['notification.alarm', 'notification.alarm_over'];
const CONFIG = '/etc/sculptor/agent.json';
const HOSTS = '/etc/hosts';

export type Told = { readonly kind: 'alarm' | 'alarm_over'; readonly message: string };

export type Outlets = {
  readonly posted: () => readonly Told[];
  readonly mailed: () => readonly Told[];
  readonly close: () => Promise<void>;
};

export async function startOutlets(): Promise<Outlets> {
  const [config, hosts] = [readFileSync(CONFIG, 'utf8'), readFileSync(HOSTS, 'utf8')];
  makeCertificates();
  writeFileSync(HOSTS, `${hosts}127.0.0.1 ${NAME}\n`);
  writeFileSync(CONFIG, config.replace('"webhookNetworks": ""', '"webhookNetworks": "127.0.0.1"'));
  must('systemctl', ['restart', 'sculptor-api', 'sculptor-worker-unprivileged', 'sculptor-mailer']);
  await ready();
  const [receiver, host] = [await startReceiver(), await startMailHost()];
  const body = { url: `http://127.0.0.1:${receiver.port}/alarms`, events: EVENTS };
  const made = await api('POST', '/v1/webhooks', { body });
  if (made.status !== 201) throw new Error(made.text);
  const { id } = made.json['webhook'] as { id: string };
  return {
    posted: () => receiver.bodies.flatMap(toldIn),
    mailed: () => host.got.flatMap(({ text }) => toldBy(text)),
    close: async () => {
      await api('DELETE', `/v1/webhooks/${id}`);
      must('sculptorctl', ['mail', 'notify', ADMIN, 'off']);
      must('sculptorctl', ['mail', 'off']);
      await receiver.close();
      await host.close();
      writeFileSync(HOSTS, hosts);
      writeFileSync(CONFIG, config);
      must('systemctl', ['restart', 'sculptor-api', 'sculptor-worker-unprivileged']);
      await ready();
    },
  };
}

async function startReceiver() {
  const [port, bodies] = [await freePort(), [] as string[]];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => (body += part));
    request.on('end', () => {
      bodies.push(body);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { port, bodies, close };
}

async function startMailHost() {
  const port = await freePort();
  const host = await startHost({ port, secure: false, key: `${TLS}/host.key`, cert: `${TLS}/host.crt` });
  const words = ['mail', 'set', NAME, '--port', String(port), '--user', LOGIN.user];
  must('sculptorctl', [...words, '--sender-domain', 'sent.example'], `${LOGIN.password}\n`);
  must('sculptorctl', ['mail', 'notify', ADMIN, '--events', EVENTS.join(','), '--per-hour', '200']);
  return host;
}

function toldIn(body: string): Told[] {
  const { data } = WebhookEvent.parse(JSON.parse(body));
  if (!('notification' in data) || (data.kind !== 'alarm' && data.kind !== 'alarm_over')) return [];
  return [{ kind: data.kind, message: data.message }];
}

/** The sentence is the first paragraph, of lines as mail has them, in quoted-printable. */
function toldBy(letter: string): Told[] {
  const body = letter
    .slice(letter.indexOf('\r\n\r\n') + 4)
    .replaceAll('=\r\n', '')
    .replace(/=([0-9A-F]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  const [, kind] = /^event +notification\.(alarm|alarm_over)\r?$/m.exec(body) ?? [];
  const message = (body.split('\r\n\r\n', 1)[0] ?? '').replaceAll('\r\n', ' ');
  return kind === 'alarm' || kind === 'alarm_over' ? [{ kind, message }] : [];
}
