import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { Webhook } from '../../contract/webhooks.ts';
import {
  accepted,
  api,
  createDatabase,
  createDomain,
  createUser,
  ready,
  succeeded,
  unique,
  updateDomain,
  type Login,
} from './agent.ts';
import { must, rootSql, sculptorctl, sql } from './server.ts';

/* What holds although the state is put back to a dump from before it, whatever somebody with the API's account wrote there. */

const DUMPS = '/var/lib/sculptor-root/state-dumps';
const MARK = '/var/lib/sculptor-root/state-restore.json';
const LONG_MS = 900_000;

const dumpNow = () => String(sculptorctl('system', 'dump-state').out.split(' ')[0]);
const restore = (...words: readonly string[]) => sculptorctl('system', 'restore-state', ...words);
const replaced = () => readdirSync(DUMPS).filter((name) => name.endsWith('-replaced'));
const isKept = () => rootSql("SHOW DATABASES LIKE 'sculptor-kept'") !== '';

type Token = { readonly id: string; readonly text: string };
function newToken(): Token {
  const { out } = sculptorctl('--json', 'administrator', 'create', unique('panel'));
  const { token, secret } = JSON.parse(out) as { token: { id: string }; secret: string };
  return { id: token.id, text: secret };
}
const asked = async ({ text }: Token) =>
  (await api('GET', '/v1/domains', { headers: { authorization: `Bearer ${text}` } })).status;

async function newWebhook(): Promise<string> {
  const body = { url: 'https://panel.example/events', events: ['notification.alarm'] };
  return Webhook.parse((await api('POST', '/v1/webhooks', { body })).json['webhook']).id;
}
const webhooks = async () => z.array(Webhook).parse((await api('GET', '/v1/webhooks')).json['items']);
const secretNumber = (id: string) =>
  Number(
    rootSql(`SELECT secret_number FROM sculptor.webhook_version WHERE webhook_id = '${id}'
      ORDER BY generation DESC LIMIT 1`),
  );

/** With the API's account nothing of it needs to be anything; it can switch the checks off. */
function scribble(domain: string): void {
  rootSql(`USE sculptor; SET foreign_key_checks = 0, check_constraint_checks = 0;
    INSERT INTO token_revocation (token_id, actor) SELECT LPAD(seq, 12, '0'), 'nobody' FROM seq_1_to_30000;
    INSERT INTO token_revocation (token_id, actor) VALUES ('A"\\n', '- no one -');`);
  const columns =
    'tenant, server, name, aliases, type, php_version, public_directory, options, php_limits, isolation, enabled';
  const of = `${columns} FROM domain_version WHERE domain_id = '${domain}' AND generation = 1`;
  rootSql(`USE sculptor; SET foreign_key_checks = 0, check_constraint_checks = 0;
    INSERT INTO domain_version (domain_id, generation, ${columns}) SELECT '${domain}', 4294967295, ${of};
    INSERT INTO domain_version (domain_id, generation, ${columns})
      SELECT LPAD(s.seq, 12, 'A'), 1, ${of.replace(' FROM ', ' FROM seq_1_to_2000 s, ')};`);
}

async function clean(): Promise<void> {
  for (const { id } of await webhooks()) await api('DELETE', `/v1/webhooks/${id}`);
  rootSql(`USE sculptor; DELETE FROM token_revocation WHERE actor IN ('nobody', '- no one -');
    DELETE FROM domain_version WHERE generation = 4294967295 OR domain_id LIKE 'AAAA%'`);
}

beforeAll(async () => {
  await ready();
  await clean();
});
afterAll(clean);

const world = {
  ...{ dump: '', domain: '', database: '' },
  ...{ rotated: '', removed: { id: '', name: '', password: '' } as Login, former: '' },
  ...{ kept: '', deleted: '', renewed: '' },
};
let user: Login;

test(
  'who was put out stays out, with any number of rows beside and a mark from before',
  async () => {
    const [stays, revoked] = [newToken(), newToken()];
    world.domain = (await createDomain({ name: `${unique('known')}.example`, type: 'static' })).id;
    world.database = (await createDatabase(unique('known'))).id;
    user = await createUser(world.database, { name: unique('rotated') });
    world.removed = await createUser(world.database, { name: unique('removed') });
    [world.kept, world.deleted, world.renewed] = [await newWebhook(), await newWebhook(), await newWebhook()];
    scribble(world.domain);
    world.dump = dumpNow();
    sculptorctl('administrator', 'revoke', revoked.id);
    const made = await createDomain({ name: `${unique('made')}.example`, type: 'static' });
    await updateDomain(world.domain, { options: { bodyBytes: 5_000_000 } });
    const users = `/v1/databases/${world.database}/users`;
    const rotated = await accepted('POST', `${users}/${user.id}/rotate-password`);
    await succeeded(rotated);
    world.rotated = String(rotated.json['password']);
    await succeeded(await accepted('DELETE', `${users}/${world.removed.id}`));
    expect((await api('DELETE', `/v1/webhooks/${world.deleted}`)).status).toBe(200);
    expect((await api('POST', `/v1/webhooks/${world.renewed}/rotate-secret`)).status).toBe(200);
    const made2 = await newWebhook();
    writeFileSync(MARK, JSON.stringify({ name: world.dump, since: new Date(), kept: null, carried: [] }));
    const before = replaced();
    const { code, out, err } = restore(world.dump, '--yes');
    expect([code, err]).toEqual([0, '']);
    await ready();
    const kept = replaced().filter((name) => !before.includes(name));
    expect([existsSync(MARK), isKept(), kept.length]).toEqual([false, false, 1]);
    expect(await Promise.all([stays, revoked].map(asked))).toEqual([200, 401]);
    expect(out).toContain(made.name);
    expect(out).toContain(`(${world.domain}) is on the server in version 2, and in the dump in version 1`);
    expect(out).not.toContain('AAAA');
    expect((await webhooks()).map(({ id }) => id)).not.toContain(made2);
  },
  LONG_MS,
);

test('a webhook that was deleted since stays so, and no secret comes back that another took the place of', async () => {
  const there = (await webhooks()).map(({ id, enabled }) => [id, enabled]);
  expect(there).toEqual([world.kept, world.renewed].sort().map((id): unknown => [id, true]));
  expect([world.kept, world.renewed].map(secretNumber)).toEqual([1, 2]);
});

test(
  'a password that was changed since stays so, and no account is made anew, also where drift is repaired',
  async () => {
    const users = `/v1/databases/${world.database}/users`;
    expect((await api('GET', users)).text).not.toContain(world.removed.name);
    await succeeded(await accepted('POST', `/v1/databases/${world.database}/drift/repair`));
    const login = (password: string) => sql({ name: user.name, password }, 'SELECT 1').code;
    expect([login(user.password), login(world.rotated)]).toEqual([1, 0]);
    expect(sql(world.removed, 'SELECT 1').code).toBe(1);
    // Both can be managed further on.
    await succeeded(await accepted('POST', `${users}/${user.id}/rotate-password`));
    const again = await createUser(world.database, { name: world.removed.name });
    expect(sql(again, 'SELECT 1').code).toBe(0);
  },
  LONG_MS,
);

test(
  'where the agent does not start afterwards the state is whole, and nobody is told to begin anew',
  async () => {
    const folder = '/run/systemd/system/sculptor-api.service.d';
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/50-broken.conf`, '[Service]\nExecStartPre=/bin/false\n');
    must('systemctl', ['daemon-reload']);
    const { code, err } = restore(dumpNow(), '--yes');
    rmSync(folder, { recursive: true });
    must('systemctl', ['daemon-reload']);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('is put back, all of it, and the agent does not start'),
    ]);
    expect(err).not.toContain('again: it begins anew');
    expect([existsSync(MARK), isKept()]).toEqual([false, false]);
    must('systemctl', ['reset-failed', 'sculptor-api.service']);
    must('systemctl', ['start', 'sculptor-executor.socket', 'sculptor-api', 'sculptor-worker-privileged']);
    must('systemctl', ['start', 'sculptor-worker-unprivileged']);
    await ready();
    expect(sculptorctl('doctor').out).not.toContain('is being put back');
  },
  LONG_MS,
);

test(
  'a state that cannot be kept is not replaced, and the agent goes on',
  async () => {
    world.dump = dumpNow();
    lose('token_revocation', 'webhook_version');
    await ready();
    const before = rootSql('SELECT COUNT(*) FROM sculptor.operation');
    const { code, err } = restore(world.dump, '--yes');
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('could not be kept, so nothing was put in its place'),
    ]);
    expect([rootSql('SELECT COUNT(*) FROM sculptor.operation'), existsSync(MARK)]).toEqual([before, false]);
    for (const unit of ['sculptor-api', 'sculptor-worker-privileged', 'sculptor-executor.socket'])
      must('systemctl', ['is-active', unit]);
  },
  LONG_MS,
);

test(
  'where root goes without it, all tokens but root’s own are revoked, and webhooks are off with secrets that nobody has',
  async () => {
    const { code, out, err } = restore(world.dump, '--yes', '--without-keeping');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/[0-9]+ tokens were revoked, for nobody knows which had been/);
    expect(out).toContain('webhooks are switched off');
    await ready();
    expect((await api('GET', '/v1/domains')).status).toBe(200);
    expect((await webhooks()).map(({ offBecause }) => offBecause)).toEqual(['restored', 'restored']);
    for (const id of [world.kept, world.renewed]) expect(secretNumber(id)).toBeGreaterThan(2 ** 31);
    expect(sculptorctl('webhook', 'show', world.kept).out).toContain('rotate its secret');
    expect((await api('POST', `/v1/webhooks/${world.kept}/rotate-secret`)).status).toBe(200);
    expect(sculptorctl('webhook', 'on', world.kept).code).toBe(0);
    expect((await api('DELETE', `/v1/domains/${world.domain}`)).status).toBe(202);
  },
  LONG_MS,
);

/** As where a disk gives a file back no more. */
function lose(...tables: readonly string[]): void {
  must('systemctl', ['stop', 'mariadb']);
  for (const table of tables) rmSync(`/var/lib/mysql/sculptor/${table}.ibd`);
  must('systemctl', ['start', 'mariadb']);
}
