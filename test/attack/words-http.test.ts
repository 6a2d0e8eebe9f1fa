import { randomUUID } from 'node:crypto';
import { API_SOCKET, exchange, ready } from '../machine/agent.ts';
import { rootSql } from '../machine/server.ts';
import { refused, type Attempt } from './attempt.ts';
import { newId, realDatabase } from './forgery.ts';
import { newTenant, newToken } from './new-tenant.ts';
import { around, CONTROLS, CRON, FPM, NGINX, PATHS, SHELL, SQL, SUPERVISOR } from './hostile.ts';

/* Rows 1 to 9 and 14 at the front door: whoever has a token that may do everything for a tenant. */

const EVERYTHING = [...SHELL, ...CONTROLS, ...NGINX, ...FPM, ...SUPERVISOR, ...CRON, ...SQL, ...PATHS];

let tenant: string;
beforeAll(async () => {
  await ready();
  tenant = newTenant();
});

const AT_ONCE = 16;

/** Posts each of the bodies, and gives those that were not answered with a problem of 422. */
async function unrefused(path: string, bodies: readonly object[]): Promise<readonly unknown[]> {
  // One for each field, because requests are limited by token.
  const authorization = `Bearer ${newToken(tenant)}`;
  const left = [...bodies];
  const found: unknown[] = [];
  const post = async () => {
    for (let body = left.pop(); body !== undefined; body = left.pop()) {
      const headers = {
        ...{ authorization, 'idempotency-key': randomUUID(), 'content-type': 'application/json' },
      };
      const call = { socketPath: API_SOCKET, host: 'localhost', method: 'POST', path, headers };
      const { status, json } = await exchange(call, JSON.stringify(body));
      if (status !== 422 || json['type'] !== 'urn:sculptor:problem:invalid-input') found.push([body, status]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, post));
  return found;
}

/** Everything that the API may write for a tenant. */
function written(): string {
  const tables = ['domain_version', 'domain_name', 'database_version', 'database_user_version', 'operation'];
  return rootSql(
    [...tables, 'token']
      .map((table) => `SELECT COUNT(*) FROM sculptor.${table} WHERE tenant = '${tenant}';`)
      .join(''),
  ).replace(/[0-9]+\n$/, '');
}

type Field = {
  readonly what: string;
  readonly path: string;
  readonly values: readonly string[];
  readonly body: (value: string) => object;
};

async function refusesEach(rows: readonly number[], fields: readonly Field[]): Promise<void> {
  const before = written();
  const attempts: Attempt[] = fields.map(({ what, path, values, body }) => ({
    what,
    act: () => unrefused(`/v1${path}`, values.map(body)),
    refusal: [],
    times: values.length,
  }));
  await refused(rows, attempts);
  expect(written()).toBe(before);
}

const domain = (field: string, values: readonly string[]): Field => ({
  ...{ what: `a domain's ${field}`, path: '/domains', values },
  body: (value) => ({ name: `${newId()}.example`, [field]: field === 'aliases' ? [value] : value }),
});

const label = '[a-z0-9]([a-z0-9-]*[a-z0-9])?';
/** Letters and coins of whatever language are what a name may have: the network writes them as A-labels. */
const isName = (value: string) =>
  new RegExp(`^${label}(\\.${label})+$`).test(
    value
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[\p{L}\p{Sc}]/gu, (letter) => (letter > '\x7f' ? 'a' : letter)),
  );
const isFolder = (value: string) =>
  /^public(\/[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_-])?)*$/.test(value) && !value.includes('..');

const NAMES = [...around('words.example', EVERYTHING), 'test..com'].filter((value) => !isName(value));

test('rows 1, 3, 4, 5, 6 and 14: no field of a domain takes more than it is for', async () => {
  await refusesEach(
    [1, 3, 4, 5, 6, 14],
    [
      domain('name', NAMES),
      domain('aliases', NAMES),
      domain('type', around('static', EVERYTHING)),
      domain('phpVersion', around('8.2', EVERYTHING)),
      domain(
        'publicDirectory',
        around('public/web', EVERYTHING).filter((value) => !isFolder(value)),
      ),
      domain('isolation', around('site', EVERYTHING)),
      domain('enabled', EVERYTHING),
      domain('protected', EVERYTHING),
    ],
  );
});

test('rows 1, 3, 8 and 14: no field of a database, of its user or of a token does', async () => {
  const users = `/databases/${await realDatabase(tenant)}/users`;
  const words = around('words', EVERYTHING).filter((value) => !/^[a-z][a-z0-9_]*$/.test(value));
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const token = (field: string, values: readonly string[]): Field => ({
    ...{ what: `a token's ${field}`, path: '/tokens', values },
    body: (value) => ({
      ...{ name: 'words', scopes: ['domains:read'], expiresAt },
      [field]: ['scopes', 'addresses'].includes(field) ? [value] : value,
    }),
  });
  const titles = around('words', EVERYTHING).filter(
    (value) => !/^[A-Za-z0-9]([\w .@-]*[\w.-])?$/.test(value),
  );
  await refusesEach(
    [1, 3, 8, 14],
    [
      { what: 'a database called', path: '/databases', values: words, body: (name) => ({ name }) },
      ...['name', 'privileges'].map((field) => ({
        what: `an account's ${field}`,
        path: users,
        values: field === 'name' ? words : around('all', EVERYTHING),
        body: (value: string) => ({ name: newId(), [field]: value }),
      })),
      token('name', titles),
      token('scopes', around('domains:read', EVERYTHING)),
      token('addresses', around('203.0.113.7/32', EVERYTHING)),
      token('expiresAt', around(expiresAt, EVERYTHING)),
      token(
        'tenant',
        around(tenant, EVERYTHING).filter((value) => value !== tenant),
      ),
    ],
  );
});

test('row 7: no field of a cron or of a command takes what it should not', async () => {
  const site = newId();
  const field = (path: string, name: string, values: readonly unknown[]): Field => ({
    ...{ what: `${path} ${name}`, path: `/domains/${site}/${path}`, values: values as readonly string[] },
    body: (value) => ({
      ...(path === 'crons' ? { name: 'words', schedule: '@daily' } : {}),
      ...{ command: ['true'], [name]: value },
    }),
  });
  const ended = CRON.filter((word) => /[\n\r\u2028]/.test(word));
  await refusesEach(
    [7],
    [
      field(
        'crons',
        'schedule',
        [...CRON, ...SHELL, ...CONTROLS.map((word) => `* * * * *${word}`)].filter(
          (word) => !/^[*/0-9 ]+$/.test(word),
        ),
      ),
      field('crons', 'name', [...CRON, 'a.b', 'a~', '.placeholder']),
      ...['crons', 'runs'].flatMap((path) => [
        field(path, 'command', [...CRON, [], [''], ['-x'], ['A=b'], ...ended.map((word) => ['true', word])]),
        field(
          path,
          'workingDirectory',
          PATHS.filter((word) => word.includes('..') || word.startsWith('/')),
        ),
        field(path, 'timeoutSeconds', ['1', '0', ...CRON]),
      ]),
    ],
  );
});

test('rows 7 and 9: there is no field and no route of a site for a command, a certificate or a hook', async () => {
  const fields = [
    'cron',
    'crontab',
    'schedule',
    'command',
    'certificate',
    'certName',
    'webroot',
    'hook',
    'deployHook',
  ];
  await refusesEach(
    [7, 9],
    fields.map((field) => domain(field, [...CRON, ...SHELL, '/etc', 'https://example.com'])),
  );
  const paths = ['crons', 'programs', 'queues', 'hooks'].map((noun) => `/v1/${noun}`);
  // One for each field, because requests are limited by token.
  const authorization = `Bearer ${newToken(tenant)}`;
  await refused(
    [7, 9],
    paths.map((path) => ({
      what: path,
      act: async () =>
        (await exchange({ socketPath: API_SOCKET, host: 'localhost', path, headers: { authorization } }))
          .status,
      refusal: 404,
    })),
  );
});
