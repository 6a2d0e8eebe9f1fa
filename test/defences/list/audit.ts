import type { Defence } from '../defence.ts';

const TABLE = 'test/unit/audit/table.test.ts';
const SEEN = 'test/unit/audit/seals.test.ts';
const CHAIN = 'test/unit/audit/chain.test.ts';
const SEALS = 'test/integration/worker/audit.test.ts';
const GRANTS = 'test/integration/api/grants.test.ts';
const check = 'worker-privileged/executor/system/audit-check.ts';

/** What was written down stays, and whoever changes it is found. */
export const AUDIT: readonly Defence[] = [
  {
    name: 'root’s note of where the audit ends',
    against: 'rows and seals that are taken off the end together',
    change: { file: check, from: 'if (one.number > (last?.number ?? 0))', to: 'if (one.number < 0)' },
    noticed: {
      file: TABLE,
      test: 'rows that were taken off the end, or all of them, are behind what root noted',
    },
  },
  {
    name: 'root’s note of a seal',
    against: 'a chain that was made anew from some row on',
    change: { file: check, from: 'noted.hash !== sealed.hash', to: 'false' },
    noticed: {
      file: TABLE,
      test: 'a seal that was made anew is found by the next, and the whole chain made anew by what root noted',
    },
  },
  {
    name: 'a hash over all before it',
    against: 'a line of root’s log that says something else',
    change: {
      file: 'worker-privileged/executor/system/audit-chain.ts',
      from: ' && is === hash',
      to: '',
    },
    noticed: { file: CHAIN, test: 'a word in a line is found' },
  },
  {
    name: 'the worker rewrites no seal',
    against: 'who has the worker and makes the chain anew',
    change: {
      file: 'state/accounts.sql',
      from: "GRANT INSERT ON sculptor.audit_seal TO 'sculptor'@'localhost';",
      to: "GRANT INSERT, DELETE ON sculptor.audit_seal TO 'sculptor'@'localhost';",
    },
    noticed: { file: SEALS, test: 'the worker may not: DELETE FROM audit_seal' },
  },
  {
    name: 'the API writes in its own name',
    against: 'who has the API and writes down what root is said to have done',
    change: {
      file: 'state/accounts.sql',
      from: 'GRANT SELECT, INSERT (actor, address, action, resource, outcome, times, detail) ON sculptor.audit',
      to: 'GRANT SELECT, INSERT (source, actor, address, action, resource, outcome, times, detail) ON sculptor.audit',
    },
    noticed: {
      file: GRANTS,
      test: "the account of the API may not: INSERT INTO audit (source, actor, address, action, resource, outcome) VALUES ('worker', '', '', '', '', '')",
    },
  },
  {
    name: 'the server numbers its rows',
    against: 'a row with the last number that there is, after which nobody can insert one',
    change: {
      file: 'state/migrations/0050-next-rows.sql',
      from: 'CREATE OR REPLACE TRIGGER audit_numbered BEFORE INSERT ON audit FOR EACH ROW\nBEGIN\n  IF @@SESSION.insert_id <> 0 THEN',
      to: 'CREATE OR REPLACE TRIGGER audit_numbered BEFORE INSERT ON audit FOR EACH ROW\nBEGIN\n  IF FALSE THEN',
    },
    noticed: {
      file: GRANTS,
      test: 'the account of the API may not say which number a row of audit (actor, address, action, resource, outcome) gets, and that nobody can insert one after it',
    },
  },
  {
    name: 'few lines for a flood',
    against: 'requests that fill the disk with what is written of them',
    change: {
      file: 'api/audit-notes.ts',
      from: "MOST_LINES[line.actor === NOBODY ? 'nobody' : 'token']",
      to: 'Infinity',
    },
    noticed: {
      file: 'test/unit/api/audit-notes.test.ts',
      test: 'a flood of nobody’s is so many lines a minute, and one that counts the rest',
    },
  },
  {
    name: 'a share of the audit for each tenant',
    against: 'a tenant that has many tokens, and asks so much that what others ask is only counted',
    change: {
      file: 'api/audit-notes.ts',
      from: 'count((one) => one.tenant === tenant) < MOST_LINES.tenant &&',
      to: '',
    },
    noticed: {
      file: 'test/unit/api/audit-notes.test.ts',
      test: 'a tenant with many tokens leaves the others theirs, and all tenants together the administrators',
    },
  },
  {
    name: 'root looks where the audit ends',
    against: 'who has the worker and tells root of an end far ahead, after which no true one is noted',
    change: {
      file: 'worker-privileged/executor/system/audit-seals.ts',
      from: 'if (found.head !== head.hash) throw another(head.number);',
      to: '',
    },
    noticed: { file: SEEN, test: 'a seal that is not there is none, noted before or not' },
  },
  {
    name: 'root looks whether the chain goes on',
    against: 'who has made the seals anew behind the one that root has noted',
    change: {
      file: 'worker-privileged/executor/system/audit-seals.ts',
      from: 'if (!isWhole) throw another(known.number);',
      to: '',
    },
    noticed: { file: SEEN, test: 'where the one that is noted is another no other is noted' },
  },
  {
    name: 'a seal follows the one before it',
    against: 'who has the worker and gives the last number there is, after which nothing is sealed',
    change: {
      file: 'state/migrations/0056-audit-guards.sql',
      from: 'IF NEW.number <> last + 1 OR ',
      to: 'IF ',
    },
    noticed: {
      file: SEALS,
      test: 'a seal that the worker makes up of the number after next is refused, and the next is taken',
    },
  },
  {
    name: 'the API is not root',
    against: 'who has the API and writes down what root is said to have done, as its own',
    change: {
      file: 'state/migrations/0056-audit-guards.sql',
      from: "\n    OR NEW.actor IN ('root', 'executor')",
      to: '',
    },
    noticed: { file: SEALS, test: 'the API writes down nothing as "root"' },
  },
  {
    name: 'a copy says what the line says',
    against: 'who has the worker and puts other words beside the hash of a line of root’s',
    change: {
      file: 'worker-privileged/executor/system/logged-lines.ts',
      from: ' || !isIt',
      to: '',
    },
    noticed: {
      file: TABLE,
      test: 'of what is copied from root’s log a copy that says another deed than the line of which it has the hash is named',
    },
  },
  {
    name: 'a copy is of a line',
    against: 'who has the worker and writes down in root’s name what no line says',
    change: {
      file: 'worker-privileged/executor/system/audit-copies-check.ts',
      from: 'const copied = lineOf(row[8]);',
      to: "const copied = lineOf(row[8]) ?? { line: Infinity, hash: '' };",
    },
    noticed: {
      file: TABLE,
      test: 'of what is copied from root’s log what the worker says that root did, and is no copy, is named',
    },
  },
];
