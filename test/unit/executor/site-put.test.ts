import type { SiteSpec } from '../../../contract/domains.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { createFakeServer, createFakeSystem, stateOf, type FakeServer } from '../../fakes/executor-system.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

async function put(server: FakeServer, site: SiteSpec) {
  const run = recordedRun();
  const { probes } = await putSite(createFakeSystem(server).system)(site, run);
  return { probes, changed: run.steps.filter(({ changed }) => changed).map(({ name }) => name) };
}

function link(server: FakeServer, path: string): string | undefined {
  const node = server.disk.get(path);
  return node?.kind === 'link' ? node.target : undefined;
}

describe('a new site', () => {
  test('has its account, its folders, its PHP and its names, and is live', async () => {
    const server = createFakeServer();
    await put(server, spec({ aliases: ['www.shop.example'] }));
    expect(stateOf(server)).toMatchObject({
      users: { [`s-${ID}`]: { uid: 66_000, gid: 66_000, locked: false } },
      mastersOn: [ID],
      disk: {
        '/home/www/shop.example': { kind: 'folder', uid: 0, gid: 0, mode: 0o755 },
        '/home/www/shop.example/public': { uid: 66_000, gid: 989, mode: 0o2750 },
        '/home/www/shop.example/private': { uid: 66_000, gid: 66_000, mode: 0o700 },
        '/home/www/shop.example/tmp': { uid: 66_000, gid: 66_000, mode: 0o700 },
        [`/etc/sculptor/sites/${ID}/home`]: { target: '/home/www/shop.example' },
        [`/etc/sculptor/sites/${ID}/php`]: { target: `/run/sculptor-php/${ID}.sock` },
        [`/etc/sculptor/sites/${ID}/php-fpm`]: { target: '/usr/sbin/php-fpm8.4' },
        [`/etc/sculptor/sites/${ID}/site`]: { text: `${ID}\n` },
        [`/etc/sculptor/sites/${ID}/live`]: { text: '' },
        [`/etc/sculptor/sites/${ID}/type-php`]: { text: '' },
        '/etc/sculptor/hosts/shop.example': { target: `../sites/${ID}` },
        '/etc/sculptor/hosts/www.shop.example': { target: `../sites/${ID}` },
      },
    });
    expect(server.disk.has(`/etc/sculptor/sites/${ID}/disabled`)).toBe(false);
    expect(server.disk.has(`/etc/sculptor/sites/${ID}/fpm.conf.new`)).toBe(false);
  });

  test('is found by probes that only it can answer', async () => {
    const { probes } = await put(createFakeServer(), spec({ aliases: ['www.shop.example'] }));
    const who = { path: '/.sculptor/site', expect: { status: 200, body: ID } };
    expect(probes).toEqual([
      { host: 'shop.example', ...who },
      { host: 'www.shop.example', ...who },
      {
        host: 'shop.example',
        path: '/.sculptor/ping',
        expect: { status: 200, body: expect.stringMatching(/^a1b2c3d4e5f6-[0-9a-f]{8}$/) as string },
      },
    ]);
  });

  test('of the pool belongs to www and gets no account', async () => {
    const server = createFakeServer();
    await put(server, spec({ isolation: 'pool' }));
    expect([...server.users.keys()]).toEqual(['www', 'sculptor-mail']);
    expect(server.disk.get('/home/www/shop.example/public')).toMatchObject({ uid: 990, gid: 989 });
    expect(server.disk.get('/home/www/shop.example/private')).toMatchObject({ uid: 990, gid: 991 });
    expect(server.disk.has(paths.nextUid)).toBe(false);
  });

  test('of static files starts no PHP', async () => {
    const server = createFakeServer();
    server.phpVersions = [];
    const { probes } = await put(server, spec({ type: 'static' }));
    expect(server.mastersOn.size).toBe(0);
    expect(server.disk.has(`/etc/sculptor/sites/${ID}/type-php`)).toBe(false);
    expect(probes).toEqual([
      { host: 'shop.example', path: '/.sculptor/site', expect: { status: 200, body: ID } },
    ]);
  });

  test('that is switched off answers 503 and starts no PHP', async () => {
    const server = createFakeServer();
    const { probes } = await put(server, spec({ enabled: false }));
    expect(server.mastersOn.size).toBe(0);
    expect(server.disk.has(`/etc/sculptor/sites/${ID}/disabled`)).toBe(true);
    expect(probes.at(-1)).toEqual({ host: 'shop.example', path: '/', expect: { status: 503 } });
  });

  test.each([
    ['a served folder of its own', { publicDirectory: 'public/web' }],
    ['an option of its own', { options: { bodyBytes: 1_048_576 } }],
    ['a name of more than 80 octets', { aliases: [`${'a'.repeat(60)}.${'b'.repeat(20)}.example`] }],
  ])('with %s gets a server block, and the common one does not find it', async (_, change) => {
    const server = createFakeServer();
    await put(server, spec(change));
    expect(server.disk.get(paths.serverBlock(ID))).toMatchObject({ kind: 'file' });
    expect(server.doings).toContain('reload nginx');
    expect(link(server, '/etc/sculptor/hosts/shop.example')).toBe(`../held/${ID}`);
  });

  test.each([
    ['a server block of its own', { publicDirectory: 'public/web' }],
    ['the common server block', {}],
  ])('with %s is read by nginx again where an executor died of changing its files', async (block, change) => {
    const server = createFakeServer();
    await put(server, spec(change));
    const { system } = createFakeSystem(server);
    let unread = true;
    const nginx: typeof system.nginx = {
      ...system.nginx,
      isUnread: () => Promise.resolve(unread),
      apply: async (files, makeChange) => {
        const undo = await system.nginx.apply(files, makeChange);
        unread = false;
        return undo;
      },
    };
    const run = recordedRun();
    await putSite({ ...system, nginx })(spec({ ...change, generation: 2 }), run);
    const changed = run.steps.filter((step) => step.changed).map(({ name }) => name);
    expect(changed).toContain(`serve it by ${block}`);
    expect(unread).toBe(false);
  });

  test('gets its names out of the common server block when nobody who reads that one is at work any more', async () => {
    const server = createFakeServer();
    await put(server, spec());
    const { system } = createFakeSystem(server);
    const links: unknown[] = [];
    const drained = () => {
      links.push(link(server, '/etc/sculptor/hosts/shop.example'));
      return Promise.resolve();
    };
    const wanted = spec({ publicDirectory: 'public/web', generation: 2 });
    await putSite({ ...system, nginx: { ...system.nginx, drained } })(wanted, recordedRun());
    expect([...links, link(server, '/etc/sculptor/hosts/shop.example')]).toEqual([
      `../sites/${ID}`,
      `../held/${ID}`,
    ]);
  });

  test('does not reload nginx when the common server block will do', async () => {
    const server = createFakeServer();
    await put(server, spec());
    expect(server.doings).toEqual(['check 8.4']);
  });

  test('gets a number that no user and no group has', async () => {
    const server = createFakeServer();
    server.users.set('someone', { uid: 66_000, gid: 5, locked: false });
    server.users.set('another', { uid: 7, gid: 66_001, locked: false });
    await put(server, spec());
    expect(server.users.get(`s-${ID}`)?.uid).toBe(66_002);
  });
});

describe('a site that is there', () => {
  test('is left as it is when it is asked for again', async () => {
    const server = createFakeServer();
    const site = spec({ aliases: ['www.shop.example'] });
    await put(server, site);
    const before = stateOf(server);
    expect((await put(server, site)).changed).toEqual([]);
    expect(stateOf(server)).toEqual(before);
  });

  test('loses the alias that is asked for no more, and gains the one that is', async () => {
    const server = createFakeServer();
    await put(server, spec({ aliases: ['old.example'] }));
    await put(server, spec({ generation: 2, aliases: ['new.example'] }));
    expect(link(server, '/etc/sculptor/hosts/old.example')).toBeUndefined();
    expect(link(server, '/etc/sculptor/hosts/new.example')).toBe(`../sites/${ID}`);
    expect(link(server, '/etc/sculptor/hosts/shop.example')).toBe(`../sites/${ID}`);
  });

  test('is started anew when its PHP version changes', async () => {
    const server = createFakeServer();
    await put(server, spec({ phpVersion: '8.2' }));
    await put(server, spec({ generation: 2, phpVersion: '8.4' }));
    expect(link(server, `/etc/sculptor/sites/${ID}/php-fpm`)).toBe('/usr/sbin/php-fpm8.4');
    expect(server.doings).toEqual(['check 8.2', 'check 8.4', `refresh ${ID}`]);
  });

  test.each([
    ['static', { type: 'static' }],
    ['switched off', { enabled: false }],
  ])('keeps its files and ends its PHP when it is made %s', async (_, change) => {
    const server = createFakeServer();
    await put(server, spec());
    await put(server, spec({ generation: 2, ...change }));
    expect(server.mastersOn.size).toBe(0);
    expect(server.disk.has('/home/www/shop.example/public')).toBe(true);
    expect(server.disk.has(`/etc/sculptor/sites/${ID}/live`)).toBe(true);
    await put(server, spec({ generation: 3 }));
    expect([...server.mastersOn]).toEqual([ID]);
  });

  test('goes from a served folder of its own back to the common server block', async () => {
    const server = createFakeServer();
    await put(server, spec({ publicDirectory: 'public/web' }));
    await put(server, spec({ generation: 2 }));
    expect(server.disk.has(paths.serverBlock(ID))).toBe(false);
    expect(link(server, '/etc/sculptor/hosts/shop.example')).toBe(`../sites/${ID}`);
  });
});

describe('what is refused changes nothing:', () => {
  const other = 'z9y8x7w6v5u4';
  const rows: readonly [string, string, (server: FakeServer) => unknown, SiteSpec][] = [
    [
      'a folder that was there',
      'not_ours',
      ({ disk }) => disk.set('/home/www/shop.example', folder()),
      spec(),
    ],
    ['a user that was there', 'not_ours', ({ users }) => users.set(`s-${ID}`, user(66_000)), spec()],
    ["another site's name", 'name_taken', ({ disk }) => disk.set(...host('shop.example')), spec()],
    [
      "another site's name as an alias",
      'name_taken',
      ({ disk }) => disk.set(...host('b.example')),
      spec({ aliases: ['a.example', 'b.example'] }),
    ],
    ["the server's own name", 'name_taken', () => undefined, spec({ name: 'machine.example' })],
    [
      "the server's own name as an alias",
      'name_taken',
      () => undefined,
      spec({ aliases: ['machine.example'] }),
    ],
    ['a PHP that is not installed', 'php_version_missing', () => undefined, spec({ phpVersion: '7.4' })],
    ['PHP where none is installed', 'php_version_missing', (server) => (server.phpVersions = []), spec()],
    [
      'the pool without its user',
      'server_broken',
      ({ users }) => users.delete('www'),
      spec({ isolation: 'pool' }),
    ],
  ];

  test.each(rows)('%s is %s', async (...row) => {
    const [, code, arrange, site] = row;
    const server = createFakeServer();
    arrange(server);
    const before = stateOf(server);
    expect(await failureOf(put(server, site))).toBe(code);
    expect(stateOf(server)).toEqual(before);
  });

  const changes: readonly [string, string, SiteSpec][] = [
    ['another name for the same id', 'invalid_request', spec({ generation: 2, name: 'other.example' })],
    ['another isolation for the same id', 'invalid_request', spec({ generation: 2, isolation: 'pool' })],
    ['an older version', 'invalid_request', spec({ generation: 1 })],
  ];

  test.each(changes)('%s is %s', async (_, code, site) => {
    const server = createFakeServer();
    await put(server, spec({ generation: 2 }));
    const before = stateOf(server);
    expect(await failureOf(put(server, site))).toBe(code);
    expect(stateOf(server)).toEqual(before);
  });

  test('a number that another user has taken meanwhile is not ours', async () => {
    const server = createFakeServer();
    await put(server, spec());
    server.users.set(`s-${ID}`, user(1000));
    expect(await failureOf(put(server, spec({ generation: 2 })))).toBe('not_ours');
  });

  function folder() {
    return { kind: 'folder', uid: 0, gid: 0, mode: 0o755 } as const;
  }
  function user(uid: number) {
    return { uid, gid: uid, locked: false };
  }
  function host(name: string) {
    return [`/etc/sculptor/hosts/${name}`, { kind: 'link', target: `../sites/${other}` }] as const;
  }
});

const letIn = (server: FakeServer) =>
  (JSON.parse(stateText(server, paths.letIn) ?? '[]') as { key: string }[]).map(({ key }) => key);

describe('visitors with a password', () => {
  const users = [{ name: 'anna', passwordHash: `$6$salt$${'a'.repeat(86)}` }];
  const asking = { basicAuth: { realm: 'Members', users } };
  const file = `/etc/nginx/sculptor/visitors/${ID}`;

  test('are written down before the site asks for one, and forgotten once it does not', async () => {
    const server = createFakeServer();
    const written = 'write down who may visit';
    const asked = put(server, spec({ options: asking })).then(({ changed }) => changed);
    await expect(asked).resolves.toContain(written);
    const changed = await asked;
    expect(changed.indexOf(written)).toBeLessThan(changed.indexOf('serve it by a server block of its own'));
    expect(server.disk.get(file)).toMatchObject({ text: `anna:${users[0]?.passwordHash}\n`, mode: 0o640 });
    await put(server, spec({ generation: 2 }));
    expect(server.disk.has(file)).toBe(false);
  });

  test('count against the cap on what lets in where they are new, or nobody is asked any more', async () => {
    const server = createFakeServer();
    await put(server, spec({ options: asking }));
    await put(server, spec({ generation: 2, options: { ...asking, bodyBytes: 4096 } }));
    expect(letIn(server)).toEqual([]);
    const more = [...users, { name: 'bert', passwordHash: `$2y$05$${'b'.repeat(53)}` }];
    await put(server, spec({ generation: 3, options: { basicAuth: { realm: 'Members', users: more } } }));
    await put(server, spec({ generation: 4 }));
    expect(letIn(server)).toEqual([`put-${ID}-3`, `put-${ID}-4`]);
  });
});

test('addresses that may visit a site besides those of before count against the cap on what lets in', async () => {
  const server = createFakeServer();
  const from = (...allowedAddresses: string[]) => ({ options: { allowedAddresses } });
  await put(server, spec(from('192.0.2.0/24')));
  await put(server, spec({ generation: 2, ...from('192.0.2.0/24', '198.51.100.7') }));
  await put(server, spec({ generation: 3, ...from('198.51.100.7') }));
  await put(server, spec({ generation: 4 }));
  expect(letIn(server)).toEqual([`put-${ID}-2`, `put-${ID}-4`]);
});

test('a site that sends its visitors to a name it does not hold is refused', async () => {
  const server = createFakeServer();
  expect(await failureOf(put(server, spec({ options: { www: 'toWww' } })))).toBe('invalid_request');
  await put(server, spec({ options: { www: 'toWww' }, aliases: ['www.shop.example'] }));
});

test('HTTPS is forced by a marker, without a server block and a reload', async () => {
  const server = createFakeServer();
  await put(server, spec());
  await put(server, spec({ generation: 2, options: { forceHttps: true } }));
  expect(server.disk.has(`/etc/sculptor/sites/${ID}/https-only`)).toBe(true);
  expect(server.doings).not.toContain('reload nginx');
});

describe("root's own lines for a site", () => {
  const copy = `/etc/nginx/sculptor/snippets/${ID}-10-x.conf`;
  const write = (server: FakeServer, text: string) => {
    const root = { uid: 0, gid: 0 };
    server.disk.set('/etc/sculptor/snippets/shop.example', { kind: 'folder', ...root, mode: 0o755 });
    server.disk.set('/etc/sculptor/snippets/shop.example/10-x.conf', { kind: 'file', text, mode: 0o644 });
  };

  test('are copied for nginx with its server block, anew where they are others, and taken away with it', async () => {
    const server = createFakeServer();
    write(server, 'one;\n');
    await put(server, spec());
    expect(server.disk.get(copy)).toMatchObject({ text: 'one;\n', mode: 0o600 });
    expect(stateText(server, paths.serverBlock(ID))).toContain(`include ${copy};`);
    write(server, 'two;\n');
    await put(server, spec({ generation: 2 }));
    expect(server.disk.get(copy)).toMatchObject({ text: 'two;\n' });
    server.disk.delete('/etc/sculptor/snippets/shop.example/10-x.conf');
    await put(server, spec({ generation: 3 }));
    expect([server.disk.has(copy), server.disk.has(paths.serverBlock(ID))]).toEqual([false, false]);
  });

  test('stay when the site is removed, and nginx reads them no more', async () => {
    const server = createFakeServer();
    write(server, 'one;\n');
    await put(server, spec());
    await removeSite(createFakeSystem(server).system)({ id: ID }, recordedRun());
    expect(server.disk.has(copy)).toBe(false);
    expect(server.disk.has('/etc/sculptor/snippets/shop.example/10-x.conf')).toBe(true);
  });
});

function stateText(server: FakeServer, path: string): string | undefined {
  const node = server.disk.get(path);
  return node?.kind === 'file' ? node.text : undefined;
}
