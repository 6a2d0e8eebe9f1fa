import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import {
  accepted,
  api,
  createDatabase,
  createDomain,
  createUser,
  readDomain,
  ready,
  succeeded,
  unique,
  updateDomain,
} from './agent.ts';
import { must, page, rootSql, run, sculptorctl, sql } from './server.ts';

/* The agent's state is lost, or put back to a dump, on a server whose sites go on. */

const DUMPS = '/var/lib/sculptor-root/state-dumps';
const MARK = '/var/lib/sculptor-root/state-restore.json';
const NO_USER = { name: 'root', password: '' };
const LONG_MS = 900_000;

const dumpNow = () => String(sculptorctl('system', 'dump-state').out.split(' ')[0]);
const restore = (...words: readonly string[]) => sculptorctl('system', 'restore-state', ...words);
const replaced = () => readdirSync(DUMPS).filter((name) => name.endsWith('-replaced'));
const count = () => Number(rootSql('SELECT COUNT(*) FROM sculptor.operation'));
const serves = async (name: string) => (await page(name, '/'))[0] !== 0;

type Token = { readonly id: string; readonly text: string };
function newToken(): Token {
  const { out } = sculptorctl('--json', 'administrator', 'create', unique('panel'));
  const { token, secret } = JSON.parse(out) as { token: { id: string }; secret: string };
  return { id: token.id, text: secret };
}
const asked = async ({ text }: Token) =>
  (await api('GET', '/v1/domains', { headers: { authorization: `Bearer ${text}` } })).status;

beforeAll(ready);

const world = { dump: '', changed: '', removed: '', made: '', login: NO_USER, database: '', key: '' };
const tokens: Token[] = [];

test(
  'says first what is younger than a dump, and changes nothing',
  async () => {
    const name = (prefix: string) => `${unique(prefix)}.example`;
    world.changed = (await createDomain({ name: name('changed'), type: 'static' })).name;
    world.removed = (await createDomain({ name: name('removed'), type: 'static' })).name;
    tokens.push(newToken(), newToken());
    world.dump = dumpNow();
    for (const bodyBytes of [5_000_000, 6_000_000])
      await updateDomain(world.changed, { options: { bodyBytes } });
    await succeeded(await accepted('DELETE', `/v1/domains/${world.removed}`));
    const made = await createDomain({ name: name('made'), type: 'static', aliases: [`www.${name('made')}`] });
    world.made = made.name;
    const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
    await succeeded(
      await accepted('POST', `/v1/domains/${made.id}/keys`, { body: { name: 'anna', publicKey } }),
    );
    const database = await createDatabase(unique('made'));
    world.database = database.name;
    world.login = await createUser(database.id, { name: unique('made') });
    sculptorctl('administrator', 'revoke', tokens[1]?.id ?? '');
    const before = count();
    const { code, out } = restore(world.dump);
    expect([code, out]).toEqual([0, expect.stringContaining('7 operations are younger than it, 4 of them')]);
    expect([count(), existsSync(MARK)]).toEqual([before, false]);
    expect(restore().out).toContain(world.dump);
  },
  LONG_MS,
);

test.each([
  ['whose archive is broken', (folder: string) => cut(`${folder}/state.sql.gz`)],
  ['that is another than was written', (folder: string) => swap(`${folder}/state.sql.gz`)],
  ['of which nothing is noted', (folder: string) => writeFileSync(`${folder}/about.json`, '{}')],
  ['of a newer agent', (folder: string) => makeNewer(`${folder}/about.json`)],
])('refuses a dump %s before anything is changed', (_what, spoil) => {
  const folder = `${DUMPS}/20200101-000000`;
  must('cp', ['-a', `${DUMPS}/${world.dump}`, folder]);
  spoil(folder);
  const before = [count(), replaced()];
  const { code, err } = restore('20200101-000000', '--yes');
  must('rm', ['-r', folder]);
  expect([code, err]).toEqual([1, expect.stringContaining('mismatch')]);
  expect([[count(), replaced()], existsSync(MARK)]).toEqual([before, false]);
});

test.each([['../../etc'], ['20260101'], ['x', 'y'], ['--yes'], ['20260101-000000', '--force']])(
  'is used wrongly by %j',
  (...words) => expect(restore(...words).code).toBe(2),
);

test(
  'the state is lost and last night’s is put back: every site runs, and each resource can be managed',
  async () => {
    const sites = [world.changed, world.made];
    rootSql('DROP DATABASE sculptor');
    for (const site of sites) expect(await serves(site)).toBe(true);
    const { code, out, err } = restore(world.dump, '--yes');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('of the state that was there nothing is kept');
    expect(out).toContain(
      `${world.changed} (${(await readDomain(world.changed)).id}) is on the server in version 3`,
    );
    expect(out).toContain(world.database);
    await ready();
    for (const site of sites) expect(await serves(site)).toBe(true);
    // What changed since shows as drift.
    const drifted = sculptorctl('drift', 'list').out;
    for (const name of [world.changed, world.made, world.database]) expect(drifted).toContain(name);
  },
  LONG_MS,
);

test(
  'versions go on from where the server is, and what the dump does not know can be changed and removed',
  async () => {
    const before = await readDomain(world.changed);
    expect([before.generation, before.options.bodyBytes]).toEqual([3, 6_000_000]);
    await updateDomain(world.changed, { options: { bodyBytes: 7_000_000 } });
    expect((await readDomain(world.changed)).generation).toBe(4);
    const made = await readDomain(world.made);
    expect([made.status, made.aliases.length]).toEqual(['live', 1]);
    expect((await api('GET', `/v1/domains/${made.id}/keys`)).text).toContain('anna');
    await updateDomain(made.id, { aliases: [] });
    await succeeded(await accepted('DELETE', `/v1/domains/${made.id}`));
    expect(await serves(world.made)).toBe(false);
    await createDomain({ name: `${unique('after')}.example`, type: 'static' });
    // The database, and its user with the password of before.
    expect(sql(world.login, 'SELECT 1', world.database).code).toBe(0);
    await succeeded(await accepted('DELETE', `/v1/databases/${world.database}`));
    expect(sql(world.login, 'SELECT 1', world.database).code).not.toBe(0);
  },
  LONG_MS,
);

test(
  'what was removed since lies in the trash, and comes back from there',
  async () => {
    const trash = (await api('GET', '/v1/trash')).text;
    expect(trash).toContain(world.removed);
    expect(
      sculptorctl('domain', 'restore', /"id":"([a-z0-9]{12})","name":"removed/.exec(trash)?.[1] ?? '').code,
    ).toBe(0);
    expect(await serves(world.removed)).toBe(true);
  },
  LONG_MS,
);

test('no token comes back to life: where nobody knows which were revoked, all but that of root’s own file are', async () => {
  expect(await Promise.all(tokens.map(asked))).toEqual([401, 401]);
  expect((await api('GET', '/v1/domains')).status).toBe(200);
});

test(
  'audit and doctor are content, and the audit has who did it',
  async () => {
    for (let second = 0; second < 60 && sculptorctl('audit', 'verify').code !== 0; second += 1)
      await pause(1000);
    expect(sculptorctl('audit', 'verify')).toMatchObject({ code: 0 });
    expect(sculptorctl('audit', 'list', '--actor', 'root', '--limit', '20').out).toContain('restore-state');
    const { out } = sculptorctl('doctor');
    expect(out.split('\n').filter((line) => line.startsWith('WRONG'))).toEqual([]);
  },
  LONG_MS,
);

test(
  'where the state is there, who was revoked since stays so, others do not, and it is kept as a dump',
  async () => {
    const [kept, revoked] = [newToken(), newToken()];
    const dump = dumpNow();
    sculptorctl('administrator', 'revoke', revoked.id);
    const since = newToken();
    const before = replaced();
    expect(restore(dump, '--yes')).toMatchObject({ code: 0, err: '' });
    await ready();
    expect(await Promise.all([kept, revoked, since].map(asked))).toEqual([200, 401, 401]);
    expect(replaced().filter((name) => !before.includes(name))).toHaveLength(1);
  },
  LONG_MS,
);

test(
  'one that is killed half-way says so, lets nobody in, and is done by running it again',
  async () => {
    const { name } = await createDomain({ name: `${unique('between')}.example`, type: 'static' });
    const dump = dumpNow();
    // It waits for this when it comes to put one in the place of the other.
    const holding = spawn('mariadb', [
      '--user=root',
      'sculptor',
      '-e',
      'LOCK TABLES domain_version READ; SELECT SLEEP(600)',
    ]);
    await pause(2000);
    const restoring = spawn('sculptorctl', ['system', 'restore-state', dump, '--yes'], { detached: true });
    const locked = () =>
      rootSql(
        "SELECT JSON_VALUE(priv, '$.account_locked') FROM mysql.global_priv WHERE user = 'www-data'",
      ).trim() === '1';
    for (let second = 0; second < 300 && !(existsSync(MARK) && locked()); second += 1) await pause(1000);
    await pause(2000);
    process.kill(-(restoring.pid ?? 0), 'SIGKILL');
    expect(sculptorctl('doctor').out).toContain(
      "A dump of the agent's state is being put back, or that broke off",
    );
    run('systemctl', ['start', 'sculptor-api.service']);
    expect(JSON.parse(readFileSync(MARK, 'utf8'))).toMatchObject({ name: dump });
    const status = await api('GET', '/v1/domains').then(
      (answer) => answer.status,
      () => 0,
    );
    expect([0, 500, 503]).toContain(status);
    expect(await serves(name)).toBe(true);
    holding.kill('SIGKILL');
    rootSql(
      "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'",
    )
      .split('\n')
      .filter((line) => line.startsWith('KILL'))
      .forEach((line) => void rootSql(line));
    expect(restore(dump, '--yes')).toMatchObject({ code: 0, err: '' });
    expect(existsSync(MARK)).toBe(false);
    await ready();
    await updateDomain(name, { options: { bodyBytes: 5_000_000 } });
    expect(await serves(name)).toBe(true);
  },
  LONG_MS,
);

function cut(path: string): void {
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length - 100));
}

function swap(path: string): void {
  writeFileSync(
    path,
    must('sh', ['-c', `printf -- 'DROP TABLE x;\\n-- Dump completed\\n' | gzip | base64`]),
    'base64',
  );
}

function makeNewer(path: string): void {
  const about = JSON.parse(readFileSync(path, 'utf8')) as { migrations: string[] };
  about.migrations.push('9999-newer.sql');
  writeFileSync(path, JSON.stringify(about));
}
