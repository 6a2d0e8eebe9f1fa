import { must, page, place, run, visit } from './server.ts';
import { asTenant, change, idIn, tenant } from './as-tenant.ts';
import { ready, unique } from './agent.ts';
import { setTimeout as pause } from 'node:timers/promises';

/* Sites that are no plain PHP, while their tenant is suspended: what they are else is nobody's to see meanwhile. */

const TOKEN = 'a-token-of-a-suspended-site';
const CHALLENGE = `/.well-known/acme-challenge/${TOKEN}`;
const FILE = `/var/lib/sculptor-acme/webroot${CHALLENGE}`;

let owner: string;
beforeAll(async () => {
  await ready();
  const install = ['apt-get', 'install', '--quiet', '--yes', '--no-install-recommends', 'nodejs'];
  must('env', ['DEBIAN_FRONTEND=noninteractive', ...install]);
  must('runuser', ['-u', 'sculptor-acme', '--', 'tee', FILE], 'answer');
  owner = await tenant();
});
afterAll(() => void must('rm', ['-f', FILE]));

type Made = { readonly id: string; readonly name: string };

async function made(body: object): Promise<Made> {
  const name = `${unique('held')}.example`;
  return { id: idIn(await asTenant(owner, ['POST', '/v1/domains', { name, ...body }]), 'domain'), name };
}

async function statusOf({ name }: Made, headers: Record<string, string> = {}): Promise<number> {
  const answer = await visit(name, '/', { headers });
  return answer === 'closed' ? 0 : answer.status;
}

async function answering(site: Made): Promise<void> {
  while ((await statusOf(site)) === 502) await pause(200);
}

const SERVER = `require('http').createServer((q, s) => s.end('of the program')).listen(process.env.PORT)`;
const ANNA = { authorization: `Basic ${Buffer.from('anna:correct horse').toString('base64')}` };

test('a program, visitors with a password and a redirect are suspended and resumed, and an authority is answered', async () => {
  const program = await made({ type: 'node', start: ['node', '-e', SERVER] });
  const passwordHash = must('openssl', ['passwd', '-6', '-stdin'], 'correct horse\n').trim();
  const guarded = await made({ options: { basicAuth: { users: [{ name: 'anna', passwordHash }] } } });
  const sent = await made({ type: 'redirect', options: { redirect: { to: 'https://other.example' } } });
  place(`s-${guarded.id}`, `/home/www/${guarded.name}/public/index.php`, '<?php echo "in";');
  const all = [program, guarded, sent];
  const socket = () => run('systemctl', ['is-active', `sculptor-relay@${program.id}.socket`]).out.trim();
  const runs = () => run('pgrep', ['-u', `s-${program.id}`]).code === 0;
  const asUsual = async () => {
    await answering(program);
    expect(await page(program.name)).toEqual([200, 'of the program']);
    expect([await statusOf(guarded), await statusOf(guarded, ANNA)]).toEqual([401, 200]);
    expect(await statusOf(sent)).toBe(308);
    expect([socket(), runs()]).toEqual(['active', true]);
    for (const { name } of all) expect(await page(name, CHALLENGE)).toEqual([200, 'answer']);
  };
  await asUsual();

  await change(owner, 'suspend', { reason: 'unpaid' });
  for (const site of all) {
    for (const headers of [{}, ANNA]) expect(await statusOf(site, headers)).toBe(503);
    expect((await page(site.name))[1]).toContain('suspended');
    expect(await page(site.name, CHALLENGE)).toEqual([200, 'answer']);
  }
  expect([socket(), runs()]).toEqual(['inactive', false]);

  await change(owner, 'resume');
  await asUsual();
});
