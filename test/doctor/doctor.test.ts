import { dealt } from '../dealt.ts';
import { differences, digest } from '../attack/digest.ts';
import { must, run } from '../machine/server.ts';
import { ACCOUNTS } from './accounts.ts';
import { DATABASES } from './databases.ts';
import { complaints, examine } from './examination.ts';
import type { Sabotage } from './sabotage.ts';
import { PARTS } from './parts.ts';
import { killedRedis, SERVICES } from './services.ts';
import { serve, type Ids } from './sites.ts';
import { all, chmod, sql, write } from './spoil.ts';
import { THINGS } from './things.ts';

/* On a server of its own, where nothing else has been: doctor finds it good, and each thing that is done to it. */

let ids: Ids;

describe('a fresh server', () => {
  test('is as it should be', () => {
    const { code, ...examination } = examine();
    expect(complaints({ code, ...examination })).toEqual([]);
    expect([code, examination.good]).toEqual([0, true]);
  });

  test('and so is one with sites and databases of every kind', async () => {
    ids = await serve();
    const examination = examine();
    expect(complaints(examination)).toEqual([]);
    expect(examination.code).toBe(0);
  });

  test('is not changed by being looked at', () => {
    const before = digest();
    examine();
    expect(differences(before, digest())).toEqual([]);
  });

  test('lists the tokens of administrators, and has nothing of theirs in what it says', () => {
    const { out } = run('sculptorctl', ['doctor']);
    expect(out).toMatch(
      /^note {5}tokens: Administrator's token t\w+ "installation": made \S+, last used \S+\.$/m,
    );
    expect(out).not.toContain(must('cat', ['/etc/sculptor/admin-token']).trim());
  });

  test('is told to people in the sentences that programs get', () => {
    const { out } = run('sculptorctl', ['doctor']);
    for (const { check, sentence } of examine().findings) expect(out).toContain(`${check}: ${sentence}`);
  });
});

const SABOTAGES: readonly Sabotage[] = [...ACCOUNTS, ...THINGS, ...PARTS, ...SERVICES, ...DATABASES];

const tried = dealt(SABOTAGES, process.env['DOCTOR_PART']);
afterAll(() => {
  process.stdout.write(`doctor: ${tried.length}/${SABOTAGES.length} of what is done to the server\n`);
});

test.each(tried)('$name: the check of $check says so, and is content when it is undone', async (sabotage) => {
  const undo = await sabotage.spoil(ids);
  const spoilt = examine();
  await undo();
  const said = spoilt.findings
    .filter(({ check, level }) => check === sabotage.check && level === 'wrong')
    .map(({ sentence }) => sentence);
  expect(said).toContainEqual(expect.stringMatching(sabotage.sentence));
  expect([spoilt.code, spoilt.good]).toEqual([1, false]);
  expect(complaints(examine())).toEqual([]);
});

test('of a Redis that ends again and again it warns, until somebody starts it anew', async () => {
  const undo = await killedRedis(3);
  const said = examine().findings.filter(({ level }) => level === 'warning');
  await undo();
  expect(said.map(({ sentence }) => sentence)).toContain(
    'sculptor-redis.service has ended by itself and was started again 3 times.',
  );
  expect(complaints(examine())).toEqual([]);
});

test('what a sentence sends to the installation for, the installation mends', async () => {
  await all(
    () => chmod('/home/www', 0o777),
    () => chmod('/etc/sculptor/secrets/redis-api', 0o644),
    () => chmod('/etc/sculptor/admin-token', 0o644),
    () => write('/etc/nginx/sculptor/parts/site.conf', (text) => `${text}# more\n`),
    () => sql("GRANT DELETE ON sculptor.operation TO 'www-data'@'localhost'", ''),
    () => sql("ALTER USER 'sculptor_door'@'localhost' ACCOUNT UNLOCK", ''),
    () => sql('DROP PROCEDURE sculptor_door.put_password', ''),
  );
  const spoilt = examine();
  expect(
    spoilt.findings.filter(({ mend }) => mend === 'Run scripts/install.sh --yes.').length,
  ).toBeGreaterThan(6);
  must('scripts/install.sh', ['--yes']);
  expect(complaints(examine())).toEqual([]);
});
