import { rmSync, writeFileSync } from 'node:fs';
import { createDatabase, createUser, ready, unique } from '../machine/agent.ts';
import { must, rootSql, run } from '../machine/server.ts';
import { differences, digest } from './digest.ts';
import { API, as, createSite, NGINX, php, QUEUE_WRITER, script, SCULPTOR, shellOf, WWW } from './thieves.ts';

/* What the attacks rely on: that a thief is who it should be, and that a change would be seen. */

beforeAll(ready);

const WHO = `return [process.getuid(), process.getgid(), process.getgroups().length, process.env.HOME ?? null,
  require('fs').readFileSync('/proc/self/status', 'utf8').match(/CapEff:\\t(.*)/)[1]]`;
const numberOf = (user: string) => Number(run('id', ['-u', user]).out);

test.each([
  { ...WWW, all: 1 },
  { ...NGINX, all: 1 },
  { ...API, all: 2 },
  { ...SCULPTOR, all: 2 },
  { ...QUEUE_WRITER, all: 2 },
])('$name has its own numbers, its groups and no rights besides', ({ all, ...thief }) => {
  const [uid, gid, , home, rights] = script(thief, WHO) as unknown[];
  expect([uid, home, rights]).toEqual([numberOf(thief.user), null, '0'.repeat(16)]);
  expect(gid).not.toBe(0);
  const has = as(thief, 'id', '-Gn').out.trim().split(' ');
  expect([has.length, has]).toEqual([all, expect.arrayContaining([thief.group, ...thief.groups])]);
});

test('a site’s PHP and a shell of its user are the same to the system', async () => {
  const site = await createSite();
  const uid = String(numberOf(site.user));
  expect(await php(site, 'echo posix_getuid();')).toBe(uid);
  expect(as(shellOf(site), 'id', '-u').out.trim()).toBe(uid);
});

test('a thief’s error is told by its code', () => {
  expect(script(WWW, `require('fs').readFileSync('/etc/shadow')`)).toEqual({ error: 'EACCES' });
});

test('a digest is the same as long as nothing happens', () => {
  const [first, second] = [digest(), digest()];
  expect(differences(first, second)).toEqual([]);
  expect(first.length).toBeGreaterThan(1000);
});

test('a digest shows what a site, a database and its user bring', async () => {
  const before = digest();
  const { id, user, home } = await createSite();
  const database = await createDatabase(unique('seen'));
  const login = await createUser(database.id, { name: unique('seen') });
  const seen = differences(before, digest()).join('\n');
  const things = [
    ...[`+ passwd ${user}:`, `+ group ${user}:`, `+ shadow ${user}:`, `+ ${home}/public type d`],
    ...[`+ /etc/sculptor/sites/${id} type d`, `/var/lib/sculptor-root/registry/${id}.json`],
    ...[`socket /run/sculptor-php/${id}.sock`, `sculptor_door.managed_database\t${database.id}`],
    ...[`mysql.global_priv\tlocalhost\t${login.name}`, `SCHEMATA\tdef\t${database.name}`],
  ];
  for (const thing of things) expect(seen).toContain(thing);
});

const CHANGES: readonly (readonly [string, () => void, () => void])[] = [
  ['/etc', () => writeFileSync('/etc/seen', ''), () => rmSync('/etc/seen')],
  ['/home', () => writeFileSync('/home/www/seen', ''), () => rmSync('/home/www/seen')],
  [
    'a unit',
    () => writeFileSync('/run/systemd/system/seen.service', ''),
    () => rmSync('/run/systemd/system/seen.service'),
  ],
  ['an owner', () => run('chown', ['-h', '33', '/etc/mtab']), () => run('chown', ['-h', '0', '/etc/mtab'])],
  [
    'a grant',
    () => rootSql("GRANT SELECT ON mysql.* TO 'www-data'@localhost"),
    () => rootSql("REVOKE SELECT ON mysql.* FROM 'www-data'@localhost"),
  ],
  [
    'a listener',
    () => void must('systemd-run', ['--unit=seen', '--socket-property=ListenStream=/run/seen', 'true']),
    () => void must('systemctl', ['stop', 'seen.socket']),
  ],
];

test.each(CHANGES)('a digest shows a change of %s', (_, change, undo) => {
  const before = digest();
  change();
  const seen = differences(before, digest());
  undo();
  expect(seen).not.toEqual([]);
});
