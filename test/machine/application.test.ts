import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Domain } from '../../contract/domains.ts';
import {
  accepted,
  api,
  createDatabase,
  createDomain,
  createUser,
  ready,
  succeeded,
  unique,
} from './agent.ts';
import { must, run, visit } from './server.ts';

/*
 * A small shop on Lumen, the distribution's package of it: made through the API alone, its files put there by SFTP, its
 * orders worked off by a supervised queue, its scheduler started by the clock.
 */

const folder = mkdtempSync(join(tmpdir(), 'application-'));
const key = join(folder, 'key');
const APPLICATION = 'test/machine/application';

beforeAll(async () => {
  await ready();
  const install = ['apt-get', 'install', '--quiet', '--yes', '--no-install-recommends'];
  const wanted = ['openssh-client', 'cron', 'php-laravel-lumen-framework'];
  must('env', ['DEBIAN_FRONTEND=noninteractive', ...install, ...wanted]);
  must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
});

const APP_KEY = 'k'.repeat(32);

function settings(database: string, { name, password }: { name: string; password: string }): string {
  const login = [`DB_DATABASE=${database}`, `DB_USERNAME=${name}`, `DB_PASSWORD=${password}`];
  return [`APP_KEY=${APP_KEY}`, ...login, ''].join('\n');
}

/** All of the shop, as its developer would put it there. */
function putFiles({ id }: Domain, env: string): void {
  const file = join(folder, 'env');
  writeFileSync(file, env);
  const folders = ['app', 'app/app', 'app/config', 'app/storage', 'app/storage/framework'];
  const commands = [
    ...[...folders, 'app/storage/framework/cache', 'app/storage/logs'].map((path) => `mkdir private/${path}`),
    ...['bootstrap.php', 'artisan'].map((name) => `put ${APPLICATION}/${name} private/app/${name}`),
    ...['app', 'config'].map((name) => `put ${APPLICATION}/${name}/*.php private/app/${name}/`),
    `put ${file} private/app/.env`,
    `put ${APPLICATION}/index.php public/index.php`,
  ];
  const options = ['StrictHostKeyChecking=no', `UserKnownHostsFile=${folder}/hosts`, 'BatchMode=yes'];
  const login = [...options.flatMap((option) => ['-o', option]), '-i', key, '-b', '-', `s-${id}@127.0.0.1`];
  expect(run('sftp', login, commands.join('\n'))).toMatchObject({ code: 0 });
}

type Shop = { readonly orders: readonly { worked_off_by: string | null }[]; readonly ticks: number };

async function shop({ name }: Domain): Promise<Shop> {
  const answer = await visit(name);
  if (answer === 'closed' || answer.status !== 200) throw new Error(JSON.stringify(answer));
  return answer.json as unknown as Shop;
}

/** Looks until it is so; the test's own time is the limit. */
async function until(domain: Domain, isSo: (shop: Shop) => boolean): Promise<Shop> {
  for (;;) {
    const seen = await shop(domain);
    if (isSo(seen)) return seen;
    await pause(200);
  }
}

test('a shop with a queue and a scheduler works on a site that was made through the API alone', async () => {
  const name = unique('shop');
  const domain = await createDomain({ name: `${name}.example` });
  const database = await createDatabase(name.replaceAll('-', '_'));
  const login = await createUser(database.name, { name: database.name.slice(0, 32) });
  const publicKey = readFileSync(`${key}.pub`, 'utf8').trim();
  const parts = `/v1/domains/${domain.id}`;
  const program = { workingDirectory: 'private/app' };
  await succeeded(await accepted('POST', `${parts}/keys`, { body: { name: 'developer', publicKey } }));
  putFiles(domain, settings(database.name, login));

  const install = { ...program, command: ['php', 'artisan', 'shop:install'] };
  const installed = await accepted('POST', `${parts}/runs`, { body: install });
  await succeeded(installed);
  const { id } = installed.json['run'] as { id: string };
  expect((await api('GET', `${parts}/runs/${id}`)).json['result']).toMatchObject({
    exitCode: 0,
    output: expect.stringContaining('The shop is installed.') as string,
  });

  const worker = { ...program, name: 'worker', command: ['php', 'artisan', 'queue:work', '--sleep=1'] };
  await succeeded(await accepted('POST', `${parts}/queues`, { body: worker }));
  const scheduler = {
    ...program,
    name: 'scheduler',
    schedule: '* * * * *',
    command: ['php', 'artisan', 'schedule:run'],
  };
  await succeeded(await accepted('POST', `${parts}/crons`, { body: scheduler }));

  const ordered = await visit(domain.name, '/orders', { form: { item: 'tea' } });
  expect(ordered).toMatchObject({ status: 202 });
  const user = `s-${domain.id}`;
  const worked = await until(domain, ({ orders }) => orders[0]?.worked_off_by !== null);
  expect(worked.orders[0]?.worked_off_by).toBe(user);
  expect((await until(domain, ({ ticks }) => ticks > 0)).ticks).toBeGreaterThan(0);
});
