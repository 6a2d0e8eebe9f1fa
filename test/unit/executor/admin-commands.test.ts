import type { DomainName } from '../../../contract/names.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { adminTerminal, createFakeRecords } from '../../fakes/admin-terminal.ts';
import { createFakeServer, createFakeSystem, stateOf, type FakeServer } from '../../fakes/executor-system.ts';
import { ID, recordedRun, spec } from './sites.ts';

const OTHER = 'z9y8x7w6v5u4';

function world() {
  const server = createFakeServer();
  const records = createFakeRecords();
  const type = (...words: readonly string[]) => adminTerminal(server, records, words);
  return { server, records, type };
}

async function put(server: FakeServer, site = spec()): Promise<void> {
  await putSite(createFakeSystem(server).system)(site, recordedRun());
}

async function remove(server: FakeServer, site = spec()): Promise<void> {
  await removeSite(createFakeSystem(server).system)({ id: site.id }, recordedRun());
}

describe('purge', () => {
  test('erases what lies in the trash before its time, says what, and tells the state', async () => {
    const { server, records, type } = world();
    await put(server);
    await remove(server);
    const { code, out, events } = await type('purge', 'domain', 'shop.example');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      `erased the files in /home/www/.trash/${ID}-20260102-030405678`,
      `removed the account s-${ID}`,
      `shop.example (${ID}) is purged`,
      '',
    ]);
    expect([...server.disk.keys()].filter((path) => path.includes(ID))).toEqual([paths.registered(ID)]);
    expect(server.users.has(`s-${ID}`)).toBe(false);
    expect(records.told).toEqual([`purged ${ID}`]);
    expect(events.map(({ event, command, subject, outcome }) => [event, command, subject, outcome])).toEqual([
      ['begun', 'purge', 'domain shop.example', undefined],
      ['ended', 'purge', 'domain shop.example', 'succeeded'],
    ]);
  });

  test('asked for again by its id it tells the state once more and erases nothing', async () => {
    const { server, records, type } = world();
    await put(server);
    await remove(server);
    await type('purge', 'domain', ID, '--yes');
    const { code, out } = await type('--json', 'purge', 'domain', ID, '--yes');
    expect([code, JSON.parse(out)]).toEqual([
      0,
      { domain: { id: ID, name: 'shop.example' }, erased: { folders: [], account: null } },
    ]);
    expect(records.told).toEqual([`purged ${ID}`, `purged ${ID}`]);
  });

  test('a site that stands is not purged', async () => {
    const { server, records, type } = world();
    await put(server);
    const before = stateOf(server);
    const { code, err } = await type('purge', 'domain', 'shop.example');
    expect([code, err]).toEqual([1, expect.stringContaining('not in the trash')]);
    expect(stateOf(server)).toEqual(before);
    expect(records.told).toEqual([]);
  });

  test('of a name that stands and lies in the trash it is the one in the trash', async () => {
    const { server, records, type } = world();
    await put(server);
    await remove(server);
    await put(server, spec({ id: OTHER }));
    expect((await type('purge', 'domain', 'shop.example')).code).toBe(0);
    expect(records.told).toEqual([`purged ${ID}`]);
    expect(server.users.has(`s-${OTHER}`)).toBe(true);
  });

  test('of several in the trash with one name none is guessed', async () => {
    const { server, records, type } = world();
    for (const id of [ID, OTHER]) {
      await put(server, spec({ id }));
      await remove(server, spec({ id }));
    }
    const before = stateOf(server);
    const { code, err } = await type('purge', 'domain', 'shop.example');
    expect(code).toBe(1);
    expect(err).toContain(ID);
    expect(err).toContain(OTHER);
    expect([stateOf(server), records.told]).toEqual([before, []]);
  });

  test('while the state cannot be told nothing is erased', async () => {
    const { server, records, type } = world();
    await put(server);
    await remove(server);
    const before = stateOf(server);
    records.away = true;
    expect((await type('purge', 'domain', 'shop.example')).code).toBe(1);
    expect(stateOf(server)).toEqual(before);
  });

  test.each([
    ['an id without --yes', ['domain', ID]],
    ['no domain', ['domain']],
    ['two domains', ['domain', 'a.example', 'b.example']],
    ['another kind', ['token', ID, '--yes']],
    ['a kind of the prototype', ['constructor', ID, '--yes']],
    ['a path', ['domain', '/home/www/shop.example', '--yes']],
    ['a name in capitals', ['domain', 'Shop.example']],
    ['an option that there is not', ['domain', 'shop.example', '--force']],
  ])('%s is used wrongly, and nothing is done', async (_, words) => {
    const { server, records, type } = world();
    await put(server);
    await remove(server);
    const before = stateOf(server);
    const { code, events } = await type('purge', ...words);
    expect([code, events, records.told, stateOf(server)]).toEqual([2, [], [], before]);
  });
});

describe('unprotect', () => {
  test('lets a protected site be removed, for the API and for the executor', async () => {
    const { server, records, type } = world();
    await put(server, spec({ protected: true }));
    await expect(remove(server)).rejects.toThrow('protected');
    const { code, out } = await type('unprotect', 'domain', 'shop.example');
    expect([code, out]).toEqual([0, `shop.example (${ID}) is not protected any more\n`]);
    expect(records.told).toEqual([`unprotected ${ID}`]);
    await remove(server);
  });

  test('while the state cannot be told it stays protected', async () => {
    const { server, records, type } = world();
    await put(server, spec({ protected: true }));
    const before = stateOf(server);
    records.away = true;
    expect((await type('unprotect', 'domain', ID)).code).toBe(1);
    expect(stateOf(server)).toEqual(before);
  });

  test.each([[['domain', 'other.example']], [['domain', OTHER]]])('%j is not here', async (words) => {
    const { server, records, type } = world();
    await put(server, spec({ protected: true }));
    const { code, err } = await type('unprotect', ...words);
    expect([code, err, records.told]).toEqual([1, expect.stringContaining('not_found'), []]);
  });
});

describe('limit', () => {
  test('sets one, shows all, and leaves the others as they were', async () => {
    const { server, records, type } = world();
    await type('limit', 'set', 'destroyPerHour', '5');
    const { code, out } = await type('limit', 'set', 'graceHours', '0.5', '--json');
    const orders = {
      ...{ ordersPerHour: 60, ordersPerWeek: 2000, tenantOrdersPerHour: 30, tenantOrdersPerWeek: 1000 },
      ...{ siteOrdersPerHour: 4, siteOrdersPerWeek: 20 },
    };
    const repairs = { repairsPerHour: 1200, siteRepairsPerHour: 6, upgradesPerHour: 6, bansPerHour: 60 };
    const caps = { letInPerHour: 60, ...repairs, cacheMebibytes: 256, ...orders, connectionsPerAccount: 30 };
    const wanted = { graceHours: 0.5, destroyPerHour: 5, ...caps };
    expect([code, JSON.parse(out)]).toEqual([0, wanted]);
    expect(JSON.parse((await type('limit', 'list', '--json')).out)).toEqual(wanted);
    expect(server.disk.get(paths.limits)).toMatchObject({ kind: 'file', mode: 0o644 });
    expect(records.told).toEqual(['door destroy_per_hour 5', 'grace 0.5']);
  });

  test('a file that cannot be understood is neither shown nor written over', async () => {
    const { server, type } = world();
    server.disk.set(paths.limits, { kind: 'file', text: '{"graceHours": "none"}', mode: 0o644 });
    const before = stateOf(server);
    expect((await type('limit', 'list')).err).toContain('server_broken');
    expect((await type('limit', 'set', 'graceHours', '1')).code).toBe(1);
    expect(stateOf(server)).toEqual(before);
  });

  test.each([
    [[]],
    [['show']],
    [['list', 'graceHours']],
    [['set']],
    [['set', 'graceHours']],
    [['set', 'graceHours', '1', '2']],
    [['set', 'graceHours', '-1']],
    [['set', 'graceHours', '8761']],
    [['set', 'graceHours', '1e3']],
    [['set', 'graceHours', '0x10']],
    [['set', 'graceHours', ' 1']],
    [['set', 'destroyPerHour', '1.5']],
    [['set', 'letInPerHour', '1000001']],
    [['set', 'letInPerHour', 'Infinity']],
    [['set', '__proto__', '1']],
  ])('%j is used wrongly, and nothing is written', async (words) => {
    const { server, type } = world();
    const { code, events } = await type('limit', ...words);
    expect([code, events, server.disk.has(paths.limits)]).toEqual([2, [], false]);
  });
});

describe('administrator', () => {
  test('shows the text of a new token once, and notes none of it', async () => {
    const { records, type } = world();
    const { code, out, err, events } = await type('administrator', 'create', 'my panel');
    expect([code, out.split('\n')[0]]).toEqual([0, `token sculptor_${'x'.repeat(43)}`]);
    expect(records.told).toEqual(['create my panel']);
    expect(JSON.stringify([err, events])).not.toContain('xxx');
  });

  test('lists name, use and revocation', async () => {
    const { records, type } = world();
    const made = { createdAt: '2026-01-01T00:00:00Z', lastUsedAt: null, revoked: true };
    records.administrators = [{ id: 'tabcdefghij1' as never, name: 'old panel', ...made }];
    const { out } = await type('administrator', 'list');
    expect(out).toBe('tabcdefghij1  revoked  made 2026-01-01T00:00:00Z, never used  old panel\n');
  });

  test('revokes by id', async () => {
    const { records, type } = world();
    expect((await type('administrator', 'revoke', 'tabcdefghij1')).code).toBe(0);
    expect(records.told).toEqual(['revoke tabcdefghij1']);
  });

  test.each([
    [['create']],
    [['create', "x'); DROP TABLE token; --"]],
    [['create', 'a\nb']],
    [['create', 'a', 'b']],
    [['list', 'all']],
    [['revoke', 'panel']],
    [['revoke', "t' OR 'a'='a"]],
  ])('%j is used wrongly, and nothing is done', async (words) => {
    const { records, type } = world();
    const { code, events } = await type('administrator', ...words);
    expect([code, events, records.told]).toEqual([2, [], []]);
  });
});

describe('site refresh', () => {
  const folder = '/etc/sculptor/snippets/shop.example';
  const write = (server: FakeServer, text: string) => {
    server.disk.set(folder, { kind: 'folder', uid: 0, gid: 0, mode: 0o755 });
    server.disk.set(`${folder}/x.conf`, { kind: 'file', text, mode: 0o644 });
  };

  test('has nginx read what root has written for a site, and says whether that was another', async () => {
    const { server, type } = world();
    await put(server);
    write(server, 'one;');
    expect((await type('site', 'refresh', 'shop.example')).out).toContain('is served by what is written');
    expect(server.disk.get(`/etc/nginx/sculptor/snippets/${ID}-x.conf`)).toMatchObject({ text: 'one;' });
    expect(server.disk.get('/etc/sculptor/hosts/shop.example')).toMatchObject({ target: `../held/${ID}` });
    expect((await type('site', 'refresh', ID)).out).toContain('was served so already');
    server.disk.delete(`${folder}/x.conf`);
    await type('site', 'refresh', ID);
    expect(server.disk.get('/etc/sculptor/hosts/shop.example')).toMatchObject({ target: `../sites/${ID}` });
    expect(server.disk.has(paths.serverBlock(ID as never))).toBe(false);
  });

  test('leads no name to the site that another site holds', async () => {
    const { server, type } = world();
    await put(server);
    const { registry } = createFakeSystem(server).system;
    const entry = await registry.read(ID);
    await registry.write({ ...entry!, names: [...entry!.names, 'other.example' as DomainName] });
    const link = { kind: 'link', target: '../sites/b1b2c3d4e5f6' } as const;
    server.disk.set('/etc/sculptor/hosts/other.example', link);
    write(server, 'one;');
    await type('site', 'refresh', ID);
    expect(server.disk.get('/etc/sculptor/hosts/other.example')).toEqual(link);
    expect(server.disk.get(paths.serverBlock(ID))).toMatchObject({
      text: expect.not.stringContaining('other.example') as string,
    });
  });

  test('of a site that was removed is refused', async () => {
    const { server, type } = world();
    await put(server);
    await remove(server);
    write(server, 'one;');
    expect(await type('site', 'refresh', ID)).toMatchObject({
      code: 1,
      err: expect.stringContaining('not_ready') as string,
    });
  });
});
