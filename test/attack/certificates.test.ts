import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect, type ConnectionOptions } from 'node:tls';
import type { Domain } from '../../contract/domains.ts';
import { createAuthority } from '../fakes/authority.ts';
import { accepted, api, createDomain, ready, succeeded, unique } from '../machine/agent.ts';
import { converse, requestLine } from '../machine/executor-conversation.ts';
import { as, must, place, rootSql, run } from '../machine/server.ts';
import { refused } from './attempt.ts';
import { around, CONTROLS, NGINX, PATHS, SHELL } from './hostile.ts';

/* Rows 9, 12 and 17: certificates of sites, with the API or the privileged worker taken, or from a neighbour's site. */

let victim: Domain;
let thief: Domain;
const authority = createAuthority();

beforeAll(async () => {
  await ready();
  [victim, thief] = [await made(), await made()];
  const { chain, key } = authority.issue({ names: [victim.name] });
  await put(victim, { kind: 'custom', chain, key });
  await put(thief, { kind: 'self-signed' });
});

async function made(): Promise<Domain> {
  const domain = await createDomain({ name: `${unique('tls')}.example` });
  place(`s-${domain.id}`, `/home/www/${domain.name}/public/index.html`, `page of ${domain.name}`);
  return domain;
}

const at = ({ id }: Domain) => `/v1/domains/${id}/certificate`;
const put = async (domain: Domain, body: object) => succeeded(await accepted('PUT', at(domain), { body }));
const partOf = async (domain: Domain) =>
  (await api('GET', at(domain))).json as { readonly id: string; readonly generation: number };

/** What a thief of the API reads of the victim's: the chain, and the key as it was sealed. */
function stolen(): unknown {
  const text = `SELECT spec FROM sculptor.site_part_version WHERE domain_id = '${victim.id}' AND type = 'certificate'`;
  return JSON.parse(rootSql(`${text} ORDER BY generation DESC LIMIT 1`)) as unknown;
}

async function codesOf(verb: string, args: object): Promise<readonly string[]> {
  const answers = await converse('socket', requestLine(verb, args));
  return answers.flatMap((answer) =>
    'error' in answer ? [answer.error.code] : 'result' in answer ? ['served'] : [],
  );
}

test('row 17: a private key that was sealed for one site opens for no other', async () => {
  const { id, generation } = await partOf(thief);
  const args = { id, site: thief.id, generation: generation + 1, name: 'certificate', spec: stolen() };
  await refused(17, [
    {
      what: "the victim's chain and key for the thief's site",
      act: () => codesOf('certificate.put', args),
      refusal: ['invalid_request'],
      audit: [{ event: 'begun' }, { event: 'ended' }],
    },
  ]);
});

test('row 9: no kind, chain or key is more than it is, and there is no word for a hook or a folder', async () => {
  const { id, generation } = await partOf(thief);
  const line = (spec: object) =>
    requestLine('certificate.put', {
      ...{ id, site: thief.id, generation: generation + 1, name: 'certificate', spec },
    });
  const hostile = around('self-signed', [...SHELL, ...CONTROLS, ...NGINX, ...PATHS]);
  const specs = [
    ...hostile.map((kind) => ({ kind })),
    ...hostile.map((word) => ({ kind: 'custom', chain: [word], sealedKey: 'A'.repeat(120) })),
    ...hostile.map((sealedKey) => ({ kind: 'custom', chain: ['M'.repeat(400)], sealedKey })),
    ...['hook', 'deployHook', 'webroot', 'certName', 'path', 'email'].map((field) => ({
      ...{ kind: 'acme', [field]: '/bin/true' },
    })),
  ];
  await refused(9, [
    {
      what: 'in every field of a certificate',
      act: async () => {
        const answers = await converse('socket', specs.map(line).join(''));
        return answers.filter((answer) => !('error' in answer && answer.error.code === 'invalid_request'));
      },
      refusal: [],
      audit: specs.map(() => ({ event: 'refused' })),
      times: specs.length,
    },
  ]);
});

test('row 17: no site, no worker and no API reads a key of a certificate, nor the one that they are sealed for', async () => {
  const { served } = (await api('GET', at(victim))).json as { served: { fingerprint: string } };
  const folder = `/etc/sculptor/certificates/${victim.id}`;
  const files = [`${folder}/${served.fingerprint}/key.pem`, `/etc/sculptor/sites/${victim.id}/tls/key.pem`];
  const users = [`s-${victim.id}`, `s-${thief.id}`, 'www', 'www-data', 'sculptor', 'nobody'];
  await refused(
    17,
    users.flatMap((user) =>
      [...files, '/etc/sculptor/seal.key'].map((file) => ({
        what: `${user} reads ${file}`,
        act: () => as(user, 'cat', file).code,
        refusal: 1,
      })),
    ),
  );
  expect(readFileSync(files[0] ?? '', 'utf8')).toContain('PRIVATE KEY');
});

test('row 17: a private key that was brought along comes back by no route', async () => {
  const answers = await Promise.all(
    [at(victim), '/v1/certificates', `/v1/operations?resource=${(await partOf(victim)).id}`].map((path) =>
      api('GET', path),
    ),
  );
  const { sealedKey } = stolen() as { readonly sealedKey: string };
  await refused(
    17,
    answers.map(({ text }, index) => ({
      what: `answer ${index}`,
      act: () => [text.includes('PRIVATE'), text.includes(sealedKey)],
      refusal: [false, false],
    })),
  );
});

const TLS: ConnectionOptions = { host: '127.0.0.1', port: 443, rejectUnauthorized: false };

function ask(servername: string, host: string, more: object = {}): Promise<string> {
  return new Promise((resolve) => {
    const asking = request({ ...TLS, servername, headers: { host }, agent: false, ...more }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => resolve(answer.statusCode === 200 ? text : String(answer.statusCode)));
    });
    asking.on('error', () => resolve('nothing'));
    asking.end();
  });
}

/** A session that was begun with the thief's site, to be gone on with. */
function sessionWith(servername: string, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...TLS, servername, maxVersion, minVersion: maxVersion });
    socket.on('session', (session) => {
      resolve(session);
      socket.destroy();
    });
    socket.on('error', reject);
    socket.write(`GET / HTTP/1.1\r\nhost: ${servername}\r\n\r\n`);
  });
}

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'row 38: over %s nobody is served another site than that of the handshake, in a new session or an old one',
  async (version) => {
    const serverName = (
      JSON.parse(readFileSync('/etc/sculptor/agent.json', 'utf8')) as { serverName: string }
    ).serverName;
    const session = await sessionWith(thief.name, version);
    const only = { minVersion: version, maxVersion: version };
    const cases = [undefined, session].flatMap((old) =>
      [thief.name, serverName].flatMap((servername) =>
        [victim.name, `x.${victim.name}`, ''].map((host) => ({
          what: `${servername}, asked for ${host}, ${old === undefined ? 'new' : 'old'}`,
          act: () => ask(servername, host, { ...only, ...(old && { session: old }) }),
          refusal: expect.not.stringContaining('page of ') as string,
        })),
      ),
    );
    await refused(38, cases);
    expect(await ask(victim.name, victim.name, only)).toBe(`page of ${victim.name}`);
  },
);

test('row 38: a name without a certificate is shown none, and none of another site', async () => {
  const bare = await createDomain({ name: `${unique('bare')}.example` });
  const names = [bare.name, 'unknown.example', `..${victim.name}`, `${victim.id}/tls`, 'tls', '-', ''];
  await refused(
    38,
    names.map((name) => ({
      what: name,
      act: () => {
        const sent = name === '' ? ['-noservername'] : ['-servername', name];
        const { out } = run('openssl', ['s_client', '-connect', '127.0.0.1:443', ...sent]);
        return out.includes('BEGIN CERTIFICATE');
      },
      refusal: false,
    })),
  );
  expect(must('openssl', ['s_client', '-connect', '127.0.0.1:443', '-servername', victim.name])).toContain(
    'BEGIN CERTIFICATE',
  );
});
