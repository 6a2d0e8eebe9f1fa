import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  accepted,
  API_SOCKET,
  createDomain,
  ended,
  exchange,
  operationId,
  readDomain,
  readOperation,
  ready,
  succeeded,
  unique,
} from './agent.ts';
import { as, must, page, rootSql, run, sculptorctl } from './server.ts';
import makeRoom from './roomy.ts';

/* Root's own commands, and that the API tells the truth after them. */

beforeAll(ready);

const LIMITS = '/etc/sculptor/limits.json';
const AUDIT = '/var/lib/sculptor-root/audit.log';
const TRASH = '/home/www/.trash';
const inTrash = (id: string) => readdirSync(TRASH).filter((name) => name.startsWith(`${id}-`));
const stateOf = (id: string) =>
  rootSql(`SELECT status FROM sculptor.resource_state WHERE resource_id = '${id}'`).trim();

async function trashed(name: string) {
  const domain = await createDomain({ name });
  await succeeded(await accepted('DELETE', `/v1/domains/${domain.id}`));
  return domain;
}

// The other suites want their room back, in the door too.
const roomy = readFileSync(LIMITS);
afterEach(makeRoom);

describe('purge', () => {
  test('erases a removed site at once, account and all, and the API says that it is gone', async () => {
    const { id, name } = await trashed(`${unique('purge')}.example`);
    expect(inTrash(id)).toHaveLength(1);
    const [folder = ''] = inTrash(id);
    const { code, out } = sculptorctl('purge', 'domain', name);
    expect([code, out]).toEqual([
      0,
      `erased the files in ${TRASH}/${folder}\nremoved the account s-${id}\n${name} (${id}) is purged\n`,
    ]);
    expect(inTrash(id)).toEqual([]);
    expect(run('id', [`s-${id}`]).code).toBe(1);
    expect(stateOf(id)).toBe('deleted');
    const restored = sculptorctl('domain', 'restore', id);
    expect([restored.code, restored.err]).toEqual([1, expect.stringContaining('no such')]);
    expect(readFileSync(AUDIT, 'utf8')).toContain(
      `"event":"ended","command":"purge","subject":"domain ${name}","outcome":"succeeded"`,
    );
  });

  test('leaves a site that stands alone, and so it does with a neighbour of the same name', async () => {
    const name = `${unique('stands')}.example`;
    const gone = await trashed(name);
    const stands = await createDomain({ name });
    expect(sculptorctl('purge', 'domain', stands.id, '--yes')).toMatchObject({ code: 1 });
    expect(sculptorctl('purge', 'domain', name).code).toBe(0);
    expect([stateOf(gone.id), stateOf(stands.id)]).toEqual(['deleted', 'live']);
    expect((await page(name, '/.sculptor/site'))[0]).not.toBe(0);
  });
});

describe('unprotect', () => {
  test('is what it takes to remove a protected site', async () => {
    const { id } = await createDomain({ name: `${unique('kept')}.example`, protected: true });
    expect(sculptorctl('domain', 'delete', id)).toMatchObject({ code: 1 });
    expect(sculptorctl('unprotect', 'domain', id).code).toBe(0);
    expect(JSON.parse(sculptorctl('domain', 'show', id, '--json').out)).toMatchObject({ protected: false });
    expect(sculptorctl('domain', 'delete', id)).toMatchObject({ code: 0 });
  });

  test('clears what the executor remembers, even where the state has lost its row', async () => {
    const { id } = await createDomain({ name: `${unique('lost')}.example`, protected: true });
    rootSql(`DELETE FROM sculptor.protection WHERE resource_id = '${id}'`);
    const refused = await ended(await accepted('DELETE', `/v1/domains/${id}`));
    expect(refused.error?.code).toBe('protected');
    expect(sculptorctl('unprotect', 'domain', id).code).toBe(0);
    await succeeded(await accepted('DELETE', `/v1/domains/${id}`));
  });
});

describe('limit', () => {
  test('holds from the next request on; what it holds back says why, and can be cancelled', async () => {
    const { id } = await createDomain({ name: `${unique('capped')}.example` });
    const set = sculptorctl('limit', 'set', 'destroyPerHour', '0', '--json');
    expect([set.code, JSON.parse(set.out)]).toEqual([0, expect.objectContaining({ destroyPerHour: 0 })]);
    expect(sculptorctl('limit', 'list').out).toMatch(/^destroyPerHour +0 /m);
    const operation = operationId(await accepted('DELETE', `/v1/domains/${id}`));
    while ((await readOperation(operation)).error === null) await pause(50);
    const shown = sculptorctl('operation', 'show', operation).out;
    expect(shown).toMatch(/^status +queued$/m);
    expect(shown).toMatch(/^limit_reached: This server removes, .* at most 0 sites and databases an hour/m);
    expect(sculptorctl('operation', 'cancel', operation)).toMatchObject({ code: 0 });
    expect(await readDomain(id)).toMatchObject({ status: 'live' });
  });

  test('a new grace is what the API says of what lies in the trash already', async () => {
    const { id } = await trashed(`${unique('grace')}.example`);
    expect(sculptorctl('limit', 'set', 'graceHours', '240').code).toBe(0);
    const left = rootSql(
      `SELECT TIMESTAMPDIFF(MINUTE, trashed_at, purge_after) FROM sculptor.resource_state WHERE resource_id = '${id}'`,
    );
    expect(left.trim()).toBe(String(240 * 60));
  });
});

describe('the purge timer', () => {
  const lines = (id: string) =>
    readFileSync(AUDIT, 'utf8')
      .split('\n')
      .filter((line) => line.includes(id));
  const refused = (id: string) => lines(id).some((line) => /"site\.purge".*"outcome":"not_due"/.test(line));

  test('purges nothing before its time though the state says so, and everything once root says so', async () => {
    const { id, name } = await trashed(`${unique('timer')}.example`);
    const forged = `UPDATE sculptor.resource_state SET purge_after = '2000-01-01' WHERE resource_id = '${id}'`;
    const sql = ['--no-defaults', '--socket=/run/mysqld/mysqld.sock', '-e', forged];
    expect(as('www-data', 'mariadb', ...sql).err).toContain('command denied');
    expect(as('sculptor', 'mariadb', ...sql).code).toBe(0);
    while (!refused(id)) await pause(200);
    expect([stateOf(id), inTrash(id).length]).toEqual(['trashed', 1]);
    expect(sculptorctl('limit', 'set', 'graceHours', '0').code).toBe(0);
    while (stateOf(id) !== 'deleted') await pause(200);
    expect(inTrash(id)).toEqual([]);
    expect(run('id', [`s-${id}`]).code).toBe(1);
    expect(await createDomain({ name })).toMatchObject({ status: 'live' });
  });
});

describe('administrator', () => {
  const servers = (secret: string) =>
    exchange({
      socketPath: API_SOCKET,
      method: 'GET',
      path: '/v1/server',
      headers: { authorization: `Bearer ${secret}`, host: 'localhost' },
    });

  test('a token of an administrator works at once, and is refused from its revocation on', async () => {
    const made = sculptorctl('administrator', 'create', 'second panel', '--json');
    const { secret, token } = JSON.parse(made.out) as { secret: string; token: { id: string } };
    expect((await servers(secret)).status).toBe(200);
    const listed = JSON.parse(sculptorctl('administrator', 'list', '--json').out) as { items: object[] };
    expect(listed.items).toContainEqual(expect.objectContaining({ id: token.id, revoked: false }));
    expect(sculptorctl('administrator', 'revoke', token.id).code).toBe(0);
    expect((await servers(secret)).status).toBe(401);
    expect(sculptorctl('administrator', 'list').out).toMatch(new RegExp(`^${token.id} +revoked `, 'm'));
  });

  test('the text of a token is in no log and no file but the state, which has its digest', () => {
    const made = sculptorctl('administrator', 'create', 'quiet', '--json');
    const { secret, token } = JSON.parse(made.out) as { secret: string; token: { id: string } };
    const kept = must('journalctl', ['--no-pager', '--output=cat']) + readFileSync(AUDIT, 'utf8');
    expect(kept).toContain('administrator');
    expect(kept).not.toContain(secret);
    expect(rootSql(`SELECT sha256, role FROM sculptor.token WHERE id = '${token.id}'`)).toMatch(
      /^[0-9a-f]{64}\tadministrator\n$/,
    );
    const found = run('grep', [
      '-rlF',
      '--',
      secret,
      '/var/lib/mysql',
      '/var/lib/sculptor-redis',
      '/var/log',
      '/etc',
    ]);
    expect(found.out).toBe('');
  });

  test('no row that can be inserted as www-data is an administrator', () => {
    const insert = as(
      'www-data',
      'mariadb',
      '--no-defaults',
      '--socket=/run/mysqld/mysqld.sock',
      '-e',
      "INSERT INTO sculptor.token (id, sha256, role, name) VALUES ('tthief000000', REPEAT('a', 64), 'administrator', 'x')",
    );
    expect(insert.err).toContain('command denied');
  });
});

describe('what is told and listed', () => {
  test('a removal is in the trash, among the notifications, and one line of the unprivileged worker', async () => {
    const { id, name } = await trashed(`${unique('told')}.example`);
    expect(sculptorctl('trash', 'list').out).toMatch(new RegExp(`^domain +${name} +${id} `, 'm'));
    expect(sculptorctl('notification', 'list').out).toContain(`The site ${name} was removed.`);
    const journal = () =>
      must('journalctl', ['--no-pager', '--output=cat', '--unit=sculptor-worker-unprivileged']);
    const lines = () =>
      journal()
        .split('\n')
        .filter((line) => line.includes(`"resource":"${id}"`));
    while (lines().length === 0) await pause(200);
    expect(lines()).toHaveLength(1);
    expect(JSON.parse(lines()[0] ?? '')).toMatchObject({
      ...{ level: 'warn', msg: 'notification', kind: 'destroyed', name },
      what: `The site ${name} was removed.`,
    });
  });

  test('a token made at the terminal may what it was made for, and nothing once it is revoked', () => {
    const made = sculptorctl('token', 'create', 'reader', '--scope', 'domains:read', '--days', '1', '--json');
    const { secret, token } = JSON.parse(made.out) as { secret: string; token: { id: string } };
    const file = join(mkdtempSync(join(tmpdir(), 'token-')), 'reader');
    writeFileSync(file, secret, { mode: 0o600 });
    const asReader = (...words: readonly string[]) => sculptorctl('--token-file', file, ...words);
    expect(asReader('domain', 'list').code).toBe(0);
    expect(asReader('database', 'list')).toMatchObject({
      code: 1,
      err: expect.stringContaining('databases:read'),
    });
    expect(sculptorctl('token', 'list').out).toMatch(
      new RegExp(`^reader +${token.id} +tenant .*domains:read$`, 'm'),
    );
    expect(sculptorctl('token', 'revoke', token.id).code).toBe(0);
    expect(asReader('domain', 'list').code).toBe(1);
    expect(sculptorctl('token', 'show', token.id).out).toMatch(/^status +revoked$/m);
  });
});

test.each(['purge', 'unprotect', 'limit', 'administrator'])(
  'sculptorctl %s is refused to whoever is not root',
  (word) => {
    for (const user of ['www-data', 'sculptor', 'nobody']) {
      expect(as(user, 'sculptorctl', word, 'list')).toMatchObject({ code: 1, out: '' });
    }
  },
);

test('a command that is used wrongly says how it is used, and leaves no trace', () => {
  // How far the audit reaches is noted now and then, whatever is asked.
  const asked = () =>
    readFileSync(AUDIT, 'utf8')
      .split('\n')
      .filter((line) => !line.includes('"event":"head"'));
  const before = asked();
  const { code, err } = sculptorctl('purge', 'domain', 'a1b2c3d4e5f6');
  expect([code, err]).toEqual([
    2,
    expect.stringContaining('Usage: sculptorctl [--json] purge domain|database NAME|ID'),
  ]);
  expect(asked()).toEqual(before);
  expect(readFileSync(LIMITS)).toEqual(roomy);
});
