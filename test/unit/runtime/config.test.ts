import { Config } from '../../../runtime/config.ts';

const good = {
  server: 'default',
  serverName: 'machine.example',
  mode: 'systemd',
  apiSocket: '/run/sculptor/api.sock',
  apiPort: null,
  redisSocket: '/run/sculptor-redis/redis.sock',
  mariadbSocket: '/run/mysqld/mysqld.sock',
  mysqlSocket: null,
  mysqlDump: '/usr/bin/mysqldump',
  executor: 'socket',
  executorSocket: '/run/sculptor-executor/executor.sock',
  probeSocket: '/run/sculptor-probe/http.sock',
  sealKey: 'MCowBQYDK2VuAyEAaQmXVmj3OJ0YDMv8YzPAbXCRJLvbLpJKW6YVPfNNtSM=',
  drift: 'report',
  panelAddresses: '',
  webhookNetworks: '',
  requestsPerToken: 6000,
  requestsPerAddress: 12_000,
  failedLoginsPerAddress: 30,
  waitingOperations: 10_000,
  waitingOperationsPerTenant: 1000,
  stateDumpsDaily: 7,
  stateDumpsWeekly: 4,
  stateDumpsMonthly: 6,
};

test('takes what the installer writes', () => {
  expect(Config.parse(good)).toEqual(good);
  expect(Config.parse({ ...good, mode: 'supervisor', executor: 'sudo', apiPort: 8080 }).apiPort).toBe(8080);
});

test('has limits, and reports what has drifted, where an earlier version wrote none', () => {
  const limits = {
    drift: undefined,
    panelAddresses: undefined,
    webhookNetworks: undefined,
    requestsPerToken: undefined,
    requestsPerAddress: undefined,
    failedLoginsPerAddress: undefined,
    waitingOperations: undefined,
    waitingOperationsPerTenant: undefined,
  };
  expect(Config.parse({ ...good, ...limits })).toEqual(good);
});

test.each([
  ['a relative socket', { apiSocket: 'run/api.sock' }],
  ['a socket longer than Linux takes', { apiSocket: `/${'a'.repeat(107)}` }],
  ['a socket with a space', { redisSocket: '/run/a b' }],
  ['a port that is none', { apiPort: 0 }],
  ['a port over the last', { apiPort: 65_536 }],
  ['a port as text', { apiPort: '80' }],
  ['a limit of nothing', { failedLoginsPerAddress: 0 }],
  ['another mode', { mode: 'openrc' }],
  ['another way to the executor', { executor: 'ssh' }],
  ['a server name in capitals', { serverName: 'Machine.example' }],
  ['a server without an id', { server: '' }],
  ['a network that is none', { webhookNetworks: '10.1.0.0/16 10.2' }],
  ['another policy', { drift: 'ignore' }],
  ['a field nobody knows', { password: 'x' }],
  ['a field too few', { apiSocket: undefined }],
])('refuses %s', (_, more) => {
  expect(Config.safeParse({ ...good, ...more }).success).toBe(false);
});
