import type { Defence } from '../defence.ts';

const HTTP = 'test/integration/api/http.test.ts';
const JSON_TEST = 'test/unit/api/strict-json.test.ts';
const SCOPES = 'test/integration/api/scopes.test.ts';
const FOREIGN = "does not know another tenant's object, by its id or by its name";

/** The HTTP side: who asks, for what, and in what form; and what may be said afterwards. */
export const EDGE: readonly Defence[] = [
  {
    name: 'each key once',
    against: 'a body that says one thing to us and another to the next reader',
    change: { file: 'api/strict-json.ts', from: 'if (keys.has(key))', to: 'if (key === "")' },
    noticed: { file: JSON_TEST, test: 'refuses {"a":1,"a":1}' },
  },
  {
    name: 'no prototype in a body',
    against: '__proto__ and what it reaches',
    change: { file: 'api/strict-json.ts', from: 'if (REFUSED_KEYS.has(key))', to: 'if (key === "")' },
    noticed: { file: JSON_TEST, test: 'refuses {"__proto__":{}}' },
  },
  {
    name: 'depth of JSON',
    against: 'a body of brackets that ends the process',
    change: {
      file: 'api/strict-json.ts',
      from: 'if (levels.length > MAX_DEPTH)',
      to: 'if (levels.length < 0)',
    },
    noticed: { file: JSON_TEST, test: 'refuses {"a":[[[[[[[[]]]]]]]]}' },
  },
  {
    name: 'size of a body',
    against: 'a body that fills the memory',
    change: { file: 'api/body.ts', from: 'limit: MAX_BODY_BYTES,', to: 'limit: MAX_BODY_BYTES * 1000,' },
    noticed: {
      file: 'test/attack/http.test.ts',
      test: 'row 34: a body that is too large, too deep or of another kind changes nothing',
    },
  },
  {
    name: 'no packed body',
    against: 'a kilobyte that unpacks to a gigabyte',
    change: { file: 'api/body.ts', from: 'inflate: false })', to: 'inflate: true })' },
    noticed: { file: HTTP, test: 'a compressed body is refused and not unpacked' },
  },
  {
    name: 'scopes by a table',
    against: 'a token that may read and removes',
    change: { file: 'api/routes.ts', from: 'if (missing.length > 0)', to: 'if (missing.length < 0)' },
    noticed: {
      file: SCOPES,
      test: 'delete /databases/:database is forbidden to each scope that is not enough, whosever the object is',
    },
  },
  {
    name: 'a domain is its tenant’s',
    against: 'a token that reads the site of another tenant',
    change: {
      file: 'state/domains.ts',
      from: 'WHERE v.domain_id = ? AND v.tenant = ? AND ${CURRENT}`;',
      to: "WHERE v.domain_id = ? AND ? <> '' AND ${CURRENT}`;",
    },
    noticed: { file: SCOPES, test: `get /domains/:domain ${FOREIGN}` },
  },
  {
    name: 'a database is its tenant’s',
    against: 'a token that reads the database of another tenant',
    change: {
      file: 'state/databases.ts',
      from: 'WHERE v.database_id = ? AND v.tenant = ?',
      to: "WHERE v.database_id = ? AND ? <> ''",
    },
    noticed: { file: SCOPES, test: `get /databases/:database ${FOREIGN}` },
  },
  {
    name: 'an operation is its tenant’s',
    against: 'a token that follows what another tenant does',
    change: {
      file: 'state/operations.ts',
      from: 'FROM operation WHERE id = ? AND tenant = ?',
      to: "FROM operation WHERE id = ? AND ? <> ''",
    },
    noticed: { file: SCOPES, test: `get /operations/:operation ${FOREIGN}` },
  },
  {
    name: 'no token wider than its maker',
    against: 'a token that gives itself what it lacks',
    change: { file: 'api/tokens/no-wider.ts', from: 'if (errors.length > 0)', to: 'if (errors.length < 0)' },
    noticed: {
      file: 'test/integration/api/tokens.test.ts',
      test: 'a token made by a token with a scope more is refused',
    },
  },
  {
    name: 'tokens are bound to addresses',
    against: 'a token that was read on its way and is used from elsewhere',
    change: {
      file: 'api/authentication.ts',
      from: 'return bound && !holdAddress',
      to: 'return bound && address === "" && !holdAddress',
    },
    noticed: {
      file: 'test/integration/api/authentication.test.ts',
      test: 'a token bound to ["203.0.113.0/24"], used from "203.0.114.7": 401',
    },
  },
  {
    name: 'tokens are stored as digests',
    against: 'whoever reads the state and has every token',
    change: { file: 'state/token-rows.ts', from: '...[id, digestOf(text), name,', to: '...[id, text, name,' },
    noticed: {
      file: 'test/integration/api/tokens.test.ts',
      test: 'the administrator makes a token for a tenant; its text is in this answer and nowhere else',
    },
  },
  {
    name: 'failed logins are limited',
    against: 'trying tokens as fast as the wire',
    change: { file: 'api/authentication.ts', from: 'await limits.failedLogin(address);', to: '' },
    noticed: {
      file: 'test/integration/api/rate-limits.test.ts',
      test: 'an address fails a few times; whoever has a good token there is served all the same',
    },
  },
  {
    name: 'a key stands for one request',
    against: 'an answer to something else than was asked',
    change: {
      file: 'state/idempotency.ts',
      from: 'row.request === sha256(wanted.request)',
      to: 'row.request !== ""',
    },
    noticed: {
      file: 'test/integration/api/idempotency.test.ts',
      test: 'a key that stood for another body is refused',
    },
  },
  {
    name: 'one address in the header of nginx',
    against: 'a caller who says from where it comes',
    change: {
      file: 'api/caller.ts',
      from: "typeof forwarded === 'string' && isIP(forwarded) !== 0 ? forwarded : UNKNOWN",
      to: "typeof forwarded === 'string' ? forwarded : UNKNOWN",
    },
    noticed: { file: HTTP, test: 'X-Forwarded-For: "203.0.113.7, 127.0.0.1" is not taken for an address' },
  },
  {
    name: 'mode of the API’s socket',
    against: 'every user of the server as a caller without nginx',
    change: { file: 'api/http-server.ts', from: 'process.umask(0o117)', to: 'process.umask(0o111)' },
    noticed: { file: HTTP, test: 'the socket is for its owner and its group' },
  },
  {
    name: 'no site below the server’s name',
    against: 'a site that shares cookies and trust with the API',
    change: {
      file: 'runtime/domain-names.ts',
      from: 'if (serverName !== undefined && isAtOrBelow(ascii, serverName))',
      to: 'if (serverName === "")',
    },
    noticed: {
      file: 'test/unit/properties/names.test.ts',
      test: 'the server’s own name and what is below it is never taken, however it is typed',
    },
  },
  {
    name: 'served folders stay below public',
    against: 'a folder with dots that leads out of the site',
    change: {
      file: 'contract/names.ts',
      from: ".refine((path) => !path.includes('..'), 'a folder without two dots in a row in its name')",
      to: '',
    },
    noticed: { file: 'test/unit/contract/names.test.ts', test: 'the folder "public/a..b" may not be served' },
  },
  {
    name: 'secrets have no text',
    against: 'a secret in a log line or an error by accident',
    change: { file: 'runtime/secret.ts', from: 'toString: hide,', to: 'toString: () => text,' },
    noticed: { file: 'test/unit/runtime/secret.test.ts', test: 'String does not show a secret' },
  },
  {
    name: 'hidden fields of the log',
    against: 'a password that a careless line logs',
    change: { file: 'runtime/logger.ts', from: "'password', ", to: '' },
    noticed: {
      file: 'test/unit/runtime/secret.test.ts',
      test: 'a field called password is not logged, should one be',
    },
  },
  {
    name: 'nothing drives the terminal',
    against: 'a name that rewrites what root reads',
    change: {
      file: 'cli/printable.ts',
      from: 'return text.replace(DANGEROUS, escaped);',
      to: 'return DANGEROUS.test("") ? escaped(text) : text;',
    },
    noticed: {
      file: 'test/unit/cli/printable.test.ts',
      test: 'writes "\\u001b[31mred" so that a terminal only shows it',
    },
  },
];
