// Runs as root in a kernel that counts projects, with /home/www on a file system that it holds the limits of: see
// scripts/quota.sh. What is real here is what has to do with files: registers, folders, quotas, sizes, programs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { DomainId, TenantId } from '../../contract/ids.ts';
import { NO_LIMITS, TenantSpec } from '../../contract/tenants.ts';
import { createCommands } from '../../worker-privileged/executor/system/command.ts';
import { createFiles } from '../../worker-privileged/executor/system/files.ts';
import { createErase } from '../../worker-privileged/executor/system/erase.ts';
import { createFolders } from '../../worker-privileged/executor/system/folders.ts';
import { createLocks } from '../../worker-privileged/executor/system/locks.ts';
import { ensureOwnFolders } from '../../worker-privileged/executor/system/own-folders.ts';
import { createPartRegister } from '../../worker-privileged/executor/system/part-register.ts';
import { createQuotas } from '../../worker-privileged/executor/system/quotas.ts';
import { createRegistry } from '../../worker-privileged/executor/system/registry.ts';
import { createSizes } from '../../worker-privileged/executor/system/sizes.ts';
import type { System } from '../../worker-privileged/executor/system/system.ts';
import { createTenantRegister, FIRST_PROJECT } from '../../worker-privileged/executor/system/tenants.ts';
import { measureSite, requireRoom } from '../../worker-privileged/executor/verbs/disk.ts';
import { putSite, removeSite } from '../../worker-privileged/executor/verbs/site.ts';
import { purgeSite, restoreSite } from '../../worker-privileged/executor/verbs/site-trash.ts';
import { putTenant } from '../../worker-privileged/executor/verbs/tenant.ts';
import { createFakeServer, createFakeSystem } from '../fakes/executor-system.ts';
import { failureOf, recordedRun, spec } from '../unit/executor/sites.ts';

const MIB = 1024 ** 2;
const [ALPHA, BETA] = ['tenantalpha1', 'tenantbeta12'] as TenantId[] as [TenantId, TenantId];
const FIRST = { id: 'a1b2c3d4e5f6', name: 'first.example', tenant: ALPHA };
const SECOND = { id: 'b1b2c3d4e5f6', name: 'second.example', tenant: ALPHA };
const OTHER = { id: 'c1b2c3d4e5f6', name: 'other.example', tenant: BETA };

const commands = createCommands();
const files = createFiles();
const folders = createFolders();
const locks = createLocks(commands);
const quotas = createQuotas({ commands, files, locks, mode: 'supervisor' });
const system: System = {
  ...createFakeSystem(createFakeServer()).system,
  ...{ files, folders, locks, quotas },
  erase: createErase({ commands }),
  parts: createPartRegister({ files, folders }),
  registry: createRegistry({ files, folders, locks }),
  sizes: createSizes({ commands, files }),
  tenants: createTenantRegister({ files, folders, locks }),
};

const generations = new Map<string, number>();
const next = (id: string) => {
  generations.set(id, (generations.get(id) ?? 0) + 1);
  return generations.get(id) ?? 1;
};

function tenant(id: TenantId, diskBytes: number | null) {
  const asked = { id, generation: next(id), suspended: false, plan: { ...NO_LIMITS, diskBytes } };
  return putTenant(system)(TenantSpec.parse(asked), recordedRun());
}

type Site = typeof FIRST;
const put = (site: Site) => putSite(system)(spec({ ...site, generation: next(site.id) }), recordedRun());
const idOf = ({ id }: Site) => id as DomainId;
const measure = (site: Site) => measureSite(system)({ id: idOf(site) }, recordedRun());
const uidOf = async (site: Site) => (await system.registry.read(idOf(site)))?.uid ?? 0;

/** As the site's user; what it said. */
async function asSite(site: Site, ...words: readonly string[]): Promise<string> {
  const uid = await uidOf(site);
  const ids = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--no-new-privs', '--bounding-set=-all'];
  const { stdout, stderr } = spawnSync('setpriv', [...ids, '--inh-caps=-all', '--', ...words], {
    encoding: 'utf8',
    cwd: `/home/www/${site.name}`,
    env: { PATH: '/usr/bin', LC_ALL: 'C' },
  });
  return stdout + stderr;
}

const write = (site: Site, file: string, mib: number) =>
  asSite(site, 'dd', 'if=/dev/zero', `of=${file}`, 'bs=1M', `count=${mib}`, 'status=none', 'conv=fsync');
const QUOTA = /Disk quota exceeded|No space left on device/;
const limitOf = async (id: TenantId) =>
  (await quotas.read((await system.tenants.read(id))?.project ?? 0)).limit;

const MADE = [
  '/etc/nginx/sculptor/sites',
  '/etc/nginx/sculptor/snippets',
  '/etc/cron.d',
  '/var/lib/sculptor-mail/sites',
  '/var/log/sculptor',
];
spawnSync('mkdir', ['-p', ...MADE]);
await ensureOwnFolders(folders);

await test('the kernel holds limits here', async () => {
  assert.equal(await quotas.inForce(), true);
});

await test('a tenant without a limit has no project, and neither have its sites', async () => {
  await tenant(ALPHA, null);
  await put(FIRST);
  assert.equal((await system.tenants.read(ALPHA))?.project, null);
  assert.equal(await write(FIRST, 'public/old', 8), '');
  assert.deepEqual((await measure(FIRST)).enforced, false);
});

await test('with a limit, what is there already is taken in, whatever its mode and however deep', async () => {
  await asSite(
    FIRST,
    'bash',
    '-c',
    'mkdir -p private/{a,b}/c/d/e && echo x >private/a/c/d/e/f && chmod 0 private/b',
  );
  await tenant(ALPHA, 20 * MIB);
  assert.equal((await system.tenants.read(ALPHA))?.project, FIRST_PROJECT);
  const held = await quotas.read(FIRST_PROJECT);
  assert.equal(held.limit, 20 * MIB);
  assert.ok(held.used >= 8 * MIB && held.used < 9 * MIB, String(held.used));
  assert.match(await asSite(FIRST, 'lsattr', '-p', 'private/a/c/d/e/f'), new RegExp(`^ *${FIRST_PROJECT} `));
});

await test('a file that is too large ends with EDQUOT, and nothing is written beyond the limit', async () => {
  assert.match(await write(FIRST, 'public/new', 40), QUOTA);
  assert.ok((await quotas.read(FIRST_PROJECT)).used <= 20 * MIB);
  assert.match(await write(FIRST, 'tmp/more', 1), QUOTA);
  await asSite(FIRST, 'rm', 'public/new');
});

await test('all sites of a tenant share one limit', async () => {
  await put(SECOND);
  assert.equal(await write(SECOND, 'public/its', 8), '');
  assert.match(await write(FIRST, 'public/too-much', 8), QUOTA);
  await asSite(FIRST, 'rm', '-f', 'public/too-much', 'tmp/more');
});

await test('a site of another tenant is unharmed, and has a limit of its own', async () => {
  await tenant(BETA, 30 * MIB);
  await put(OTHER);
  assert.equal((await system.tenants.read(BETA))?.project, FIRST_PROJECT + 1);
  assert.equal(await write(OTHER, 'public/its', 25), '');
  assert.match(await write(OTHER, 'public/more', 25), QUOTA);
  assert.equal((await quotas.read(FIRST_PROJECT)).limit, 20 * MIB);
});

await test('a raise takes hold at once, and so does a lower limit', async () => {
  await tenant(ALPHA, 40 * MIB);
  assert.equal(await write(FIRST, 'public/new', 20), '');
  await tenant(ALPHA, 30 * MIB);
  assert.match(await write(FIRST, 'public/newer', 4), QUOTA);
  await asSite(FIRST, 'rm', '-f', 'public/newer');
});

await test('a limit that is taken away is none for the kernel, and one that comes back holds again', async () => {
  await tenant(ALPHA, null);
  assert.equal(await limitOf(ALPHA), null);
  assert.equal(await write(SECOND, 'public/large', 20), '');
  await asSite(SECOND, 'rm', 'public/large');
  await tenant(ALPHA, 50 * MIB);
  assert.match(await write(SECOND, 'public/large', 20), QUOTA);
  await asSite(SECOND, 'rm', '-f', 'public/large');
});

await test('what is measured is what the kernel counts', async () => {
  const [first, second] = [await measure(FIRST), await measure(SECOND)];
  assert.deepEqual([first.enforced, second.enforced], [true, true]);
  const { used } = await quotas.read(FIRST_PROJECT);
  assert.ok(Math.abs((first.octets ?? 0) + (second.octets ?? 0) - used) < MIB / 4);
});

await test('what is mounted in a site is not counted', async () => {
  const [before, mounted] = [await measure(FIRST), '/home/www/first.example/tmp'];
  spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', mounted]);
  spawnSync('dd', ['if=/dev/zero', `of=${mounted}/file`, 'bs=1M', 'count=30', 'status=none']);
  const after = await measure(FIRST);
  spawnSync('umount', [mounted]);
  assert.ok((after.octets ?? 0) <= (before.octets ?? 0));
});

await test('files in the trash count, and come back with their count', async () => {
  const before = (await quotas.read(FIRST_PROJECT)).used;
  await removeSite(system)({ id: idOf(SECOND) }, recordedRun());
  assert.equal((await quotas.read(FIRST_PROJECT)).used, before);
  assert.deepEqual((await measure(SECOND)).enforced, true);
  const back = spec({ ...SECOND, generation: next(SECOND.id) });
  await restoreSite(system)(back, recordedRun());
  assert.equal((await quotas.read(FIRST_PROJECT)).used, before);
});

await test('a link out of the site leads nowhere: what it leads to is not taken in', async () => {
  await asSite(OTHER, 'ln', '-s', '/home/www/first.example/public', 'public/link');
  await asSite(OTHER, 'ln', '-s', '/etc', 'private/link');
  await quotas.takeIn(FIRST_PROJECT + 1, {
    home: '/home/www/other.example',
    uid: await uidOf(OTHER),
    gid: await uidOf(OTHER),
  });
  assert.match(await asSite(FIRST, 'lsattr', '-pd', 'public'), new RegExp(`^ *${FIRST_PROJECT} `));
});

await test('what a site takes out of its project is measured all the same, and refused to be added to', async () => {
  await tenant(ALPHA, 40 * MIB);
  await asSite(FIRST, 'bash', '-c', 'mkdir tmp/out && chattr -p 0 -P tmp/out');
  assert.equal(await write(FIRST, 'tmp/out/hidden', 40), '');
  await measure(FIRST);
  await measure(SECOND);
  assert.ok((await quotas.read(FIRST_PROJECT)).used < 40 * MIB);
  assert.equal(await failureOf(requireRoom(system)({ id: ALPHA }, recordedRun())), 'plan_limit');
  await asSite(FIRST, 'rm', '-r', 'tmp/out');
});

await test('a purged site leaves nothing of its count', async () => {
  const its = (await measure(SECOND)).octets ?? 0;
  const before = (await quotas.read(FIRST_PROJECT)).used;
  await removeSite(system)({ id: idOf(SECOND) }, recordedRun());
  await purgeSite(system, { atOnce: true })({ id: idOf(SECOND) }, recordedRun());
  assert.equal((await quotas.read(FIRST_PROJECT)).used, before - its);
  assert.equal(existsSync(`/var/lib/sculptor-root/sizes/${SECOND.id}.json`), false);
});

await test('numbers go up and are noted', () => {
  assert.equal(readFileSync('/var/lib/sculptor-root/next-project', 'utf8'), `${FIRST_PROJECT + 2}\n`);
});
