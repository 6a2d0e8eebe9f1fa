import { Readable } from 'node:stream';
import { heldIn, holds, left } from '../../../worker-privileged/executor/doctor/quotas.ts';
import type { DomainId, TenantId } from '../../../contract/ids.ts';
import { KeyPut, QueuePut } from '../../../contract/site-parts.ts';
import { CreateTenant, NO_LIMITS, Plan, TenantSpec, UpdateTenant } from '../../../contract/tenants.ts';
import type { Command } from '../../../worker-privileged/executor/system/command.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { createQuotas, holdsProjects } from '../../../worker-privileged/executor/system/quotas.ts';
import { createSizes } from '../../../worker-privileged/executor/system/sizes.ts';
import { FIRST_PROJECT, LAST_PROJECT } from '../../../worker-privileged/executor/system/tenants.ts';
import { restoreDatabase } from '../../../worker-privileged/executor/verbs/database-trash.ts';
import { removeDatabase } from '../../../worker-privileged/executor/verbs/database.ts';
import { measureSite, requireRoom } from '../../../worker-privileged/executor/verbs/disk.ts';
import { putPart } from '../../../worker-privileged/executor/verbs/site-parts.ts';
import { purgeSite } from '../../../worker-privileged/executor/verbs/site-trash.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { purgeTenant, putTenant, removeTenant } from '../../../worker-privileged/executor/verbs/tenant.ts';
import { createFakeServer, createFakeSystem, type FakeServer } from '../../fakes/executor-system.ts';
import { ID as DATABASE, fakeDatabase } from './databases.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

const MIB = 1024 ** 2;
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const QUEUE = {
  command: ['php', 'artisan', 'queue:work'],
  workingDirectory: 'private',
  environment: {},
  processes: 1,
  stopSignal: 'TERM',
  stopSeconds: 10,
  startOnBoot: true,
  memoryMb: null,
  cpuPercent: null,
  running: true,
};
const TENANT = 'tenant123456' as TenantId;
const SECOND = 'b1b2c3d4e5f6' as DomainId;
const HOME = paths.home(spec().name);
const system = (server: FakeServer) => createFakeSystem(server).system;
const mine = (change: Parameters<typeof spec>[0] = {}) => spec({ tenant: TENANT, ...change });
const put = (server: FakeServer, site = mine()) => putSite(system(server))(site, recordedRun());
const measure = (server: FakeServer, id: DomainId = ID) => measureSite(system(server))({ id }, recordedRun());
const room = (server: FakeServer) => failureOf(requireRoom(system(server))({ id: TENANT }, recordedRun()));

function tenant(server: FakeServer, generation: number, diskBytes: number | null) {
  const plan = { ...NO_LIMITS, diskBytes };
  const asked = TenantSpec.parse({ id: TENANT, generation, suspended: false, plan });
  return putTenant(system(server))(asked, recordedRun());
}

/** A tenant that may take ten MiB, with one site that takes as many as are said. */
async function filled(mebibytes: number, quotasInForce = false): Promise<FakeServer> {
  const server = createFakeServer();
  server.quotasInForce = quotasInForce;
  await tenant(server, 1, 10 * MIB);
  await put(server);
  server.taken.set(HOME, mebibytes * MIB);
  await measure(server);
  return server;
}

describe('a plan', () => {
  test('that was stored before there was a limit of the disk has none', () => {
    const before = Object.entries(NO_LIMITS).filter(([name]) => name !== 'diskBytes');
    expect(Plan.parse(Object.fromEntries(before))).toEqual(NO_LIMITS);
  });

  test('that is changed keeps its limit of the disk where nothing is said of it', () => {
    expect(UpdateTenant.parse({ plan: { domains: 1 } })).toEqual({ plan: { domains: 1 } });
    expect(CreateTenant.parse({ name: 'acme' }).plan).toEqual({});
  });

  test.each([0, 1, 1024 ** 2 - 1, 2 ** 53, 1.5e6 + 0.5, '1048576', true])(
    'has no limit of the disk of %p',
    (diskBytes) => expect(UpdateTenant.safeParse({ plan: { diskBytes } }).success).toBe(false),
  );
});

describe('where it is measured', () => {
  test('a tenant that takes less than it may has room', async () => {
    const server = await filled(9);
    expect(await room(server)).toBe('none');
    expect(await failureOf(put(server, mine({ id: SECOND, name: 'second.example' })))).toBe('none');
  });

  test('one that takes all it may gets nothing that would write, and keeps what changes and makes room', async () => {
    const server = await filled(10);
    expect(await room(server)).toBe('plan_limit');
    expect(await failureOf(put(server, mine({ id: SECOND, name: 'second.example' })))).toBe('plan_limit');
    expect(server.disk.has(paths.home(mine({ name: 'second.example' }).name))).toBe(false);
    expect(await failureOf(put(server, mine({ generation: 2, aliases: ['www.shop.example'] })))).toBe('none');
    await removeSite(system(server))({ id: ID }, recordedRun());
  });

  test('it is told how much it takes, how much it may, and when that was measured', async () => {
    const server = await filled(11);
    const asked = requireRoom(system(server))({ id: TENANT }, recordedRun());
    await expect(asked).rejects.toThrow(
      `The tenant takes ${11 * MIB} bytes of the disk, measured at ${server.now}, and its plan allows ${10 * MIB}.`,
    );
  });

  test('its databases count', async () => {
    const server = await filled(6);
    server.databases.set(DATABASE, fakeDatabase({ tenant: TENANT, octets: 4 * MIB }));
    expect(await room(server)).toBe('plan_limit');
  });

  test('a database does not come back from the trash', async () => {
    const server = await filled(1);
    server.databases.set(DATABASE, fakeDatabase({ tenant: TENANT }));
    await removeDatabase(system(server))({ id: DATABASE }, recordedRun());
    server.taken.set(HOME, 10 * MIB);
    await measure(server);
    const back = restoreDatabase(system(server))({ id: DATABASE }, recordedRun());
    expect(await failureOf(back)).toBe('plan_limit');
    expect(server.databases.get(DATABASE)?.dropped).toBe(true);
  });

  test('what lies in the trash counts until it is purged', async () => {
    const server = await filled(10);
    await removeSite(system(server))({ id: ID }, recordedRun());
    const [trashed = ''] = [...server.disk.keys()].filter((path) => /\.trash\/[^/]+$/.test(path));
    server.taken.set(trashed, 12 * MIB);
    expect(await measure(server)).toEqual({ octets: 12 * MIB, enforced: false });
    expect(await room(server)).toBe('plan_limit');
    await purgeSite(system(server), { atOnce: true })({ id: ID }, recordedRun());
    expect(await room(server)).toBe('none');
    expect(await measure(server)).toEqual({ octets: null, enforced: false });
    expect(server.disk.has(paths.size(ID))).toBe(false);
  });

  test('a queue is not made, and a key is: by it room is made', async () => {
    const server = await filled(10);
    const place = { site: ID, generation: 1, name: 'one' };
    const made = putPart(system(server), 'queue')(
      QueuePut.parse({ ...place, id: 'q1q1q1q1q1q1', spec: QUEUE }),
      recordedRun(),
    );
    expect(await failureOf(made)).toBe('plan_limit');
    const key = KeyPut.parse({ ...place, id: 'k1k1k1k1k1k1', spec: { publicKey: KEY } });
    expect(await failureOf(putPart(system(server), 'key')(key, recordedRun()))).toBe('none');
  });

  test('a tenant has a number of a project for its life, and another has the next', async () => {
    const server = await filled(1);
    const entry = async (id: TenantId) => system(server).tenants.read(id);
    expect((await entry(TENANT))?.project).toBe(FIRST_PROJECT);
    await tenant(server, 2, null);
    expect((await entry(TENANT))?.project).toBe(FIRST_PROJECT);
    server.disk.delete(paths.nextProject);
    expect(await system(server).tenants.nextProject()).toBe(FIRST_PROJECT + 1);
    expect(await system(server).tenants.nextProject()).toBe(FIRST_PROJECT + 2);
  });

  test.each(['', 'x\n', '5\n', `${LAST_PROJECT + 1}\n`])('a note of %j gives no number', async (text) => {
    const server = createFakeServer();
    server.disk.set(paths.nextProject, { kind: 'file', text, mode: 0o600 });
    await expect(system(server).tenants.nextProject()).rejects.toThrow();
  });
});

describe('where the kernel counts', () => {
  test('what is there and what comes is counted for its tenant, and its limit held', async () => {
    const server = createFakeServer();
    server.quotasInForce = true;
    await tenant(server, 1, null);
    await put(server);
    expect([server.projects.size, server.held.size]).toEqual([0, 0]);
    await tenant(server, 2, 10 * MIB + 1);
    await put(server, mine({ id: SECOND, name: 'second.example' }));
    expect([...server.projects]).toEqual([
      [HOME, FIRST_PROJECT],
      ['/home/www/second.example', FIRST_PROJECT],
    ]);
    expect([...server.held]).toEqual([[FIRST_PROJECT, 10 * MIB]]);
    expect(await measure(server)).toEqual({ octets: 0, enforced: true });
  });

  test('a limit that is none any more is none for the kernel', async () => {
    const server = await filled(1, true);
    await tenant(server, 2, null);
    expect([...server.held]).toEqual([]);
  });

  test('what was taken out of the project is measured and refused to be added to', async () => {
    const server = await filled(11, true);
    server.projects.clear();
    expect(await measure(server)).toEqual({ octets: 11 * MIB, enforced: false });
    expect(await room(server)).toBe('plan_limit');
  });

  test('a tenant that is purged leaves no limit, and its number is not given again', async () => {
    const server = await filled(1, true);
    await removeSite(system(server))({ id: ID }, recordedRun());
    await purgeSite(system(server), { atOnce: true })({ id: ID }, recordedRun());
    await removeTenant(system(server))({ id: TENANT, generation: 2 }, recordedRun());
    server.now = '2027-01-01T00:00:00.000Z';
    await purgeTenant(system(server))({ id: TENANT }, recordedRun());
    expect([...server.held]).toEqual([]);
    server.disk.delete(paths.nextProject);
    expect(await system(server).tenants.nextProject()).toBe(FIRST_PROJECT + 1);
  });
});

describe('the file system of the sites', () => {
  const mount = (point: string, type: string, options: string) =>
    `36 35 98:0 / ${point} rw,noatime shared:1 - ${type} /dev/vda1 ${options}`;
  test.each([
    [true, [mount('/', 'ext4', 'rw,prjquota')]],
    [true, [mount('/', 'ext4', 'rw'), mount('/home', 'xfs', 'rw,attr2,prjquota')]],
    [true, [mount('/', 'ext4', 'rw'), mount('/home/www', 'xfs', 'rw,pquota')]],
    [true, [mount('/home', 'tmpfs', 'rw'), mount('/home', 'ext4', 'rw,prjquota')]],
    [false, [mount('/', 'ext4', 'rw,prjquota'), mount('/home', 'ext4', 'rw')]],
    [false, [mount('/', 'ext4', 'rw'), mount('/home/www2', 'ext4', 'rw,prjquota')]],
    [false, [mount('/', 'xfs', 'rw,pqnoenforce')]],
    [false, [mount('/', 'ext4', 'rw,usrquota,grpquota')]],
    [false, [mount('/', 'overlay', 'rw,lowerdir=/prjquota')]],
    [false, []],
  ])('holds limits of projects: %p', (expected, lines) => {
    expect(holdsProjects(`${lines.join('\n')}\n`)).toBe(expected);
  });
});

describe('the programs', () => {
  const said = ({ file, args }: Command) => [file, ...args].join(' ');
  function parts(answer: (command: Command) => string | Promise<string> = () => '') {
    const started: string[] = [];
    const texts = new Map<string, string>();
    const files = {
      read: (path: string) => Promise.resolve(texts.get(path) ?? null),
      replace: (path: string, text: string) => {
        texts.set(path, text);
        return Promise.resolve(() => Promise.resolve());
      },
      remove: () => Promise.resolve(() => Promise.resolve()),
    };
    const run = async (command: Command) => {
      started.push(said(command));
      return answer(command);
    };
    const locks = { during: <T>(_: string, act: () => Promise<T>) => act() };
    return { started, texts, files, commands: { run }, locks };
  }

  const saying =
    (text: string) =>
    async ({ drain }: Command) => {
      await drain?.(Readable.from([text]));
      return '';
    };

  test('a limit is told to the kernel by a unit of its own, in KiB, with as many files as there are blocks', async () => {
    const all = parts();
    const quotas = createQuotas({ ...all, mode: 'systemd' });
    await quotas.set(FIRST_PROJECT, 10 * MIB + 1);
    expect(all.texts.get(paths.quotasWanted)).toBe(`${FIRST_PROJECT} 10240 2560\n`);
    await quotas.set(FIRST_PROJECT, null);
    expect(all.texts.get(paths.quotasWanted)).toBe(`${FIRST_PROJECT} 0 0\n`);
    expect(new Set(all.started)).toEqual(
      new Set(['/usr/bin/systemctl --no-ask-password start -- sculptor-disk-quota.service']),
    );
  });

  test('what it holds is read from its report, and is nothing for one that is not in it', async () => {
    const all = parts();
    all.texts.set(paths.quotasHeld, `${FIRST_PROJECT} 12 10240\n${FIRST_PROJECT + 1} 7 0\n`);
    const quotas = createQuotas({ ...all, mode: 'supervisor' });
    expect(await quotas.read(FIRST_PROJECT)).toEqual({ used: 12 * 1024, limit: 10 * MIB });
    expect(await quotas.read(FIRST_PROJECT + 1)).toEqual({ used: 7 * 1024, limit: null });
    expect(await quotas.read(FIRST_PROJECT + 2)).toEqual({ used: 0, limit: null });
    expect(all.texts.get(paths.quotasWanted)).toBe('');
    expect(new Set(all.started)).toEqual(new Set(['/usr/lib/sculptor/disk-quota']));
  });

  test.each(['', 'du: cannot read', '12', '-1\t/etc', 'x\t/etc'])(
    'what du says that is no number is no size: %j',
    async (text) => {
      await expect(createSizes(parts(saying(text))).measure('/etc')).rejects.toThrow('could not be measured');
    },
  );

  test('a folder is measured idly, and on its own file system', async () => {
    const all = parts(saying('4096\t/etc\n'));
    expect(await createSizes(all).measure('/etc')).toBe(4096);
    expect(all.started).toEqual([
      '/usr/bin/nice -n 19 /usr/bin/ionice -c 3 /usr/bin/du --summarize --block-size=1 --one-file-system -- /etc',
    ]);
    expect(await createSizes(all).measure('/etc/there-is-no-such-folder')).toBeNull();
  });
});

describe('the doctor', () => {
  const limited = { id: TENANT, project: FIRST_PROJECT, plan: { ...NO_LIMITS, diskBytes: 10 * MIB } };
  const held = (used: number, limit: number) => new Map([[FIRST_PROJECT, { used, limit }]]);

  test('reads what repquota reports, of projects by number', () => {
    const head = 'Project,BlockStatus,FileStatus,BlockUsed,BlockSoftLimit,BlockHardLimit,BlockGrace,FileUsed';
    const report = `${head}\n#0,ok,ok,20,0,0,,3\n#${FIRST_PROJECT},ok,hard,8,0,10240,,4\nname,ok,ok,1,0,2,,1\n`;
    expect([...heldIn(report)]).toEqual([
      [0, { used: 20 * 1024, limit: 0 }],
      [FIRST_PROJECT, { used: 8 * 1024, limit: 10 * MIB }],
    ]);
  });

  test('is content with the limit of the plan, and with nothing else', () => {
    expect(holds(limited, held(0, 10 * MIB))).toEqual([]);
    for (const wrong of [held(0, 0), held(0, 9 * MIB), new Map()])
      expect(holds(limited, wrong)).toHaveLength(1);
    expect(holds({ ...limited, project: null }, held(0, 10 * MIB))[0]?.mend).toContain(
      `diskBytes=${10 * MIB}`,
    );
  });

  test('says when much more was measured than the kernel counts', () => {
    expect(left(limited, held(10 * MIB, 0), 11 * MIB)).toEqual([]);
    expect(left(limited, held(10 * MIB, 0), 100 * MIB)).toHaveLength(1);
  });

  test('says when the kernel counts much more than was measured: another may have given it what is not its own', () => {
    expect(left(limited, held(100 * MIB, 0), 10 * MIB)).toHaveLength(1);
  });
});
