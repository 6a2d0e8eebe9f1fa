import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Domain } from '../../contract/domains.ts';
import { Drift } from '../../contract/drift.ts';
import {
  accepted,
  api,
  createDatabase,
  createDomain,
  createUser,
  ended,
  readDomain,
  ready,
  succeeded,
  unique,
  updateDomain,
} from './agent.ts';
import { must, run, sculptorctl } from './server.ts';

/* What somebody changes by hand as root is told with its diff, left alone, and as it was again once that is asked for. */

let site: Domain;
let ids: Readonly<Record<'queue' | 'cron' | 'key', string>>;

beforeAll(async () => {
  await ready();
  site = await createDomain({
    ...{ name: `${unique('drift')}.example`, aliases: [`www.${unique('drift')}.example`] },
    options: { bodyBytes: 5_242_880 },
  });
  const made = async (parts: string, body: object): Promise<string> => {
    const answer = await accepted('POST', `/v1/domains/${site.name}/${parts}`, { body });
    await succeeded(answer);
    return (answer.json['operation'] as { resource: { id: string } }).resource.id;
  };
  const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
  ids = {
    queue: await made('queues', { name: 'worker', command: ['sleep', '3600'] }),
    cron: await made('crons', { name: 'nightly', schedule: '@daily', command: ['true'] }),
    key: await made('keys', { name: 'anna', publicKey }),
  };
  const certificate = { body: { kind: 'self-signed' } };
  await succeeded(await accepted('PUT', `/v1/domains/${site.name}/certificate`, certificate));
});

const at = () => `/v1/domains/${site.name}/drift`;

async function check(): Promise<Drift> {
  await succeeded(await accepted('POST', at()));
  return Drift.parse((await api('GET', at())).json);
}

/** All of its words, and its diffs. */
function told({ differences }: Pick<Drift, 'differences'>): string {
  return differences
    .flatMap(({ step, words, files }) => [
      `${step}: ${words}`,
      ...files.flatMap((file) => [`${file.path}: ${file.words}`, file.diff ?? '']),
    ])
    .join('\n');
}

const own = (file: string) => `/etc/sculptor/sites/${site.id}/${file}`;
const block = () => `/etc/nginx/sculptor/sites/${site.id}.conf`;
const dropIn = () => `/etc/systemd/system/sculptor-php@${site.id}.service.d`;
const certificate = () => {
  const link = must('readlink', ['-f', own('tls')]).trim();
  return { chain: `${link}/chain.pem`, key: `${link}/key.pem` };
};

/** All that the agent has of the site on the server, with owners and modes. */
function digest(): string {
  const folders = ['/etc/sculptor', '/etc/nginx/sculptor', '/etc/cron.d', '/etc/systemd', '/home/www'];
  const lists = folders.map((folder) =>
    must('find', [folder, '-name', '.draft-*', '-prune', '-o', '-printf', '%p %y %m %U %G %l %s\n']),
  );
  const group = readFileSync('/etc/group', 'utf8');
  const texts = must('bash', ['-c', `cat ${own('fpm.conf')} ${block()} /etc/cron.d/sculptor-*`]);
  return createHash('sha256')
    .update([...lists, group, texts].join('\0'))
    .digest('hex');
}

type Row = readonly [what: string, by: () => void, words: () => RegExp];
const rows: readonly Row[] = [
  ["a line in nginx's file", () => appendFileSync(block(), '# by hand\n'), () => /^-# by hand$/m],
  [
    "a line in php-fpm's file",
    () => appendFileSync(own('fpm.conf'), 'env[BY_HAND] = "1"\n'),
    () => /^-env\[BY_HAND\] = "1"$/m,
  ],
  [
    "a drop-in for its php-fpm's unit",
    () => {
      mkdirSync(dropIn());
      writeFileSync(`${dropIn()}/by-hand.conf`, '[Service]\nNice=5\n');
    },
    () => /^-Nice=5$/m,
  ],
  ['the mode of a file', () => chmodSync(own('fpm.conf'), 0o666), () => /its mode is 0666 instead of 0644/],
  ['the owner of a file', () => chownSync(own('fpm.conf'), 33, 33), () => /its owner is 33 instead of 0/],
  [
    'the mode of a folder of the site',
    () => chmodSync(`/home/www/${site.name}/private`, 0o755),
    () => /private is \d+:\d+ 0755 instead of \d+:\d+ 0700/,
  ],
  [
    'a link that is gone',
    () => rmSync(`/etc/sculptor/hosts/${site.aliases[0] ?? ''}`),
    () => /hosts\/www\.\S+: a link to \S+ is not there/,
  ],
  [
    'a group that its account is in',
    () => void must('gpasswd', ['--add', `s-${site.id}`, 'adm']),
    () => /the account is in adm/,
  ],
  [
    "a queue's program",
    () => appendFileSync(`/etc/sculptor/supervised/sculptor-part-${ids.queue}.conf`, '; by hand\n'),
    () => /^-; by hand$/m,
  ],
  [
    'a queue that was stopped',
    () => rmSync(`/etc/sculptor/supervised/sculptor-part-${ids.queue}.conf`),
    () => /keep the program running: Supervisor was told otherwise/,
  ],
  [
    "cron's file",
    () => appendFileSync(`/etc/cron.d/sculptor-${ids.cron}`, '# by hand\n'),
    () => /^-# by hand$/m,
  ],
  [
    'a key that somebody let in',
    () =>
      appendFileSync(
        `/etc/sculptor/keys/s-${site.id}`,
        'restrict ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBY a1b1c1d1e1f1\n',
      ),
    () => /^-restrict ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBY a1b1c1d1e1f1$/m,
  ],
  [
    'another certificate in the place of its own',
    () => {
      const { chain, key } = certificate();
      const subject = ['-subj', '/CN=by-hand', '-days', '9'];
      must('openssl', [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        '/tmp/k',
        '-out',
        '/tmp/c',
        ...subject,
      ]);
      copyFileSync('/tmp/c', chain);
      copyFileSync('/tmp/k', key);
    },
    () => /its certificate, or the key of that, is another/,
  ],
  [
    "a link to its certificate that leads to another's",
    () => {
      rmSync(own('tls'));
      symlinkSync(`../../certificates/b1b2c3d4e5f6/${'0'.repeat(64)}`, own('tls'));
    },
    () => /it leads to \.\.\/\.\.\/certificates\/b1b2c3d4e5f6/,
  ],
  [
    'PHP that was turned off',
    () => {
      rmSync(`/etc/systemd/system/sockets.target.wants/sculptor-php@${site.id}.socket`);
      must('systemctl', ['stop', `sculptor-php@${site.id}.socket`]);
    },
    () => /turn PHP on: the socket is not/,
  ],
  [
    'what it may take',
    () => void must('systemctl', ['set-property', `sculptor-${site.id}.slice`, 'MemoryMax=64M']),
    () => /it may take 67108864 bytes of memory/,
  ],
];

test('a site that was made has not drifted', async () => {
  expect(told(await check())).toBe('');
});

test.each(rows)('%s is told, left alone, and as it was once it is repaired', async (_, by, words) => {
  by();
  const before = digest();
  const drift = await check();
  expect(told(drift)).toMatch(words());
  expect(drift.since).not.toBeNull();
  expect(digest()).toBe(before);
  await succeeded(await accepted('POST', `${at()}/repair`));
  const after = Drift.parse((await api('GET', at())).json);
  expect(told(after)).toBe('');
  // What was overwritten is kept.
  expect(told(after.kept[0] ?? { differences: [] })).toMatch(words());
  expect(run('nginx', ['-t', '-q', '-c', '/etc/nginx/sculptor/nginx.conf']).code).toBe(0);
});

test('an ordinary change overwrites nothing that was done by hand without a word', async () => {
  appendFileSync(own('fpm.conf'), 'env[KEPT] = "by hand"\n');
  await updateDomain(site.name, { phpLimits: { seconds: 50 } });
  expect(readFileSync(own('fpm.conf'), 'utf8')).not.toContain('env[KEPT]');
  expect(await kept(at())).toMatch(/^-env\[KEPT\] = "by hand"$/m);
  const news = (await api('GET', '/v1/notifications')).json['items'] as { kind: string; message: string }[];
  expect(news[0]).toMatchObject({ kind: 'drift', message: expect.stringContaining('by hand') as string });
  // The change asks for it: nothing has drifted.
  expect(told(await check())).toBe('');
});

async function kept(address: string): Promise<string> {
  return told(Drift.parse((await api('GET', address)).json).kept[0] ?? { differences: [] });
}

test('what was done by hand to something of a site is kept with the site when that is changed', async () => {
  const file = `/etc/cron.d/sculptor-${ids.cron}`;
  appendFileSync(file, '# kept\n');
  const change = { body: { command: ['false'] } };
  await succeeded(await accepted('PATCH', `/v1/domains/${site.name}/crons/${ids.cron}`, change));
  expect(readFileSync(file, 'utf8')).not.toContain('# kept');
  expect(await kept(at())).toMatch(/^-# kept$/m);
});

test('what was done by hand to a site is kept when that is taken away', async () => {
  const gone = await createDomain({ name: `${unique('gone')}.example` });
  appendFileSync(`/etc/sculptor/sites/${gone.id}/fpm.conf`, '; kept\n');
  await succeeded(await accepted('DELETE', `/v1/domains/${gone.name}`));
  const rows = must('mariadb', [
    '-N',
    '-e',
    `SELECT differences FROM sculptor.drift_kept WHERE resource_id = '${gone.id}'`,
  ]);
  expect(rows).toContain('-; kept');
});

test('what was done by hand to an account is kept with its database when that is changed', async () => {
  const name = unique('kept').replace(/[^a-z0-9]/g, '');
  const database = await createDatabase(name);
  const user = await createUser(name, { name });
  must('mariadb', ['-e', `REVOKE ALL PRIVILEGES, GRANT OPTION FROM '${user.name}'@'localhost'`]);
  const address = `/v1/databases/${database.id}/users/${user.id}`;
  await succeeded(await accepted('PATCH', address, { body: { maxConnections: 5 } }));
  expect(await kept(`/v1/databases/${database.id}/drift`)).toContain(`let ${name} in: its rights are others`);
});

test('a grant that was taken away is told, and there again', async () => {
  const name = unique('drift').replace(/[^a-z0-9]/g, '');
  const database = await createDatabase(name);
  const user = await createUser(name, { name });
  must('mariadb', ['-e', `REVOKE ALL PRIVILEGES, GRANT OPTION FROM '${user.name}'@'localhost'`]);
  const address = `/v1/databases/${database.id}/drift`;
  await succeeded(await accepted('POST', address));
  expect(told(Drift.parse((await api('GET', address)).json))).toContain('its rights are others');
  await succeeded(await accepted('POST', `${address}/repair`));
  expect(told(Drift.parse((await api('GET', address)).json))).toBe('');
  expect(must('mariadb', ['-e', `SHOW GRANTS FOR '${user.name}'@'localhost'`])).toContain(name);
});

test('what is gone for good is not made up: the repair ends as failed and says what is left', async () => {
  const name = unique('gone').replace(/[^a-z0-9]/g, '');
  const database = await createDatabase(name);
  must('mariadb', ['-e', `DROP DATABASE ${name}`]);
  const operation = await ended(await accepted('POST', `/v1/databases/${database.id}/drift/repair`));
  expect(operation).toMatchObject({ status: 'failed', error: { code: 'mismatch' } });
  expect(operation.error?.message).toContain('it is not on the server');
});

test('the list names what has drifted, and sculptorctl shows the diff', async () => {
  appendFileSync(own('fpm.conf'), '; seen by hand\n');
  const checked = sculptorctl('drift', 'check', site.name);
  expect([checked.code, checked.out]).toEqual([0, expect.stringContaining('-; seen by hand') as string]);
  expect(sculptorctl('drift', 'list').out).toContain(site.name);
  const repaired = sculptorctl('drift', 'repair', site.name);
  expect([repaired.code, repaired.err]).toEqual([0, '']);
  expect(sculptorctl('drift', 'list').out).not.toContain(site.name);
  expect((await readDomain(site.name)).status).toBe('live');
});
