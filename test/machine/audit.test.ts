import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { createDomain, ready, unique } from './agent.ts';
import { ask, converse } from './executor-conversation.ts';
import { must, rootSql, run, sculptorctl } from './server.ts';

/* Whoever changes what was written down, as root of MariaDB or of the server, is found. */

const ROOTS = '/var/lib/sculptor-root';
const LOG = `${ROOTS}/audit.log`;
const HEAD = `${ROOTS}/audit/head.json`;
const ASIDE = `${ROOTS}/audit/aside.log`;
const KEPT = '/root/audit-as-it-was';
const WORKER = 'sculptor-worker-privileged';

const number = (text: string) => Number(rootSql(text));
const lastSeal = () => number('SELECT COALESCE(MAX(number), 0) FROM sculptor.audit_seal');
const notedHead = () =>
  run('test', ['-e', HEAD]).code === 0
    ? (JSON.parse(readFileSync(HEAD, 'utf8')) as { number: number; hash: string })
    : { number: 0, hash: '' };
const copied = () =>
  number(
    "SELECT COALESCE(MAX(JSON_VALUE(value, '$.line')), 0) FROM sculptor.server_fact WHERE name = 'root-audit'",
  );
const lines = () => readFileSync(LOG, 'utf8').split(/(?<=\n)/);
const numberIn = (line = '') => Number(/"number":([0-9]+),"hash"/.exec(line)?.[1]);

function verify() {
  const { code, out, err } = sculptorctl('--json', 'audit', 'verify');
  if (out === '') throw new Error(err);
  const { wrong } = JSON.parse(out) as { wrong: { why: string; sentence: string }[] };
  return { code, wrong };
}

/** All that was asked for is sealed, root knows it, and what root did stands in the audit. */
async function settled(): Promise<void> {
  const unsealed = `SELECT COUNT(*) FROM sculptor.audit a LEFT JOIN sculptor.audit_seal s ON s.seq = a.seq
    WHERE s.seq IS NULL`;
  const last = numberIn(lines().findLast((line) => !line.includes('"event":"head"')));
  while (copied() < last || number(unsealed) > 0 || notedHead().number < lastSeal()) await pause(250);
}

beforeAll(async () => {
  await ready();
  const domain = await createDomain({ name: `${unique('sealed')}.example` });
  rootSql(`INSERT INTO sculptor.audit (actor, address, action, resource, outcome)
    VALUES ('x', '\\'"\\\\', CONCAT('a', CHAR(0), CHAR(10), CHAR(9), CHAR(27), CHAR(127)), _utf8mb4 X'F09F9880E280A8', '')`);
  await settled();
  must('systemctl', ['stop', WORKER]);
  copyFileSync(LOG, KEPT);
  rootSql(`CREATE TABLE sculptor.kept_audit AS SELECT * FROM sculptor.audit;
    CREATE TABLE sculptor.kept_seal AS SELECT * FROM sculptor.audit_seal`);
  expect(domain.id).toBeDefined();
});

/** The file stays the same one. */
function asItWas(): void {
  writeFileSync(LOG, readFileSync(KEPT));
  rootSql(`DELETE FROM sculptor.audit; DELETE FROM sculptor.audit_seal;
    INSERT INTO sculptor.audit SELECT * FROM sculptor.kept_audit;
    INSERT INTO sculptor.audit_seal SELECT * FROM sculptor.kept_seal`);
}

afterEach(asItWas);
afterAll(() => {
  rootSql('DROP TABLE sculptor.kept_audit; DROP TABLE sculptor.kept_seal');
  must('systemctl', ['start', WORKER]);
});

test('what was asked for, by whom, and what root did for it is sealed, and right', () => {
  const { code, out, err } = sculptorctl('audit', 'verify');
  expect([code, err, out]).toEqual([0, '', expect.stringContaining('the audit is as it was written\n')]);
  expect(out).toMatch(/^[0-9]+ rows, sealed up to [0-9]+ [0-9a-f]{64}$/m);
  const actors = rootSql("SELECT DISTINCT actor FROM sculptor.audit WHERE source = 'worker'").split('\n');
  expect(actors).toEqual(expect.arrayContaining(['worker-privileged', 'executor']));
});

const SOME = 'SELECT seq FROM sculptor.kept_seal WHERE number';
/** What root has accepted before, where another test had it do so, is held against nothing. */
const accepted = Number(
  /"event":"accepted".*"sealed":([0-9]+)/.exec(
    existsSync(LOG) ? (lines().findLast((line) => line.includes('"event":"accepted"')) ?? '') : '',
  )?.[1] ?? 0,
);
const THIRD = accepted + 3;
const [third, fourth] = [`(${SOME} = ${THIRD})`, `(${SOME} = ${THIRD + 1})`];
const END = '(SELECT MAX(number) - 2 FROM sculptor.kept_seal)';

test.each([
  [
    'a row that was changed',
    `UPDATE sculptor.audit SET address = '192.0.2.1' WHERE seq = ${third}`,
    { why: 'changed', where: `seal ${THIRD}` },
  ],
  [
    'a row whose time was changed',
    `UPDATE sculptor.audit SET at = at + INTERVAL 1 SECOND WHERE seq = ${third}`,
    { why: 'changed', where: `seal ${THIRD}` },
  ],
  [
    'a row that is missing',
    `DELETE FROM sculptor.audit WHERE seq = ${third}`,
    { why: 'missing', where: `seal ${THIRD}` },
  ],
  [
    'a row that is missing, with its seal',
    `DELETE FROM sculptor.audit WHERE seq = ${third}; DELETE FROM sculptor.audit_seal WHERE number = ${THIRD}`,
    { why: 'missing', where: `seal ${THIRD}` },
  ],
  [
    'rows that are missing at the end, with their seals',
    `DELETE FROM sculptor.audit WHERE seq IN (${SOME} > ${END});
     DELETE FROM sculptor.audit_seal WHERE number > ${END}`,
    { why: 'ahead', where: 'root noted seal' },
  ],
  [
    'all rows but the newest missing',
    `DELETE FROM sculptor.audit WHERE seq IN (${SOME} <= ${END});
     DELETE FROM sculptor.audit_seal WHERE number < ${END}`,
    { why: 'missing', where: 'which root noted at' },
  ],
  [
    'two rows in each other’s place',
    `UPDATE sculptor.audit SET seq = 9000001 WHERE seq = ${third}; UPDATE sculptor.audit SET seq = ${third}
     WHERE seq = ${fourth}; UPDATE sculptor.audit SET seq = ${fourth} WHERE seq = 9000001`,
    { why: 'swapped', where: `holds what was sealed as ${THIRD + 1}` },
  ],
  [
    'a seal that was changed',
    `UPDATE sculptor.audit_seal SET hash = REPEAT('x', 32) WHERE number = ${THIRD}`,
    { why: 'changed', where: `seal ${THIRD}` },
  ],
  [
    'a chain that ends in another hash than root has seen',
    `UPDATE sculptor.audit_seal SET hash = REPEAT('x', 32) WHERE number = (SELECT MAX(number) FROM sculptor.kept_seal)`,
    { why: 'changed', where: 'is not made of the one before it' },
  ],
])('%s is found', (_, tampering, { why, where }) => {
  rootSql(tampering);
  const { code, wrong } = verify();
  expect(code).toBe(1);
  expect(wrong).toContainEqual({ why, sentence: expect.stringContaining(where) });
});

test('a row that nobody seals is said after a minute', () => {
  rootSql(`INSERT INTO sculptor.audit (at, actor, address, action, resource, outcome)
    VALUES (UTC_TIMESTAMP(3) - INTERVAL 2 MINUTE, '', '', '', '', '')`);
  expect(verify()).toMatchObject({ code: 1, wrong: [{ why: 'unsealed' }] });
});

describe('of root’s own log', () => {
  /** The last line but `ago` that is in the audit as well. */
  const place = (ago: number) =>
    lines().findLastIndex((line) => numberIn(line) <= copied() && !line.includes('"event":"head"')) - ago;

  test.each([
    [
      'a line that was changed',
      'changed',
      (all: string[], at: number) => all.with(at, (all[at] ?? '').replace('"time":"2', '"time":"3')),
    ],
    ['a line that is missing', 'missing', (all: string[], at: number) => all.toSpliced(at, 1)],
    [
      'two lines in each other’s place',
      'swapped',
      (all: string[], at: number) => all.with(at, all[at + 1] ?? '').with(at + 1, all[at] ?? ''),
    ],
  ])('%s is found', (_, why, tamper) => {
    const at = place(1);
    const line = numberIn(lines()[at]);
    writeFileSync(LOG, tamper(lines(), at).join(''));
    const { code, wrong } = verify();
    expect([code, wrong[0]]).toEqual([1, { why, sentence: expect.stringContaining(`line ${line} `) }]);
  });

  test('lines that are missing at its end, or all of them, are found by their copies', () => {
    for (const left of [lines().slice(0, place(1)), []]) {
      writeFileSync(LOG, left.join(''));
      const { code, wrong } = verify();
      expect([code, wrong.length > 0]).toEqual([1, true]);
      asItWas();
    }
  });

  test('what is in it twice, or was written without a number, changes nothing', () => {
    const torn = '{"time":"2026-01-01T00:00:00.000Z","event":"en';
    writeFileSync(LOG, readFileSync(KEPT, 'utf8') + torn);
    expect(verify()).toEqual({ code: 0, wrong: [] });
    expect(verify()).toEqual({ code: 0, wrong: [] });
  });

  test('it goes on in the next file where it was rotated', () => {
    must('logrotate', ['--force', '--state', '/root/rotated', '/etc/logrotate.d/sculptor']);
    expect(verify()).toEqual({ code: 0, wrong: [] });
    must('logrotate', ['--force', '--state', '/root/rotated', '/etc/logrotate.d/sculptor']);
    expect(verify()).toEqual({ code: 0, wrong: [] });
    run('/bin/sh', ['-c', `rm -f ${LOG}.*`]);
  });
});

test.each(['socket', 'sudo'] as const)(
  'root’s note of where the audit ends goes not back, by %s',
  async (way) => {
    const { number: noted, hash } = notedHead();
    const other = 'a'.repeat(64);
    expect((await ask(way, 'audit.head', { number: noted, hash })).code).toBe('succeeded');
    for (const head of [
      { number: noted, hash: other },
      { number: 1, hash: other },
    ])
      expect((await ask(way, 'audit.head', head)).code).toBe('mismatch');
    expect(notedHead()).toMatchObject({ number: noted, hash });
  },
);

test('after an incident root accepts what stands there, says what it gives up, and notes it', async () => {
  writeFileSync(
    HEAD,
    JSON.stringify({ number: 2 ** 53 - 1, hash: 'a'.repeat(64), at: '2026-01-01T00:00:00.000Z' }),
  );
  expect(verify()).toMatchObject({ code: 1, wrong: [{ why: 'ahead' }] });
  const accepted = sculptorctl('audit', 'accept');
  expect([accepted.code, accepted.err]).toEqual([0, '']);
  expect(accepted.out).toContain(
    `given up: 1 of root's notes, the newest of seal ${2 ** 53 - 1} at 2026-01-01`,
  );
  expect(notedHead().number).toBe(lastSeal());
  expect(lines().findLast((line) => line.includes('"event":"accepted"'))).toContain(`"sealed":${lastSeal()}`);
  expect(verify()).toEqual({ code: 0, wrong: [] });
  expect(sculptorctl('audit', 'accept').out).toContain('nothing is given up');
  const [next] = [{ number: lastSeal(), hash: notedHead().hash }];
  expect((await ask('socket', 'audit.head', next)).code).toBe('succeeded');
});

test('copies that are said to be further than root’s log hold nothing back once root has accepted', async () => {
  const ahead = 1_000_000_000;
  rootSql(`UPDATE sculptor.server_fact SET value = '{"line":${ahead}}' WHERE name = 'root-audit'`);
  for (const way of ['socket', 'sudo'] as const)
    expect((await ask(way, 'audit.lines', { after: ahead })).code).toBe('mismatch');
  const before = numberIn(lines().at(-1));
  expect(sculptorctl('audit', 'accept').code).toBe(0);
  expect(copied()).toBeLessThanOrEqual(before);
  expect(copied()).toBeGreaterThan(0);
  expect((await ask('socket', 'audit.lines', { after: copied() })).code).toBe('succeeded');
});

test('who holds the lock of root’s log keeps no request waiting, and what was asked gets its number later', async () => {
  const holder = spawn('flock', [
    '--exclusive',
    '--no-fork',
    `${ROOTS}/locks/audit-log`,
    'sh',
    '-c',
    'echo held; exec sleep 600',
  ]);
  await once(holder.stdout, 'data');
  const before = lines().length;
  const aside = () => (existsSync(ASIDE) ? readFileSync(ASIDE, 'utf8') : '');
  for (const way of ['socket', 'sudo'] as const) await converse(way, 'nothing\n');
  expect(aside().split('"event":"refused"')).toHaveLength(3);
  expect(lines()).toHaveLength(before);
  holder.kill('SIGKILL');
  await once(holder, 'close');
  await converse('socket', 'nothing\n');
  const added = lines().slice(before);
  expect(added.map((line) => numberIn(line) > 0 && line.includes('"event":"refused"'))).toEqual([
    true,
    true,
    true,
  ]);
  expect(aside()).toBe('');
  expect(verify()).toEqual({ code: 0, wrong: [] });
});
