import { VERBS, type Verb } from '../../../contract/executor.ts';
import { NO_LIMITS } from '../../../contract/tenants.ts';
import { differencesPlanned, planned } from '../../../worker-privileged/executor/plan.ts';
import { renderUnifiedDiff } from '../../../worker-privileged/executor/render/unified-diff.ts';
import { PLANNED } from '../../../worker-privileged/executor/server/looks.ts';
import { lookingOnly } from '../../../worker-privileged/executor/system/looking-only.ts';
import { createVerbs } from '../../../worker-privileged/executor/verbs/all.ts';
import { createFakeServer, createFakeSystem, stateOf, type FakeServer } from '../../fakes/executor-system.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

const PART = { id: 'p1p1p1p1p1p1', site: ID, generation: 1 };
const CRON = {
  ...{ command: ['/usr/bin/php', 'job.php'], schedule: '* * * * *', workingDirectory: 'public' },
  ...{ environment: { PASSWORD: 'of-the-shop' }, timeoutSeconds: 60, overlap: false },
};

async function plan(server: FakeServer, verb: Verb, args: unknown) {
  const { system } = createFakeSystem(server);
  const handle = createVerbs(lookingOnly(system))[verb] as (args: unknown, run: unknown) => Promise<unknown>;
  return differencesPlanned(() => handle(VERBS[verb].args.parse(args), planned(recordedRun(), system.files)));
}

async function done(server: FakeServer, verb: Verb, args: unknown): Promise<void> {
  const handle = createVerbs(createFakeSystem(server).system)[verb] as (
    args: unknown,
    run: unknown,
  ) => Promise<unknown>;
  await handle(VERBS[verb].args.parse(args), recordedRun());
}

async function whole(): Promise<FakeServer> {
  const server = createFakeServer();
  await done(server, 'site.put', spec());
  await done(server, 'cron.put', { ...PART, name: 'nightly', spec: CRON });
  return server;
}

test('a site that is planned shows the text of every file that it would get, and none of it is there', async () => {
  const server = createFakeServer();
  const before = JSON.stringify(stateOf(server));
  const found = await plan(server, 'site.put', spec({ aliases: ['www.shop.example'] }));
  expect(JSON.stringify(stateOf(server))).toBe(before);
  const files = new Map(found.flatMap((one) => one.files.map((file) => [file.path, file] as const)));
  expect(files.get(`/etc/sculptor/sites/${ID}/fpm.conf`)?.diff).toContain(`+[${ID}]`);
  expect(files.get('/etc/sculptor/hosts/www.shop.example')?.words).toContain('is not there');
  expect(found.map(({ step }) => step)).toEqual(
    expect.arrayContaining(['make the account', 'make the folder', 'turn PHP on', 'let it answer']),
  );
});

test('a new site of a suspended tenant is planned, and is to be locked once it is there', async () => {
  const server = createFakeServer();
  const { tenant } = spec();
  await done(server, 'tenant.put', { id: tenant, generation: 1, suspended: true, plan: NO_LIMITS });
  expect(await plan(server, 'site.put', spec())).toContainEqual(
    expect.objectContaining({ step: 'lock the account', files: [] }),
  );
});

test('who plans takes a lock that is there, and makes none of what was never worked on', async () => {
  const { system } = createFakeSystem(createFakeServer());
  const held: string[] = [];
  const locks: typeof system.locks = {
    during: (name, act) => {
      held.push(name);
      return act();
    },
  };
  const files = {
    ...system.files,
    read: (path: string) => Promise.resolve(path === `/var/lib/sculptor-root/locks/${ID}` ? '' : null),
  };
  const looking = lookingOnly({ ...system, files, locks }).locks;
  for (const name of [ID, PART.id])
    expect(await looking.during(name, () => Promise.resolve(name))).toBe(name);
  expect(held).toEqual([ID]);
});

test('what a change would do is a diff of what it changes, and of nothing else', async () => {
  const server = await whole();
  const before = JSON.stringify(stateOf(server));
  const limits = { memoryBytes: 268_435_456, processes: null, seconds: null, uploadBytes: null };
  const found = await plan(server, 'site.put', spec({ generation: 2, phpLimits: limits }));
  expect(JSON.stringify(stateOf(server))).toBe(before);
  const files = found.flatMap((one) => one.files);
  expect(files.map(({ path }) => path)).toEqual([`/etc/sculptor/sites/${ID}/fpm.conf`]);
  expect(files[0]?.diff).toMatch(/^\+php_admin_value\[memory_limit\] = 268435456$/m);
});

test('a removal, a part and what is refused are planned alike, and a secret only differs', async () => {
  const server = await whole();
  const before = JSON.stringify(stateOf(server));
  const removal = await plan(server, 'site.remove', { id: ID });
  expect(removal.map(({ step }) => step)).toEqual(
    expect.arrayContaining(['close the names', 'take it from cron']),
  );
  const another = { ...CRON, environment: { PASSWORD: 'another-one' } };
  const part = await plan(server, 'cron.put', { ...PART, generation: 2, name: 'nightly', spec: another });
  expect(part.flatMap(({ files }) => files)).toEqual([
    {
      path: '/etc/sculptor/programs/p1p1p1p1p1p1',
      words: 'changed; what stands in it is a secret',
      diff: null,
    },
  ]);
  expect(JSON.stringify([removal, part])).not.toMatch(/of-the-shop|another-one/);
  expect(await failureOf(plan(server, 'site.put', spec({ tenant: 'another00000' })))).toBe('invalid_request');
  expect(JSON.stringify(stateOf(server))).toBe(before);
});

test('a server that is only looked at refuses whatever would change it, by whatever method', async () => {
  const { system } = createFakeSystem(await whole());
  const looking = lookingOnly(system);
  await expect(looking.files.replace('/etc/sculptor/x', '')).rejects.toThrow('a plan would have changed');
  await expect(looking.masters.turnOff({} as never)).rejects.toThrow('a plan would have changed');
  const run = { file: '/usr/bin/mkdir', args: [] } as const;
  await expect(looking.accounts.runAs({ uid: 1, gid: 1 }, run)).rejects.toThrow('a plan would have changed');
  const removing = { file: '/usr/bin/find', args: ['/x', '-depth', '-type', 'd', '-delete'] } as const;
  await expect(looking.accounts.runAs({ uid: 1, gid: 1 }, removing)).rejects.toThrow('would have changed');
});

const PARTS = {
  key: {
    publicKey: `ssh-ed25519 ${Buffer.concat([Buffer.from('0000000b7373682d6564323535313900000020', 'hex'), Buffer.alloc(32, 7)]).toString('base64')}`,
  },
  cache: { memoryBytes: 16 * 1_048_576, passwordHash: 'a'.repeat(64) },
  certificate: { kind: 'self-signed' },
  cron: CRON,
  queue: {
    ...{
      command: ['sleep', '9'],
      workingDirectory: 'private',
      environment: {},
      processes: 1,
      stopSignal: 'TERM',
    },
    ...{ stopSeconds: 10, startOnBoot: true, memoryMb: null, cpuPercent: null, running: true },
  },
};

test.each(Object.entries(PARTS))(
  'a %s is planned that is new, that is put again, and that goes',
  async (type, its) => {
    const server = createFakeServer();
    await done(server, 'site.put', spec());
    const put = { ...PART, name: `the-${type}`, spec: its };
    const asked = async (verb: string, args: object) => {
      const before = JSON.stringify(stateOf(server));
      const found = await plan(server, verb as Verb, args);
      expect(JSON.stringify(stateOf(server))).toBe(before);
      return found.length;
    };
    expect(await asked(`${type}.put`, put)).toBeGreaterThan(0);
    await done(server, `${type}.put` as Verb, put);
    await asked(`${type}.put`, { ...put, generation: 2 });
    expect(await asked(`${type}.remove`, { ...PART, generation: 3 })).toBeGreaterThan(0);
    if (type === 'certificate') await asked('certificate.renew', { ...PART, generation: 4 });
  },
);

test('every verb that can be planned is in the table', () => {
  expect([...PLANNED].filter((verb) => !(verb in VERBS))).toEqual([]);
});

test.each([
  ['', 'a\n', '@@ -0,0 +1,1 @@\n+a\n'],
  ['a\n', '', '@@ -1,1 +0,0 @@\n-a\n'],
  ['a\nb\nc\n', 'a\nx\nc\n', '@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n'],
  ['a\nb\n', 'a\nb', '@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file\n'],
  [
    '1\n2\n3\n4\n5\n6\n7\n8\n9\n',
    '0\n1\n2\n3\n4\n5\n6\n7\n8\n',
    '@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -6,4 +7,3 @@\n 6\n 7\n 8\n-9\n',
  ],
  ['same\n', 'same\n', ''],
])('what makes %j out of %j is a unified diff', (before, after, diff) => {
  expect(renderUnifiedDiff(before, after)).toBe(diff);
});
