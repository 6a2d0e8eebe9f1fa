import type { DomainId, TenantId } from '../../../contract/ids.ts';
import type { DomainName } from '../../../contract/names.ts';
import { createAcme } from '../../../worker-privileged/executor/system/acme.ts';
import { elsewhere, verdictOn } from '../../../worker-privileged/executor/system/acme-answers.ts';
import { CommandError, type Command } from '../../../worker-privileged/executor/system/command.ts';
import { Limits } from '../../../worker-privileged/executor/system/limits.ts';
import { createOrders } from '../../../worker-privileged/executor/system/orders.ts';
import type { Files } from '../../../worker-privileged/executor/system/files.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { renderCertbot } from '../../../worker-privileged/executor/render/certbot.ts';

const ID = 'a1b2c3d4e5f6' as DomainId;
const A = 'a.example' as DomainName;
const B = 'b.example' as DomainName;
const SETTINGS = { directory: 'https://acme.example/directory', email: 'admin@host.example' };
const REQUEST = '-----BEGIN CERTIFICATE REQUEST-----\nREQUEST\n-----END CERTIFICATE REQUEST-----\n';
/** Of nobody, and made for this test. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgqsRSdPnD6/ucUdIi
OYckjiJb2CYNFzy9r7nlCT1xinKhRANCAATLaOnVIZKrZRUkGiSZkd85Y4DPEmjz
pW3vzXKavZnjQh48llSTPxNK1N/htfvIGudIANTC2kC6KTovGNUftVYq
-----END PRIVATE KEY-----
`;
const CHAIN = `-----BEGIN CERTIFICATE-----
MIIBYzCCAQmgAwIBAgIUOsvfodkRZGZ7VyoLcj9VPSuWT3owCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJYS5leGFtcGxlMCAXDTI2MTEyOTE4MjA0MVoYDzIxMjYxMTA1
MTgyMDQxWjAUMRIwEAYDVQQDDAlhLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATLaOnVIZKrZRUkGiSZkd85Y4DPEmjzpW3vzXKavZnjQh48llSTPxNK
1N/htfvIGudIANTC2kC6KTovGNUftVYqozcwNTAUBgNVHREEDTALgglhLmV4YW1w
bGUwHQYDVR0OBBYEFJ8DeiRJ4WctTVjDHsgywgm0HpvVMAoGCCqGSM49BAMCA0gA
MEUCIHrqp5e1/dJAtEcdLxbcZHOE8rJRFjI4q4JJQ3PjKK67AiEAuNBMPTSo1VL9
9wzFxLTrgWkIHgb/AUc4GbSpfL624So=
-----END CERTIFICATE-----
`;
const OTHERS = `-----BEGIN CERTIFICATE-----
MIIBZDCCAQmgAwIBAgIUPwLhNbFPFNY1gtZRbncJ6qKw11IwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJYS5leGFtcGxlMCAXDTI2MTEyOTE4MjEzN1oYDzIxMjYxMTA1
MTgyMTM3WjAUMRIwEAYDVQQDDAlhLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQUPzq9GGYduPqSsopn35PmDH0G1TL4OPRvr2RcHvhcZsl7BO+hH9Zc
LDnGmbB4JHf9EP+f/z6/Dq6MbnonMspzozcwNTAUBgNVHREEDTALgglhLmV4YW1w
bGUwHQYDVR0OBBYEFJbA6gRC96vf74ZZ7invWLmgreSDMAoGCCqGSM49BAMCA0kA
MEYCIQC4RmJGrDBYLpJTLFCJuKZVV9zttY7zp097oXm0jdn8WAIhAO/2XGOYWGQv
Hx38a7SZDGn853NNk91E5Pxd8GWMnSbN
-----END CERTIFICATE-----
`;
const HERE = `here ${A} 192.0.2.1\nhere ${B} 192.0.2.1\n`;
const NONCE =
  'An unexpected error occurred:\n' +
  'acme.messages.Error: urn:ietf:params:acme:error:badNonce :: The client sent an unacceptable anti-replay nonce :: JWS has\n';
const REFUSED = `
Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:
  Domain: ${B}
  Type:   connection
  Detail: 192.0.2.9: Fetching http://${B}/.well-known/acme-challenge/x: Connection refused\x1b[31m

Hint: The Certificate Authority failed to download the temporary challenge files created by Certbot.
`;

/** Certbot answers with each text in turn; `asked` has the files that it found each time. */
function world(answers: readonly (string | Error)[], mode: 'systemd' | 'supervisor' = 'systemd') {
  const disk = new Map<string, string>([[paths.acmeSettings, JSON.stringify(SETTINGS)]]);
  const modes = new Map<string, number | undefined>();
  const started: string[] = [];
  const asked: Record<string, string>[] = [];
  const left = [...answers];
  const folder = `${paths.acmeWanted(ID)}/`;
  const found = () => [...disk].filter(([path]) => path.startsWith(folder));
  const certbot = () => {
    asked.push(Object.fromEntries(found().map(([path, text]) => [path.slice(folder.length), text])));
    const answer = left.shift() ?? '';
    if (answer instanceof Error) throw answer;
    disk.set(paths.acmeFile(ID, 'answer'), answer);
    return '';
  };
  const run = async ({ file, args }: Command) => {
    await Promise.resolve();
    started.push([file, ...args].join(' '));
    if (file === '/usr/bin/openssl') return KEY + REQUEST;
    return args.includes('stop') ? '' : certbot();
  };
  const undo = () => Promise.resolve();
  const files: Pick<Files, 'read' | 'replace'> = {
    read: (path) => Promise.resolve(disk.get(path) ?? null),
    replace: (path, text, mode) => {
      disk.set(path, text);
      if (path.startsWith(folder)) modes.set(path.slice(folder.length), mode);
      return Promise.resolve(undo);
    },
  };
  const acme = createAcme({
    mode,
    accounts: { find: () => Promise.resolve({ uid: 981, gid: 982 }) },
    commands: { run },
    files,
    orders: createOrders({
      files,
      locks: { during: (_name, act) => act() },
      limits: () => Promise.resolve(Limits.parse({ siteOrdersPerHour: 10 })),
      now: () => new Date(),
    }),
    folders: {
      look: () => Promise.resolve(found().length > 0 ? { uid: 0, gid: 982, mode: 0o2750 } : null),
      list: () => Promise.resolve(found().length > 0 ? [ID] : []),
      ensure: (path, { uid, gid, mode }) => {
        started.push(`make ${path} ${uid}:${gid} ${mode.toString(8)}`);
        return Promise.resolve(undo);
      },
      remove: () => {
        for (const [path] of found()) disk.delete(path);
        return Promise.resolve();
      },
    },
  });
  return { acme, disk, modes, started, asked, found };
}

const obtain = (all: ReturnType<typeof world>, names: readonly DomainName[] = [A, B]) =>
  all.acme.obtain({ id: ID, tenant: 'default' as TenantId, names, due: false, admit });
const admit = () => undefined;

test('each name is tried first, and certbot is asked for a certificate of those that lead here', async () => {
  const all = world([`here ${A} 192.0.2.1\n1 ${B} 192.0.2.9\n`, CHAIN]);
  expect(await obtain(all)).toEqual({
    chain: CHAIN,
    key: KEY,
    leftOut: [
      {
        name: B,
        reason: 'It does not lead here: DNS has 192.0.2.9, and this server did not answer there.',
      },
    ],
  });
  expect(all.asked).toEqual([
    { names: `${A}\n${B}\n`, answer: '' },
    { 'certbot.ini': renderCertbot(SETTINGS), 'request.pem': REQUEST, answer: '' },
  ]);
  const [request = ''] = all.started.filter((line) => line.startsWith('/usr/bin/openssl'));
  expect(request).toContain(`subjectAltName=DNS:${A}`);
  expect(request).not.toContain(B);
  expect(all.found()).toEqual([]);
});

test('what is asked is for certbot to read, what it answers is a file of root’s, and the key is in neither', async () => {
  const all = world([HERE, CHAIN]);
  await obtain(all);
  expect(Object.fromEntries(all.modes)).toEqual({
    ...{ names: 0o640, 'certbot.ini': 0o640, 'request.pem': 0o640 },
    answer: 0o660,
  });
  expect(all.started).toContain(`make /etc/sculptor/acme/wanted/${ID} 0:982 2750`);
  expect(JSON.stringify([all.asked, all.started])).not.toContain('PRIVATE KEY');
});

test('under systemd it is a unit that is started by name, and one that still runs is ended before', async () => {
  const all = world([HERE, CHAIN]);
  await obtain(all);
  const unit = `-- sculptor-certbot@${ID}.service`;
  const units = all.started.filter((line) => line.startsWith('/usr/bin/systemctl'));
  const each = [
    `/usr/bin/systemctl --no-ask-password stop ${unit}`,
    `/usr/bin/systemctl --no-ask-password start ${unit}`,
  ];
  expect(units).toEqual([...each, ...each.slice(0, 1), ...each, ...each.slice(0, 1)]);
});

test('what an executor that was killed has left of it is ended by the next', async () => {
  const all = world([]);
  all.disk.set(paths.acmeFile(ID, 'request.pem'), REQUEST);
  expect(await all.acme.isAsked(ID)).toBe(true);
  await all.acme.forgetAll();
  expect([all.found(), await all.acme.isAsked(ID)]).toEqual([[], false]);
  expect(all.started).toEqual([
    `/usr/bin/systemctl --no-ask-password stop -- sculptor-certbot@${ID}.service`,
  ]);
});

test('without systemd it is a child, which is not root', async () => {
  const all = world([HERE, CHAIN], 'supervisor');
  await obtain(all);
  expect(all.started.filter((line) => line.endsWith(`/usr/lib/sculptor/acme ${ID}`))).toEqual(
    Array(2).fill(
      '/usr/bin/setpriv --reuid=981 --regid=982 --clear-groups --no-new-privs --inh-caps=-all --ambient-caps=-all -- ' +
        `/usr/lib/sculptor/acme ${ID}`,
    ),
  );
});

test('a name that the authority refuses is left out with what it says, and the others are asked for again', async () => {
  const all = world([HERE, REFUSED, CHAIN]);
  expect((await obtain(all)).leftOut).toEqual([
    {
      name: B,
      reason: `The authority refused it: connection: 192.0.2.9: Fetching http://${B}/.well-known/acme-challenge/x: Connection refused [31m`,
    },
  ]);
});

test('an authority that wants to be asked again is, and at last the operation is told to try later', async () => {
  expect((await obtain(world([HERE, NONCE, NONCE, CHAIN]))).leftOut).toEqual([]);
  await expect(obtain(world([HERE, ...Array<string>(10).fill(NONCE)]))).rejects.toMatchObject({
    failure: { code: 'acme_unreachable' },
  });
});

test('whoever would not have it without a name that does not lead here is asked before the authority is', async () => {
  const all = world([`here ${A} 192.0.2.1\n1 ${B} 192.0.2.9\n`]);
  const without: string[] = [];
  const refusing = (names: readonly string[]) => {
    without.push(...names);
    throw new Error('kept');
  };
  const wanted = { id: ID, tenant: 'default' as TenantId, names: [A, B], due: true, admit: refusing };
  await expect(all.acme.obtain(wanted)).rejects.toThrow('kept');
  expect([without, all.asked]).toEqual([[B], [{ names: `${A}\n${B}\n`, answer: '' }]]);
});

test('and again where the authority itself refuses one, before it is asked for the others', async () => {
  const all = world([HERE, REFUSED, CHAIN]);
  const refusing = (names: readonly string[]) => {
    if (names.includes(B)) throw new Error('kept');
  };
  const wanted = { id: ID, tenant: 'default' as TenantId, names: [A, B], due: true, admit: refusing };
  await expect(all.acme.obtain(wanted)).rejects.toThrow('kept');
  expect(all.asked).toHaveLength(2);
});

test('more names than an authority takes in one certificate are left out, the last of them', async () => {
  const names = Array.from(
    { length: 101 },
    (_, index) => (index === 0 ? A : `n${index}.example`) as DomainName,
  );
  const all = world([names.map((name) => `here ${name} 192.0.2.1\n`).join(''), CHAIN]);
  expect((await obtain(all, names)).leftOut).toEqual([
    { name: 'n100.example', reason: 'A certificate is for 100 names at most.' },
  ]);
});

test('names that are refused one by one, to the last round, are what is told', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `n${index}.example` as DomainName);
  const one = (name: string) => `Domain: ${name}\nType: dns\nDetail: none\n`;
  const all = world([names.map((name) => `here ${name} \n`).join(''), ...names.slice(0, 10).map(one)]);
  await expect(obtain(all, names)).rejects.toMatchObject({ failure: { code: 'acme_refused' } });
});

const error = (type: string, detail: string) =>
  `acme.messages.Error: urn:ietf:params:acme:error:${type} :: ${detail}\n`;

test.each([
  ['acme_refused', 'there is none of them', [`6 ${A} \n6 ${B} \n`]],
  ['acme_refused', 'every name is refused', [`here ${B} \n`, REFUSED]],
  [
    'acme_refused',
    'the authority refuses the account',
    [HERE, error('unauthorized', 'an account :: is closed')],
  ],
  ['acme_refused', 'certbot says what nobody knows', [HERE, 'Out of cheese\n']],
  ['acme_refused', 'it says nothing', [HERE, '']],
  ['acme_refused', 'the certificate is for another key', [HERE, OTHERS]],
  ['acme_rate_limited', 'there were too many', [HERE, error('rateLimited', 'too many certificates')]],
  ['acme_unreachable', 'it is away', [HERE, 'requests.exceptions.ConnectionError: HTTPSConnectionPool\n']],
  ['acme_unreachable', 'others had their turn', [HERE, 'sculptor: Too many others are asked for.\n']],
  ['acme_unreachable', 'the unit breaks off', [new CommandError('/usr/bin/systemctl', 1, '')]],
])('%s, where %s', async (code, _, answers) => {
  const all = world(answers);
  await expect(obtain(all)).rejects.toMatchObject({ failure: { code } });
  expect(all.found()).toEqual([]);
});

test('until root has set an authority nothing is asked', async () => {
  const all = world([]);
  all.disk.delete(paths.acmeSettings);
  await expect(obtain(all)).rejects.toMatchObject({ failure: { code: 'acme_unconfigured' } });
  expect(all.started).toEqual([]);
});

test('a name that nothing was said of does not lead here, and what is no address is not shown', () => {
  expect(elsewhere(`1 ${B} <script>\n`, [A, B]).map(({ reason }) => reason)).toEqual(
    Array(2).fill('It does not lead here: this server did not answer.'),
  );
});

test('a name that the authority names in its refusal of the whole is left out', () => {
  const said = 'Error creating new order :: Cannot issue for "b.example": the operator forbids it';
  expect(verdictOn(error('rejectedIdentifier', said), [A, B])).toEqual({
    kind: 'without',
    leftOut: [{ name: B, reason: said }],
  });
});

test.each([
  { ...SETTINGS, directory: 'https://acme.example/\npre-hook = /bin/sh' },
  { ...SETTINGS, directory: 'https://acme.example/ # x' },
  { ...SETTINGS, email: '[a,b]@host.example' },
])('no setting of certbot is more than one word: %j', (settings) => {
  expect(() => renderCertbot(settings)).toThrow('cannot be written');
});

describe('each request to the authority counts, and where there is no room certbot is not started', () => {
  const counted = ({ disk }: ReturnType<typeof world>) =>
    JSON.parse(disk.get(paths.orders) ?? '[]') as readonly { readonly issued: boolean }[];

  test('what it refused counts as what it gave does', async () => {
    const all = world([HERE, REFUSED, CHAIN]);
    await obtain(all);
    expect(counted(all).map(({ issued }) => issued)).toEqual([false, true]);
  });

  test.each<[string, string, number]>([
    ['one that it did not hear of does not', 'requests.exceptions.ConnectionError: HTTPSConnectionPool\n', 0],
    ['one that waited for others in vain does not', 'sculptor: Too many others are asked for.\n', 0],
    ['one that came to no end does', 'sculptor: It came to no end within four minutes.\n', 1],
    ['one of which nobody knows how it ended does', '', 1],
  ])('%s', async (_, answer, times) => {
    const all = world([HERE, answer]);
    await expect(obtain(all)).rejects.toThrow();
    expect(counted(all)).toHaveLength(times);
  });

  test('names that do not lead here cost none', async () => {
    const all = world([`6 ${A} \n6 ${B} \n`]);
    await expect(obtain(all)).rejects.toThrow();
    expect(counted(all)).toEqual([]);
  });

  test('beyond what may be asked for, nothing is', async () => {
    const all = world([HERE, ...Array<string>(10).fill(NONCE)]);
    await expect(obtain(all)).rejects.toThrow();
    const before = all.started.length;
    await expect(obtain(all)).rejects.toMatchObject({ failure: { code: 'acme_limit' } });
    expect(all.started).toHaveLength(before);
  });

  test('what is full in the middle ends the asking', async () => {
    const all = world([HERE, ...Array<string>(8).fill(NONCE), CHAIN, HERE, REFUSED, CHAIN]);
    await obtain(all);
    await expect(obtain(all)).rejects.toMatchObject({ failure: { code: 'acme_limit' } });
    expect(counted(all)).toHaveLength(10);
    expect(all.found()).toEqual([]);
  });
});
