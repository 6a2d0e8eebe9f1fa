import { readFileSync } from 'node:fs';
import type { Hash } from '../../../contract/audit.ts';
import { auditFound } from '../../../worker-privileged/executor/doctor/audit.ts';
import { inDate } from '../../../worker-privileged/executor/doctor/certificates.ts';
import { notBefore } from '../../../worker-privileged/executor/doctor/clock.ts';
import { inodes, room } from '../../../worker-privileged/executor/doctor/disk.ts';
import { scoresIn } from '../../../worker-privileged/executor/doctor/exposure.ts';
import type { Found } from '../../../worker-privileged/executor/doctor/finding.ts';
import { compareGrants, grantsIn } from '../../../worker-privileged/executor/doctor/grants.ts';
import { listener, listenersIn } from '../../../worker-privileged/executor/doctor/listeners.ts';
import { login, settings as mariadbSettings } from '../../../worker-privileged/executor/doctor/mariadb.ts';
import { proceduresIn } from '../../../worker-privileged/executor/doctor/mariadb-routines.ts';
import { accounts, settings } from '../../../worker-privileged/executor/doctor/redis.ts';
import { restarts } from '../../../worker-privileged/executor/doctor/restarts.ts';
import { administrator } from '../../../worker-privileged/executor/doctor/tokens.ts';
import { parseState, sandbox, standsAs } from '../../../worker-privileged/executor/doctor/units.ts';
import {
  halfway,
  originsIn,
  settings as updateSettings,
  stopped,
} from '../../../worker-privileged/executor/doctor/updates.ts';
import { parseUnit } from '../../../worker-privileged/executor/doctor/unit-file.ts';
import { unregistered } from '../../../worker-privileged/executor/doctor/programs.ts';
import { newEnough } from '../../../worker-privileged/executor/doctor/versions.ts';

const levels = (found: readonly Found[]) => found.map(({ level }) => level);
const sentences = (found: readonly Found[]) => found.map(({ sentence }) => sentence);
const NOW = new Date('2026-06-01T12:00:00Z');

describe('programs', () => {
  const [queue, cron] = ['q1q1q1q1q1q1', 'c1c1c1c1c1c1'];
  const there = {
    registered: new Set([queue, cron]),
    queues: new Set([queue]),
    crons: new Set([cron]),
    words: [queue, cron, '.draft-1-0123456789abcdef'],
    supervised: [`sculptor-part-${queue}.conf`],
    tables: [`sculptor-${cron}`],
    scopes: [`sculptor-part-${queue}-0.scope`, `sculptor-part-${cron}-12.scope`],
  };

  test('that are registered are as they should be', () => {
    expect(unregistered(there)).toEqual([]);
  });

  test.each([
    ['words of none', { words: ['x1x1x1x1x1x1'] }],
    ['words by another name', { words: ['x'] }],
    ['a program of Supervisor’s that is no queue', { supervised: [`sculptor-part-${cron}.conf`] }],
    ['a program of Supervisor’s by another name', { supervised: ['other.conf'] }],
    ['a table of cron’s that is no cron', { tables: [`sculptor-${queue}`] }],
    ['a table of cron’s by another name', { tables: ['sculptor-more'] }],
    ['a scope of none', { scopes: ['sculptor-part-x1x1x1x1x1x1-0.scope'] }],
  ])('%s are wrong', (_what, more) => {
    expect(levels(unregistered({ ...there, ...more }))).toEqual(['wrong']);
  });
});

describe('grants', () => {
  const SOURCE = `-- GRANT ALL ON *.* TO 'nobody'@'localhost';
GRANT SELECT, INSERT (id,
  name) ON sculptor.token TO 'www-data'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.put_user TO 'sculptor'@'localhost';
GRANT CREATE USER, LOCK TABLES ON *.* TO 'door'@'localhost' WITH GRANT OPTION;
  EXECUTE IMMEDIATE CONCAT('GRANT ', x, ' ON y TO z');`;
  const SHOWN = [
    'GRANT USAGE ON *.* TO `www-data`@`localhost` IDENTIFIED VIA unix_socket',
    'GRANT INSERT (`name`, `id`), SELECT ON `sculptor`.`token` TO `www-data`@`localhost`',
    'GRANT USAGE ON *.* TO `sculptor`@`localhost`',
    'GRANT EXECUTE ON PROCEDURE `sculptor_door`.`put_user` TO `sculptor`@`localhost`',
    'GRANT LOCK TABLES, CREATE USER ON *.* TO `door`@`localhost` WITH GRANT OPTION',
  ];
  const changes = (shown: readonly string[]) =>
    compareGrants(grantsIn(SOURCE), grantsIn(shown.join('\n'))).filter(
      ({ more, less }) => more.length + less.length > 0,
    );

  test('as MariaDB shows them are the same as our SQL writes them, whatever their order', () => {
    expect(changes(SHOWN)).toEqual([]);
    expect([...grantsIn(SOURCE).keys()]).toEqual([
      'www-data@localhost',
      'sculptor@localhost',
      'door@localhost',
    ]);
  });

  test.each([
    ['GRANT UPDATE ON `sculptor`.`operation` TO `www-data`@`localhost`', 'UPDATE on sculptor.operation'],
    [
      'GRANT INSERT (`role`) ON `sculptor`.`token` TO `www-data`@`localhost`',
      'INSERT (role) on sculptor.token',
    ],
    ['GRANT ALL PRIVILEGES ON *.* TO `www-data`@`localhost`', 'ALL PRIVILEGES on *.*'],
    [
      'GRANT SELECT ON `sculptor`.`token` TO `www-data`@`localhost` WITH GRANT OPTION',
      'GRANT OPTION on sculptor.token',
    ],
  ])('show one more: %s', (line, more) => {
    expect(changes([...SHOWN, line])).toEqual([{ account: 'www-data@localhost', more: [more], less: [] }]);
  });

  test('show one less', () => {
    expect(changes(SHOWN.filter((line) => !line.includes('EXECUTE')))).toEqual([
      { account: 'sculptor@localhost', more: [], less: ['EXECUTE on PROCEDURE sculptor_door.put_user'] },
    ]);
  });
});

test('a procedure is its body, without comments, however it is set', () => {
  const source = `CREATE OR REPLACE DEFINER = 'd'@'localhost' PROCEDURE sculptor_door.one(\n  IN a INT)\n  SQL SECURITY DEFINER
BEGIN
  -- why
  SELECT  1;
END //
GRANT EXECUTE ON PROCEDURE sculptor_door.one TO 'sculptor'@'localhost';
CREATE PROCEDURE sculptor_door.two()\nBEGIN\n  IF x THEN SELECT 2; END IF;\nEND //`;
  expect(Object.fromEntries(proceduresIn(source))).toEqual({
    one: 'BEGIN SELECT 1; END',
    two: 'BEGIN IF x THEN SELECT 2; END IF; END',
  });
});

describe('an account of MariaDB', () => {
  const priv = {
    access: 0,
    plugin: 'mysql_native_password',
    authentication_string: '*A',
    account_locked: false,
    is_role: false,
  };
  const account = { user: 'shop', host: 'localhost', managed: true, priv };
  const OWN = ['www-data@localhost', 'sculptor_door@localhost'];

  test.each([
    ["a tenant's", account],
    ["the system's", { ...account, user: 'root', managed: false, priv: { ...priv, access: 1 } }],
    ["the API's", { ...account, user: 'www-data', priv: { ...priv, plugin: 'unix_socket' } }],
    ["the door's", { ...account, user: 'sculptor_door', priv: { ...priv, access: 1, account_locked: true } }],
    ['a locked one', { ...account, priv: { ...priv, authentication_string: '', account_locked: true } }],
  ])('that is %s is as it should be', (_, each) => expect(login(each, OWN)).toEqual([]));

  test.each([
    ['has no name', { ...account, user: '' }],
    ['comes from elsewhere', { ...account, host: '10.%' }],
    ['needs no password', { ...account, priv: { ...priv, authentication_string: '' } }],
    ['may everything', { ...account, priv: { ...priv, access: 1 } }],
    ["is the API's and has a password", { ...account, user: 'www-data' }],
    ["is the door's and open", { ...account, user: 'sculptor_door' }],
  ])('that %s is wrong', (_, each) => expect(levels(login(each, OWN))).toEqual(['wrong']));

  test('that somebody made is worth a look', () => {
    expect(levels(login({ ...account, managed: false }, OWN))).toEqual(['warning']);
  });
});

test.each([
  [{}, []],
  [{ address: '::1' }, []],
  [{ address: '0.0.0.0' }, ['wrong']],
  [{ address: null }, ['wrong']],
  [{ address: null, closed: 1 }, []],
  [{ links: 'YES' }, ['wrong']],
  [{ log: 1 }, ['warning']],
  [{ connections: 99 }, ['warning']],
  [{ squeezed: 1 }, ['warning']],
])('MariaDB set up with %j is found %j', (change, expected) => {
  const good = {
    ...{ address: '127.0.0.1', closed: 0, log: 0, links: 'DISABLED' },
    ...{ connections: 151, kept: 50, squeezed: 0 },
  };
  expect(levels(mariadbSettings({ ...good, ...change }))).toEqual(expected);
});

describe('what listens', () => {
  const line = (protocol: string, local: string, program: string) =>
    `${protocol} LISTEN 0 511 ${local} 0.0.0.0:* users:(("${program}",pid=7,fd=8))`;
  const found = (text: string) => listenersIn(text).flatMap(listener);

  test.each([
    ['tcp', '0.0.0.0:80', 'nginx'],
    ['tcp', '[::]:443', 'nginx'],
    ['tcp', '*:22', 'sshd'],
    ['tcp', '127.0.0.1:3306', 'mariadbd'],
    ['tcp', '[::1]:8081', 'node'],
    ['udp', '127.0.0.53%lo:53', 'systemd-resolve'],
    ['udp', '0.0.0.0:68', 'dhclient'],
  ])('on %s %s as %s may', (...each) => expect(found(line(...each))).toEqual([]));

  test.each([
    ['wrong', line('tcp', '0.0.0.0:8080', 'node')],
    ['wrong', line('tcp', '[::]:80', 'apache2')],
    ['wrong', line('tcp', '192.0.2.1:3306', 'mariadbd')],
    ['wrong', line('tcp', '127.0.0.1:6379', 'redis-server')],
    ['warning', line('udp', '0.0.0.0:5353', 'avahi-daemon')],
  ])('is %s as %j', (level, text) => expect(levels(found(text))).toEqual([level]));
});

describe("Redis's files", () => {
  const CONF = 'port 0\naclfile /etc/sculptor/redis.acl\nunixsocket /run/sculptor-redis/redis.sock\n';
  const ACL = 'user default off resetpass ~* &* +@all\nuser api on #abc ~sculptor:x -@all +ping\n';
  const hashOf = () => 'abc';

  test('say what they should', () => {
    expect([...settings(CONF), ...accounts(ACL, hashOf)]).toEqual([]);
  });

  test.each([
    ['a port', CONF.replace('port 0', 'port 6379'), ACL],
    ['the usual port', CONF.replace('port 0\n', ''), ACL],
    ['other accounts', CONF.replace('redis.acl', 'more.acl'), ACL],
    ['a default user', CONF, ACL.replace('default off', 'default on')],
    ['every command', CONF, ACL.replace('+ping', '+@all')],
    ['every key', CONF, ACL.replace('~sculptor:x', '~*')],
    ['no password', CONF, ACL.replace('#abc', 'nopass #abc')],
    ['another password', CONF, ACL.replace('#abc', '#def')],
  ])('are wrong with %s', (_, conf, acl) => {
    expect(levels([...settings(conf), ...accounts(acl, hashOf)])).toEqual(['wrong']);
  });
});

describe('a unit', () => {
  const FILE = parseUnit(
    '[Service]\nNoNewPrivileges=no\nNoNewPrivileges=yes\nProtectSystem=strict\nNew=yes\nUser=a\n[Install]\nWantedBy=x\n',
  );
  const GOOD = {
    Id: 'sculptor-api.service',
    LoadState: 'loaded',
    ActiveState: 'active',
    UnitFileState: 'enabled',
    FragmentPath: '/etc/systemd/system/sculptor-api.service',
    NeedDaemonReload: 'no',
    NoNewPrivileges: 'yes',
    ProtectSystem: 'strict',
    User: 'b',
  };
  const found = (change: object) => {
    const text = Object.entries({ ...GOOD, ...change }).map(([key, value]) => `${key}=${value}`);
    const state = parseState(text.join('\n'));
    return sentences([...standsAs(state, FILE), ...sandbox(state, FILE)]);
  };

  test('as its file says is as it should be; what systemd does not know is not asked for', () => {
    expect(found({})).toEqual([]);
  });

  test.each([
    [{ LoadState: 'masked' }, 'sculptor-api.service is masked.'],
    [{ ActiveState: 'failed' }, 'sculptor-api.service is failed and should be active.'],
    [{ NeedDaemonReload: 'yes' }, 'sculptor-api.service was changed, and systemd has not read it.'],
    [
      { UnitFileState: 'disabled' },
      'sculptor-api.service is disabled: it is not there after the next start.',
    ],
    [{ NoNewPrivileges: 'no' }, 'NoNewPrivileges of sculptor-api.service is no and should be yes.'],
    [{ ProtectSystem: 'full' }, 'ProtectSystem of sculptor-api.service is full and should be strict.'],
  ])('with %j is not', (change, sentence) => expect(found(change)).toContain(sentence));
});

test.each([
  [{ NRestarts: '3' }, ['sculptor-redis.service has ended by itself and was started again 3 times.']],
  [
    { NRestarts: '41', Id: 'mariadb.service' },
    ['mariadb.service has ended by itself and was started again 41 times.'],
  ],
  [{ NRestarts: '2' }, []],
  [{ NRestarts: '9', Id: 'sculptor-api.service' }, []],
  [{ NRestarts: '9', InactiveExitTimestampMonotonic: '1000000' }, []],
  [{}, []],
])('of a unit with %j doctor tells %j', (change, expected) => {
  const state = { Id: 'sculptor-redis.service', InactiveExitTimestampMonotonic: '90000000000', ...change };
  expect(sentences(restarts(new Map(Object.entries(state)), 100_000))).toEqual(expected);
});

test("systemd's scores are read from what it says of several units at once", () => {
  const said =
    '→ Overall exposure level for a.service: 0.2 SAFE 😀\nx\n→ Overall exposure level for b.service: 9.6 UNSAFE 😨\n';
  expect(Object.fromEntries(scoresIn(said))).toEqual({ 'a.service': 0.2, 'b.service': 9.6 });
});

test.each([
  ['2026-01-01', '2026-05-31', ['wrong']],
  ['2026-06-02', '2027-01-01', ['wrong']],
  ['2026-01-01', '2026-06-20', ['warning']],
  ['2026-01-01', '2026-06-23', []],
])('a certificate from %s to %s is found %j', (validFrom, validTo, expected) => {
  expect(levels(inDate({ validFrom, validTo }, NOW))).toEqual(expected);
});

test.each([
  ['"time":"2026-06-01T12:00:30Z"', []],
  ['"time":"2026-06-01T12:02:00Z"\n"time":"2026-06-01T11:00:00Z"', ['wrong']],
  ['', []],
])('a clock is compared with the newest of %j', (audit, expected) => {
  expect(levels(notBefore(audit, NOW))).toEqual(expected);
});

const NOTED = { number: 7, hash: 'a'.repeat(64) as Hash, at: '2026-05-31T00:00:00.000Z' };
test.each([
  [{ last: 9, noted: 'a'.repeat(64), unsealed: 0 }, NOTED, []],
  [{ last: 6, noted: null, unsealed: 0 }, NOTED, ['wrong']],
  [{ last: 9, noted: 'b'.repeat(64), unsealed: 0 }, NOTED, ['wrong']],
  [{ last: null, noted: null, unsealed: 0 }, null, []],
  [{ last: 9, noted: 'a'.repeat(64), unsealed: 3 }, NOTED, ['warning']],
])('an audit of which is known %j, where root has seen %j, is found %j', (standing, head, expected) => {
  expect(levels(auditFound(standing, head))).toEqual(expected);
});

const GIB = 1 << 30;
test.each([
  [{ free: 50 * GIB, all: 100 * GIB }, []],
  [{ free: 20 * GIB, all: 1000 * GIB }, []],
  [{ free: 5 * GIB, all: 100 * GIB }, ['warning']],
  [{ free: GIB / 2, all: 100 * GIB }, ['wrong']],
  [{ free: GIB / 20, all: GIB }, ['wrong']],
])('a disk with %j is found %j', (space, expected) => {
  expect(levels(room({ path: '/', ...space }))).toEqual(expected);
});

test.each([
  [{ free: 0, all: 0 }, []],
  [{ free: 900, all: 1000 }, []],
  [{ free: 40, all: 1000 }, ['warning']],
  [{ free: 5, all: 1000 }, ['wrong']],
])('a disk with room for files of %j is found %j', (space, expected) => {
  expect(levels(inodes({ path: '/', ...space }))).toEqual(expected);
});

test.each([
  ['20.19.0', '>=20.19', []],
  ['22.1.0', '>=20.19', []],
  ['20.18.9', '>=20.19', ['wrong']],
  ['18.20.0', '>=20.19', ['wrong']],
])('Node.js %s where %s is needed is found %j', (version, wanted, expected) => {
  expect(levels(newEnough(version, wanted))).toEqual(expected);
});

test("an administrator's token is listed, and one that nobody used for long is worth a look", () => {
  const token = {
    id: 't1',
    name: 'ci',
    sha256: 'x',
    made: '2026-01-01T00:00:00Z',
    used: '2026-05-31T10:00:00Z',
    ends: null,
  };
  expect(administrator(token, NOW)).toEqual([
    expect.objectContaining({
      level: 'note',
      sentence: 'Administrator\'s token t1 "ci": made 2026-01-01T00:00:00Z, last used 2026-05-31T10:00:00Z.',
    }),
  ]);
  expect(levels(administrator({ ...token, used: null }, NOW))).toEqual(['note', 'warning']);
});

describe('updates that install themselves', () => {
  const OURS = readFileSync('systemd/apt/updates.conf', 'utf8');
  const ORIGINS = originsIn(OURS);
  const ON = ['Enable', 'Update-Package-Lists', 'Unattended-Upgrade'].map(
    (name) => `APT::Periodic::${name} 1`,
  );
  const LISTED = ORIGINS.map((origin) => `Unattended-Upgrade::Origins-Pattern:: ${origin}`);

  test('want no package that dpkg was left half-way with', () => {
    expect(halfway('ii  adduser\nrc  old\nun  none\nit  man-db\n')).toEqual([]);
    expect(sentences(halfway('ii  adduser\niU  nginx\niF  php8.4-fpm\niHR broken:amd64\n'))).toEqual([
      '3 packages were left half-way by dpkg, and no update installs itself until that is mended: nginx php8.4-fpm broken:amd64.',
    ]);
  });

  test('are those of the origins that our own file names', () => {
    expect(ORIGINS).toHaveLength(4);
    expect(updateSettings([...ON, ...LISTED], ORIGINS)).toEqual([]);
  });

  test.each([
    ['an origin less', [...ON, ...LISTED.slice(1)], ['wrong']],
    ['none', ON, ['wrong', 'wrong', 'wrong', 'wrong']],
    ['one more', [...ON, ...LISTED, 'Unattended-Upgrade::Allowed-Origins:: Debian:stable'], ['warning']],
    ['nothing periodic', [...ON.slice(1), ...LISTED], ['wrong']],
    ['never', [...ON.slice(0, 2), 'APT::Periodic::Unattended-Upgrade 0', ...LISTED], ['wrong']],
    ['always', [...ON.slice(0, 2), 'APT::Periodic::Unattended-Upgrade always', ...LISTED], []],
    ['a reboot', [...ON, ...LISTED, 'Unattended-Upgrade::Automatic-Reboot true'], ['warning']],
  ])('with %s are found %#', (_what, lines, expected) => {
    expect(levels(updateSettings(lines, ORIGINS))).toEqual(expected);
  });

  test('without our file are of no origin', () => {
    expect(levels(updateSettings(ON, []))).toEqual(['wrong']);
  });

  test('need both timers', () => {
    const shown =
      'Id=apt-daily.timer\nActiveState=active\n\nId=apt-daily-upgrade.timer\nActiveState=inactive\n';
    expect(sentences(stopped(shown))).toEqual([
      'apt-daily-upgrade.timer is inactive: no security update installs itself.',
    ]);
  });
});
