import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Domain } from '../../contract/domains.ts';
import { accepted, createDomain, ready, succeeded, unique } from './agent.ts';
import { rootsOfAuthority, startAuthority, type Authority } from './authority.ts';
import { must, place, run, sculptorctl } from './server.ts';

/* Applications that nobody here wrote, on sites that the API made, over TLS from pebble. */

const ROOTS = '/run/acme-roots.pem';
let authority: Authority | undefined;

beforeAll(async () => {
  await ready();
  const install = ['apt-get', 'install', '--quiet', '--yes', '--no-install-recommends'];
  must('env', [
    'DEBIAN_FRONTEND=noninteractive',
    ...install,
    'pelican',
    'nodejs',
    'node-y-websocket',
    'node-ws',
  ]);
  authority = await startAuthority();
  writeFileSync(ROOTS, rootsOfAuthority());
});
afterAll(() => authority?.stop());

async function made(body: object): Promise<Domain> {
  const name = `${unique('app')}.example`;
  authority?.lead(name);
  return createDomain({ name, ...body });
}

const put = ({ id, name }: Domain, path: string, content: string) =>
  place(`s-${id}`, `/home/www/${name}/${path}`, content);

async function certify({ name }: Domain): Promise<void> {
  await succeeded(await accepted('PUT', `/v1/domains/${name}/certificate`, { body: { kind: 'acme' } }));
}

/** As a browser that believes the authority. */
const visited = ({ name }: Domain, path: string) =>
  must('curl', ['--silent', '--show-error', '--fail', '--cacert', ROOTS, `https://${name}${path}`]);

test('what pelican makes of somebody’s texts is served over TLS', async () => {
  const site = await made({ type: 'static' });
  put(site, 'private/blog/content/first.rst', 'First\n#####\n\n:date: 2026-01-02\n\nWritten by *hand*.\n');
  const words = ['--directory', 'private/blog', '--', 'pelican', 'content', '--output', '../../public'];
  expect(sculptorctl('domain', 'run', site.name, ...words)).toMatchObject({ code: 0 });
  await certify(site);
  expect(visited(site, '/')).toContain('First');
  expect(visited(site, '/first.html')).toContain('Written by <em>hand</em>');
});

/** Two who write one text: what the first writes the second reads, and both speak to the server alone. */
const WRITERS = `const { Doc } = require('yjs');
const { WebsocketProvider } = require('y-websocket');
const ca = require('fs').readFileSync('${ROOTS}');
class Believing extends require('ws') { constructor(url, protocols) { super(url, protocols, { ca }); } }
const text = () => {
  const doc = new Doc();
  new WebsocketProvider('wss://' + process.argv[1], 'room', doc, { WebSocketPolyfill: Believing, disableBc: true });
  return doc.getText('text');
};
const [writer, reader] = [text(), text()];
reader.observe(() => { console.log(reader.toString()); process.exit(0); });
writer.insert(0, 'good evening');
`;

test('y-websocket’s server answers requests and WebSockets over TLS, with nginx in front of it', async () => {
  const site = await made({ type: 'node', start: ['y-websocket-server'] });
  await certify(site);
  while (run('curl', ['--silent', '--fail', '--cacert', ROOTS, `https://${site.name}/`]).code !== 0)
    await pause(200);
  expect(visited(site, '/')).toBe('okay');
  expect(must('timeout', ['60', '/usr/bin/nodejs', '-e', WRITERS, site.name])).toBe('good evening\n');
});
