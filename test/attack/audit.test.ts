import { setTimeout as pause } from 'node:timers/promises';
import { ready, unique } from '../machine/agent.ts';
import { ask, type Way } from '../machine/executor-conversation.ts';
import { must, rootSql, sculptorctl } from '../machine/server.ts';
import { accepted, refused } from './attempt.ts';
import { API, SCULPTOR, sqlAs } from './thieves.ts';

/* The audit, with the worker or the API taken: neither keeps root from the end of it, nor puts words into root's mouth. */

const WORKER = 'sculptor-worker-privileged';
const A = 'a'.repeat(64);
const lastSeal = () => {
  const [number, hash = ''] = rootSql(
    'SELECT number, LOWER(HEX(hash)) FROM sculptor.audit_seal ORDER BY number DESC LIMIT 1',
  )
    .trim()
    .split('\t');
  return { number: Number(number), hash };
};
const wrong = () => {
  const { out } = sculptorctl('--json', 'audit', 'verify');
  return (JSON.parse(out) as { wrong: { why: string; sentence: string }[] }).wrong;
};
/** All that is there is sealed and copied, and nobody writes on. */
async function stopped(): Promise<void> {
  const last = unique('last');
  sqlAs(API, [
    `INSERT INTO sculptor.audit (actor, address, action, resource, outcome) VALUES ('nobody', '', '', '${last}', '')`,
  ]);
  const sealed = `SELECT COUNT(*) FROM sculptor.audit a JOIN sculptor.audit_seal s ON s.seq = a.seq
    WHERE a.resource = '${last}'`;
  while (rootSql(sealed) === '0\n') await pause(250);
  must('systemctl', ['stop', WORKER]);
}

beforeAll(async () => {
  await ready();
  await stopped();
});
afterAll(() => must('systemctl', ['start', WORKER]));

test('row 28: no end of the audit is noted that does not stand there, and the true one is still taken', async () => {
  const { number, hash } = lastSeal();
  const heads = [
    { number: Number.MAX_SAFE_INTEGER, hash: A },
    { number: Number.MAX_SAFE_INTEGER, hash },
    { number: number + 1, hash },
    { number, hash: A },
    { number: number - 1, hash },
  ];
  const ended = [{ event: 'ended', verb: 'audit.head', outcome: 'mismatch' }];
  const ways: readonly Way[] = ['socket', 'sudo'];
  await refused(
    28,
    ways.flatMap((way) =>
      heads.map((head) => ({
        what: `${JSON.stringify(head)} by ${way}`,
        act: async () => (await ask(way, 'audit.head', head)).code,
        refusal: 'mismatch',
        audit: ended,
      })),
    ),
  );
  expect((await ask('socket', 'audit.head', { number, hash })).code).toBe('succeeded');
});

test('row 26: no seal but the next is given, and only to a row that is there', async () => {
  const { number } = lastSeal();
  const seals = [
    ...[0, number - 1, number + 2, Number.MAX_SAFE_INTEGER, '18446744073709551615'].map((one) => [
      one,
      'MAX(seq)',
    ]),
    [number + 1, '18446744073709551615'],
    [number + 1, 'MAX(seq) + 1'],
    [number + 1, 'MAX(seq)'],
  ];
  const statements = seals.flatMap(([one, seq]) =>
    ['INSERT', 'INSERT IGNORE'].map(
      (how) =>
        `${how} INTO sculptor.audit_seal SELECT ${one}, ${seq}, REPEAT('a', 32), REPEAT('a', 32) FROM sculptor.audit`,
    ),
  );
  await refused(26, [
    {
      what: 'seals',
      act: () => sqlAs(SCULPTOR, statements).filter((came) => came !== 'a seal follows the one before it'),
      refusal: [],
      times: statements.length,
    },
  ]);
  expect(lastSeal().number).toBe(number);
});

test('row 26: the API writes down no deed of root’s or the worker’s', async () => {
  const actors = ['root', 'executor', 'ROOT', 'root ', 'worker-privileged', 'Root'];
  const statements = actors.map(
    (actor) =>
      `INSERT INTO sculptor.audit (actor, address, action, resource, outcome) VALUES ('${actor}', '', 'purge', 'x', 'begun')`,
  );
  await refused(26, [
    {
      what: 'rows',
      act: () => sqlAs(API, statements).filter((came) => came !== 'the API writes down no deed of root'),
      refusal: [],
      times: statements.length,
    },
  ]);
});

test('row 26: what the worker says that root did, and did not, is named', async () => {
  expect(wrong()).toEqual([]);
  const copy = rootSql(`SELECT detail FROM sculptor.audit WHERE source = 'worker' AND actor = 'executor'
    ORDER BY seq DESC LIMIT 1`).trim();
  const forged = ['', copy, 'line 7'].map(
    (detail) => `INSERT INTO sculptor.audit (actor, address, action, resource, outcome, detail, source)
      VALUES ('root', 'default', 'purge', 'domain x', 'succeeded', '${detail}', 'worker')`,
  );
  expect(
    sqlAs(
      SCULPTOR,
      forged.map((text) => text.replace(/\s+/g, ' ')),
    ),
  ).toEqual(['done', 'done', 'done']);
  must('systemctl', ['start', WORKER]);
  await stopped();
  expect(wrong().map(({ why }) => why)).toEqual(expect.arrayContaining(['forged', 'changed', 'forged']));
  expect(wrong()).toHaveLength(3);
  // As after an incident: what stands there is what it is.
  expect(sculptorctl('audit', 'accept').code).toBe(0);
  expect(wrong()).toEqual([]);
  accepted(26);
});
