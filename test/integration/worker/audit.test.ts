import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { Hash } from '../../../contract/audit.ts';
import type { RootLine } from '../../../contract/audit.ts';
import { FailureError } from '../../../contract/failures.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { insertAudit, listAudit } from '../../../state/audit.ts';
import { lastSeal, sealRows } from '../../../state/audit-seals.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { copiedUpTo, copyRootLines } from '../../../state/root-lines.ts';
import { createKeepingAudit } from '../../../worker-privileged/keeping-audit.ts';
import { createSealingAudit } from '../../../worker-privileged/sealing-audit.ts';
import type { Executor } from '../../../worker-privileged/executor-calls.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';
import { server } from './world.ts';

let servers: Servers;
let api: State;
let worker: State;
beforeAll(async () => {
  servers = await startServers();
  api = openState(servers.state('www-data'));
  worker = openState(servers.state('sculptor'));
});
beforeEach(() =>
  servers.sql(
    'DELETE FROM sculptor.audit_seal; DELETE FROM sculptor.audit; DELETE FROM sculptor.server_fact',
  ),
);
afterAll(async () => {
  await Promise.all([api.close(), worker.close()]);
  await servers.stop();
});

const logger = createLogger('worker-privileged', { write: () => undefined });
const LINE = { actor: 'tokenoftests', address: '::1', action: 'GET', resource: '/v1', outcome: 'answered' };
const ALL = { after: 0, to: Number.MAX_SAFE_INTEGER, most: 500 };
const numbers = () =>
  servers.sql(
    'SELECT s.number, a.resource FROM sculptor.audit_seal s JOIN sculptor.audit a ON a.seq = s.seq ORDER BY 1',
  );
const note = (resource: string) => insertAudit(api, { ...LINE, resource });

test('while rows are sealed, and that is not committed yet, the API writes the next', async () => {
  await note('first');
  await worker.transaction(async (sql) => {
    const within = { ...worker, transaction: <T>(work: (inside: typeof sql) => Promise<T>) => work(sql) };
    expect(await sealRows(within, ALL)).toBe(1);
    await note('second');
  });
  expect(numbers()).toEqual([['1', 'first']]);
  expect(await sealRows(worker, ALL)).toBe(1);
});

test('rows are sealed in the order in which they are found, one that was committed late behind those before it', async () => {
  let finish: (() => void) | undefined;
  const late = api.transaction(async (sql) => {
    await insertAudit(sql, { ...LINE, resource: 'late' });
    await new Promise<void>((resolve) => (finish = resolve));
  });
  await pause(50);
  await note('first');
  const seal = createSealingAudit({ state: worker, isActive: () => true, logger });
  await seal();
  finish?.();
  await late;
  await seal();
  await note('last');
  await seal();
  expect(numbers()).toEqual([
    ['1', 'first'],
    ['2', 'late'],
    ['3', 'last'],
  ]);
});

test('one that turns up far below is sealed as well', async () => {
  await note('first');
  servers.sql("UPDATE sculptor.audit SET seq = seq + 900000 WHERE resource = 'first'");
  let clock = Date.now();
  const seal = createSealingAudit({ state: worker, isActive: () => true, logger, now: () => clock });
  await seal();
  servers.sql(
    `INSERT INTO sculptor.audit (seq, actor, address, action, resource, outcome) VALUES (7, '', '', '', 'below', '')`,
  );
  for (let round = 0; round < 60 && numbers().length < 2; round += 1) {
    clock += 61_000;
    await seal();
  }
  expect(numbers()).toEqual([
    ['1', 'first'],
    ['2', 'below'],
  ]);
});

test('two that seal at once give each row one number, and none is left out', async () => {
  for (let count = 0; count < 30; count += 1) await note(String(count));
  const other = openState(servers.state('sculptor'));
  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, (_, index) => sealRows(index % 2 === 0 ? worker : other, { ...ALL, most: 10 })),
  );
  expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
  while ((await sealRows(worker, ALL)) > 0);
  await other.close();
  expect(numbers().map(([number]) => Number(number))).toEqual(
    Array.from({ length: 30 }, (_, index) => index + 1),
  );
});

test('whoever reads it sees which rows are sealed', async () => {
  await note('sealed');
  await sealRows(worker, ALL);
  await note('not yet');
  const [newest, oldest] = await listAudit(api, { limit: 2 });
  expect([newest?.seal, oldest?.seal]).toEqual([null, 1]);
});

test.each([
  'UPDATE audit SET outcome = 1',
  'DELETE FROM audit',
  'UPDATE audit_seal SET seq = 1',
  'DELETE FROM audit_seal',
  'REPLACE INTO audit_seal VALUES (1, 1, 1, 1)',
  'TRUNCATE TABLE audit',
  'INSERT INTO audit_seal VALUES (1, 1, 1, 1) ON DUPLICATE KEY UPDATE hash = 2',
])('the worker may not: %s', async (text) => {
  await note('stays');
  await sealRows(worker, ALL);
  await expect(worker.run(text)).rejects.toMatchObject({ code: expect.stringMatching(/ACCESS_DENIED/) });
  expect(numbers()).toEqual([['1', 'stays']]);
});

describe('a seal that the worker makes up', () => {
  const COLUMNS = 'audit_seal (number, seq, content, hash)';
  const hashFor = (number: string, seq: string) =>
    `(SELECT * FROM (SELECT UNHEX(SHA2(CONCAT('["', LOWER(HEX(hash)), '",', ${number}, ',', ${seq}, ',"', REPEAT('61', 32), '"]'), 256))
      FROM audit_seal ORDER BY number DESC LIMIT 1) last)`;
  const free = '(SELECT MAX(seq) FROM audit)';
  const made = (number: string, seq = free, hash = hashFor(number, seq)) =>
    `${COLUMNS} VALUES (${number}, ${seq}, REPEAT('a', 32), ${hash})`;

  beforeEach(async () => {
    await note('sealed');
    await sealRows(worker, ALL);
    await note('free');
  });

  test.each([
    ['of a number far ahead', made('9007199254740991')],
    ['of the last number there is', made('18446744073709551615')],
    ['of no number', made('0')],
    ['of the number after next', made('3')],
    ['of a number that there is', made('1')],
    ['of a row that is not there', made('2', '99999999')],
    ['of a row that is sealed', made('2', '(SELECT MIN(seq) FROM audit)')],
    ['that is not made of the one before it', made('2', free, "REPEAT('x', 32)")],
  ])('%s is refused, and the next is taken', async (_, values) => {
    for (const way of ['INSERT', 'INSERT IGNORE'])
      await worker.run(`${way} INTO ${values}`).catch(() => undefined);
    expect(numbers()).toEqual([['1', 'sealed']]);
    expect(await sealRows(worker, ALL)).toBe(1);
  });

  test('upon one that another session takes back is none', async () => {
    await note('free too');
    const sessions = [1, 2].map(() => openState({ ...servers.state('sculptor'), connections: 1 }));
    const [one = worker, two = worker] = sessions;
    try {
      await one.run('START TRANSACTION');
      await one.run(`INSERT INTO ${made('2', '(SELECT MAX(seq) - 1 FROM audit)')}`);
      await two.run('SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED');
      await two.run('SET innodb_lock_wait_timeout = 1');
      await expect(two.run(`INSERT INTO ${made('3')}`)).rejects.toMatchObject({
        code: 'ER_LOCK_WAIT_TIMEOUT',
      });
      await one.run('ROLLBACK');
    } finally {
      await Promise.all(sessions.map(async (session) => session.close()));
    }
    expect(numbers()).toEqual([['1', 'sealed']]);
  });
});

test.each([
  ['the API', 'root'],
  ['the API', 'executor'],
  ['the API', 'ROOT'],
  ['the API', 'root '],
  ['the API', 'root\n'],
  ['the API', 'r\u043e\u043et'],
  ['the API', 'worker-privileged'],
  ['the worker', 'tokenoftests'],
])('%s writes down nothing as %j', async (who, actor) => {
  const account = who === 'the API' ? api : worker;
  await expect(insertAudit(account, { ...LINE, actor })).rejects.toMatchObject({ sqlState: '45000' });
  await note('by a token');
  await insertAudit(api, { ...LINE, actor: 'nobody' });
});

describe('what is old', () => {
  const aged = (days: number, upto: number) =>
    servers.sql(`UPDATE sculptor.audit a JOIN sculptor.audit_seal s ON s.seq = a.seq
      SET a.at = UTC_TIMESTAMP(3) - INTERVAL ${days} DAY WHERE s.number <= ${upto}`);

  beforeEach(async () => {
    servers.sql(`INSERT INTO sculptor.audit (actor, address, action, resource, outcome)
      SELECT '', '', '', 'x', '' FROM sculptor.seq_1_to_2500`);
    while ((await sealRows(worker, ALL)) > 0);
  });

  test('goes after 400 days, some thousand at a time, and the seal of the last stays', async () => {
    aged(401, 2200);
    await worker.run('CALL sculptor_door.forget_audit()');
    const [left] = servers.sql('SELECT MIN(number), COUNT(*) FROM sculptor.audit_seal');
    expect(left).toEqual(['2001', '500']);
    expect(servers.sql('SELECT COUNT(*) FROM sculptor.audit')).toEqual([['499']]);
  });

  test('stays before that, whatever the clock of a session says, and whoever seals', async () => {
    aged(399, 2500);
    await worker.transaction(async (sql) => {
      await sql.run("SET timestamp = UNIX_TIMESTAMP('2037-01-01'), time_zone = '+12:00'");
      await sql.run('CALL sculptor_door.forget_audit()');
      await sql.run('SET timestamp = DEFAULT');
    });
    expect(servers.sql('SELECT COUNT(*) FROM sculptor.audit')).toEqual([['2500']]);
    aged(20, 2500);
    await expect(
      worker.run('INSERT INTO sculptor.audit_seal VALUES (90000000, 90000000, 1, 1)'),
    ).rejects.toMatchObject({ sqlState: '45000' });
    await worker.run('CALL sculptor_door.forget_audit()');
    expect(servers.sql('SELECT COUNT(*) FROM sculptor.audit')).toEqual([['2500']]);
  });
});

describe('what root’s side has done', () => {
  const line = (number: number): RootLine => ({
    ...{ line: number, hash: Hash.parse(number.toString(16).padStart(64, '0')), actor: 'executor' },
    ...{ action: 'site.put', resource: 'aaaaaaaaaaaa', outcome: 'begun', about: 'operation x' },
  });
  const copies = () =>
    servers.sql("SELECT detail FROM sculptor.audit WHERE source = 'worker' ORDER BY seq").flat();

  test('is written down once, whoever does it how often', async () => {
    const page = { lines: [line(1), line(2)], after: 0, last: 3 };
    await Promise.all([copyRootLines(worker, server, page), copyRootLines(worker, server, page)]).catch(
      () => undefined,
    );
    await copyRootLines(worker, server, page);
    expect(copies()).toEqual(
      [line(1), line(2)].map(({ line: one, hash }) => `line ${one} ${hash} operation x`),
    );
    expect(await copiedUpTo(worker, server)).toBe(3);
  });

  test('is asked for page by page, and root is told once how far the audit reaches', async () => {
    const asked: unknown[] = [];
    const call = (verb: string, args: { after?: number }) => {
      asked.push([verb, args]);
      if (verb === 'audit.head') return Promise.resolve({});
      const after = args.after ?? 0;
      return Promise.resolve(
        after < 3 ? { lines: [line(after + 1)], last: after + 1 } : { lines: [], last: after },
      );
    };
    const executor = { call } as unknown as Executor;
    const keep = createKeepingAudit({ server, state: worker, executor, isActive: () => true, logger });
    await keep();
    expect(copies()).toHaveLength(3);
    await sealRows(worker, ALL);
    const before = asked.length;
    await keep();
    await keep();
    const head = z.object({ number: z.number(), hash: Hash }).parse(await lastSeal(worker));
    expect(asked.slice(before)).toEqual([
      ['audit.lines', { after: 3 }],
      ['audit.head', head],
      ['audit.lines', { after: 3 }],
    ]);
  });

  test.each([
    ['mismatch', true],
    ['invalid_request', false],
    ['executor_unavailable', false],
  ] as const)(
    'that root refuses with %s is an alarm: %s; and the one keeps not the other',
    async (code, alarm) => {
      await note('sealed');
      await sealRows(worker, ALL);
      const [said, asked]: [string[], string[]] = [[], []];
      const call = (verb: string) => {
        asked.push(verb);
        return Promise.reject(new FailureError(code, 'Refused.', 'Look.'));
      };
      const keep = createKeepingAudit({
        ...{ server, state: worker, executor: { call }, isActive: () => true },
        logger: createLogger('worker-privileged', { write: (line: string) => void said.push(line) }),
      });
      await keep();
      await keep();
      expect(said.some((line) => line.includes('audit verify'))).toBe(alarm);
      const once = ['audit.lines', 'audit.head'];
      expect(asked).toEqual(alarm ? once : [...once, ...once]);
    },
  );
});
