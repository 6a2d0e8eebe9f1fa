import { inPrograms, phpIn, servicesIn } from '../../../worker-privileged/executor/system/services.ts';
import {
  loadIn,
  memoryIn,
  processorsIn,
  useOf,
} from '../../../worker-privileged/executor/system/vital-signs.ts';

const unit = (id: string, active: string, { sub = 'running', load = 'loaded', file = 'enabled' } = {}) =>
  `Id=${id}\nLoadState=${load}\nActiveState=${active}\nSubState=${sub}\nUnitFileState=${file}\n`;

test.each([
  ['active', 'running', true],
  ['active', 'exited', true],
  ['reloading', 'reload', true],
  ['activating', 'start', true],
  ['activating', 'auto-restart', false],
  ['inactive', 'dead', false],
  ['deactivating', 'stop-sigterm', false],
  ['failed', 'failed', false],
])('a service that is %s (%s) is well: %s', (active, sub, well) => {
  expect(servicesIn(unit('nginx.service', active, { sub }))).toEqual([
    { name: 'nginx', well, state: `${active} (${sub})` },
  ]);
});

test('what is not installed, masked, or not wanted is not missed; what failed is, wanted or not', () => {
  const text = [
    unit('mysql.service', 'inactive', { load: 'not-found', file: '' }),
    unit('fail2ban.service', 'inactive', { load: 'masked', file: 'masked' }),
    unit('ssh.service', 'inactive', { file: 'disabled' }),
    unit('ssh.socket', 'active', { sub: 'listening' }),
    unit('sculptor-cache.service', 'failed', { sub: 'failed', file: 'static' }),
  ].join('\n');
  expect(servicesIn(text).map(({ name, well }) => [name, well])).toEqual([
    ['ssh.socket', true],
    ['sculptor-cache', false],
  ]);
});

test('one that is asked for by two names is there once', () => {
  const twice = [unit('mariadb.service', 'active'), unit('mariadb.service', 'active')].join('\n');
  expect(servicesIn(twice)).toHaveLength(1);
});

test('PHP of all sites that failed is one, and says of which; what sleeps is well', () => {
  const site = (id: string, state: string) => `Id=sculptor-php@${id}.service\nActiveState=${state}\n`;
  const ids = ['a00000000001', 'a00000000002', 'a00000000003'];
  const text = [
    ...ids.map((id) => site(id, 'failed')),
    site('b00000000001', 'active'),
    site('c00000000001', 'inactive'),
  ];
  expect(phpIn(text.join('\n'))).toEqual({
    services: [{ name: 'PHP of sites', well: false, state: 'failed: a00000000001, a00000000002 and 1 more' }],
    awake: ['b00000000001'],
  });
  expect(phpIn('')).toEqual({ services: [{ name: 'PHP of sites', well: true, state: 'well' }], awake: [] });
});

test('under Supervisor its own words count', () => {
  const program = (group: string, statename: string) => ({ group, name: group, statename });
  const { services, awake } = inPrograms([
    program('sculptor-nginx', 'RUNNING'),
    program('sculptor-cron', 'STOPPED'),
    program('sculptor-redis', 'BACKOFF'),
    program('of-somebody', 'FATAL'),
    program('sculptor-php-a00000000001', 'FATAL'),
    program('sculptor-php-a00000000002', 'RUNNING'),
  ]);
  expect(services.map(({ name, well }) => [name, well])).toEqual([
    ['sculptor-nginx', true],
    ['sculptor-cron', false],
    ['sculptor-redis', false],
    ['PHP of sites', false],
  ]);
  expect(awake).toBeNull();
  expect(inPrograms('nonsense').services).toHaveLength(1);
});

test('the kernel says how busy it is, and waiting for the disk is not', () => {
  const text =
    'cpu  100 10 50 800 40 5 5 20 7 3\ncpu0 50 5 25 400 20 2 2 10 3 1\ncpu1 50 5 25 400 20 3 3 10 4 2\nintr 1\n';
  expect(processorsIn(text)).toEqual({ cpus: 2, ticks: { busy: 190, total: 1030 } });
  expect(memoryIn('MemTotal:       2048 kB\nMemFree:  1 kB\nMemAvailable:    512 kB\n')).toEqual({
    bytes: 2_097_152,
    available: 524_288,
  });
  expect(loadIn('0.50 1.25 2.00 1/234 5678\n')).toEqual([0.5, 1.25, 2]);
});

test('a disk is as full as df says: what is kept for root is not free', () => {
  const counts = { bsize: 1000, blocks: 1000, bfree: 300, bavail: 200, files: 100, ffree: 25 };
  expect(useOf('/home', counts)).toEqual({
    ...{ place: '/home', bytes: 1_000_000, percent: 77.8, inodesPercent: 75 },
  });
  expect(useOf('/', { ...counts, bavail: 0, files: 0 })).toMatchObject({ percent: 100, inodesPercent: null });
  expect(useOf('/proc', { ...counts, blocks: 0 })).toBeNull();
});
