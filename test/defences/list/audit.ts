import type { Defence } from '../defence.ts';

const TABLE = 'test/unit/audit/table.test.ts';
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
      from: ' && lineHash(before.hash, between, body) === hash',
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
      from: 'return same < (line.actor === NOBODY ? MOST_LINES.nobody : MOST_LINES.token);',
      to: 'return same >= 0;',
    },
    noticed: {
      file: 'test/unit/api/audit-notes.test.ts',
      test: 'a flood of nobody’s is so many lines a minute, and one that counts the rest',
    },
  },
];
