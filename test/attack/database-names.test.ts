import { api, ended, ready, unique } from '../machine/agent.ts';
import { newId } from '../machine/executor-conversation.ts';
import { rootSql } from '../machine/server.ts';
import { refused, type Attempt } from './attempt.ts';
import { createTenancy, type Tenancy } from './tenants.ts';
import { API, literal, SCULPTOR, sqlAs } from './thieves.ts';

/* Rows 20 to 22: names that belong to the server, that are too long, that look like another. */

const HASH = `*${'0'.repeat(40)}`;
let mine: Tenancy;

beforeAll(async () => {
  await ready();
  mine = await createTenancy();
});

const SCHEMAS = [
  ...['mysql', 'sys', 'information_schema', 'performance_schema', 'sculptor', 'sculptor_door', 'test'],
  ...[
    'MySQL',
    'INFORMATION_SCHEMA',
    'Sculptor',
    'mysql ',
    ' mysql',
    'mysql\u0000',
    'mysql/',
    './mysql',
    '#mysql50#mysql',
  ],
  ...['lost+found', '..', '.', '', '%', '_', 'performance_schema.', '`mysql`', 'ｍysql'],
];
const ACCOUNTS = [
  ...[
    'root',
    'mysql',
    'mariadb',
    'sculptor',
    'sculptor_door',
    'public',
    'mariadb.sys',
    'www-data',
    'debian-sys-maint',
  ],
  ...[
    'Root',
    'ROOT',
    'root ',
    'root@localhost',
    'root@%',
    "root'@'localhost",
    '%',
    '',
    'PUBLIC',
    'ｒoot',
    'root\u0000',
  ],
];

const status = (path: string, body: object) => async () => (await api('POST', path, { body })).status;

test('row 20: over HTTP nobody gets what belongs to the server', async () => {
  await refused(20, [
    ...SCHEMAS.map((name) => ({
      what: `a database ${JSON.stringify(name)}`,
      act: status('/v1/databases', { name }),
      refusal: 422,
    })),
    ...ACCOUNTS.map((name) => ({
      what: `an account ${JSON.stringify(name)}`,
      act: status(`/v1/databases/${mine.id}/users`, { name }),
      refusal: 422,
    })),
  ]);
});

/** All of them in one session as the worker; each with what came of it. */
function calls(what: string, values: readonly string[], call: (value: string) => string): Attempt {
  return {
    what,
    act: () => {
      const came = sqlAs(
        SCULPTOR,
        values.map((value) => `CALL sculptor_door.${call(literal(value))}`),
      );
      return values.map((value, index) => [value, came[index]]);
    },
    refusal: values.map((value) => [value, 'invalid_request']),
    times: values.length,
  };
}

test('row 20: the door, in the hands of who has the worker, takes none of it for a database or an account', async () => {
  const database = (name: string) =>
    `put_database('${newId()}', ${name}, 'utf8mb4', 'utf8mb4_bin', 'default')`;
  const account = (name: string) => `put_user('${newId()}', '${mine.id}', ${name}, 'all', '${HASH}', NULL)`;
  await refused(20, [
    calls('a database', SCHEMAS, database),
    calls('an account', ACCOUNTS, account),
    {
      what: 'what reads, drops or changes by id is given names instead',
      act: () =>
        sqlAs(
          SCULPTOR,
          [...SCHEMAS, ...ACCOUNTS, `${mine.id}' OR '1'='1`, '%', `${mine.id}%`].flatMap((id) => [
            `CALL sculptor_door.discard_database(${literal(id)})`,
            `CALL sculptor_door.drop_user(${literal(id)})`,
            `CALL sculptor_door.put_password(${literal(id)}, '${HASH}')`,
          ]),
        ).filter((came) => !['done', 'not_found', 'invalid_request'].includes(came)),
      refusal: [],
      times: 3 * (SCHEMAS.length + ACCOUNTS.length + 3),
    },
  ]);
});

type Wished = { readonly kind: 'database.create' | 'databaseUser.create'; readonly name: string };

/** What the API would write, written by who has its account; gives how the worker ended the operation. */
async function wish({ kind, name }: Wished): Promise<string> {
  const [id, operation, sql] = [newId(), `${newId()}aaaaaaaa`, (text: string) => literal(text)];
  const row = `'${id}', 1, 'default', 'default'`;
  const rows =
    kind === 'database.create'
      ? [
          `INSERT INTO sculptor.database_version (database_id, generation, tenant, server, name, deleted)
             VALUES (${row}, ${sql(name)}, 0)`,
          `INSERT INTO sculptor.database_name (server, name, database_id) VALUES ('default', ${sql(name)}, '${id}')`,
        ]
      : [
          `INSERT INTO sculptor.database_user_version (user_id, generation, tenant, server, database_id, name,
             privileges, password_hash, deleted) VALUES (${row}, '${mine.id}', ${sql(name)}, 'all', '${HASH}', 0)`,
          `INSERT INTO sculptor.database_user_name (server, name, user_id, database_id)
             VALUES ('default', ${sql(name)}, '${id}', '${mine.id}')`,
        ];
  const came = sqlAs(API, [
    // Without it MariaDB would cut what is too long, and only warn.
    "SET sql_mode = ''",
    ...rows,
    `INSERT INTO sculptor.operation (id, kind, resource_type, resource_id, resource_name, serial_key, generation, tenant,
       server, actor) VALUES ('${operation}', '${kind}', '${kind.split('.')[0]}', '${id}', 'x',
       'database:${kind === 'database.create' ? id : mine.id}', 1, 'default', 'default', 'aaaaaaaaaaaa')`,
  ]);
  expect(came).toEqual(['done', 'done', 'done', 'done']);
  const { status: how } = await ended({
    status: 202,
    headers: {},
    text: '',
    json: { operation: { id: operation } },
  });
  return how;
}

test('row 20: rows that who has the API writes make nobody the server’s own', async () => {
  const names = ['mysql', 'sculptor', 'information_schema', 'Mysql', 'mysql`'];
  const accounts = ['root', 'sculptor_door', 'root`@`%', 'mariadb.sys', 'Root'];
  const attempts = [
    ...names.map((name) => ({ kind: 'database.create' as const, name })),
    ...accounts.map((name) => ({ kind: 'databaseUser.create' as const, name })),
  ];
  await refused(20, [
    {
      what: 'all at once',
      act: async () => {
        const how = await Promise.all(attempts.map(wish));
        return attempts.filter((_, index) => how[index] !== 'failed');
      },
      refusal: [],
      times: attempts.length,
    },
  ]);
});

const long = (length: number) => unique('n').padEnd(length, 'n');
const DATABASE_LENGTHS = [49, 63, 64, 65, 128, 255, 256, 1000];
const ACCOUNT_LENGTHS = [33, 63, 64, 65, 80, 81, 128, 255, 256, 1000];
const REFUSED = expect.stringMatching(/^(invalid_request|ERROR 1406)$/) as string;

test('row 21: a name that is one too long is an error everywhere, and never the shorter one', async () => {
  const tooLong = (lengths: readonly number[], call: (name: string) => string) => ({
    what: call('…'),
    act: () =>
      sqlAs(
        SCULPTOR,
        lengths.flatMap((length) => ["SET sql_mode = ''", call(`'${long(length)}'`)]),
      ),
    refusal: lengths.flatMap(() => ['done', REFUSED]),
    times: lengths.length,
  });
  await refused(21, [
    ...DATABASE_LENGTHS.map((length) => ({
      what: `a database of ${length}`,
      act: status('/v1/databases', { name: long(length) }),
      refusal: 422,
    })),
    ...ACCOUNT_LENGTHS.map((length) => ({
      what: `an account of ${length}`,
      act: status(`/v1/databases/${mine.id}/users`, { name: long(length) }),
      refusal: 422,
    })),
    tooLong(
      DATABASE_LENGTHS,
      (name) => `CALL sculptor_door.put_database('${newId()}', ${name}, 'utf8mb4', 'utf8mb4_bin', 'default')`,
    ),
    tooLong(
      ACCOUNT_LENGTHS,
      (name) => `CALL sculptor_door.put_user('${newId()}', '${mine.id}', ${name}, 'all', '${HASH}', NULL)`,
    ),
  ]);
});

test('row 21: names of the greatest length are whole in MariaDB, and their one right is for their database', async () => {
  const { name, login } = await createTenancy(long(48).replace('nnn', '_n_'), { user: long(32) });
  expect(rootSql(`SELECT schema_name FROM information_schema.schemata WHERE schema_name = '${name}'`)).toBe(
    `${name}\n`,
  );
  expect(rootSql(`SELECT user, host FROM mysql.global_priv WHERE user = '${login.name}'`)).toBe(
    `${login.name}\tlocalhost\n`,
  );
  const escaped = name.replaceAll('_', '\\\\_');
  expect(rootSql(`SELECT db FROM mysql.db WHERE user = '${login.name}'`)).toBe(`${escaped}\n`);
});

test('row 22: no two names differ in anything but their letters, and those are small', async () => {
  expect(rootSql('SELECT @@lower_case_table_names')).toBe('0\n');
  const { name, login } = await createTenancy(unique('abc'), { user: unique('abc') });
  const twins = (of: string) => [
    ...[of.toUpperCase(), `A${of.slice(1)}`, `ａ${of.slice(1)}`, `á${of.slice(1)}`, `a\u0301${of.slice(1)}`],
    ...[
      `${of} `,
      ` ${of}`,
      `${of}\u0000`,
      `${of}\u200b`,
      `\ufeff${of}`,
      `stra\u00dfe`,
      `${of}\u00ad`,
      `ªbc${of.slice(3)}`,
    ],
  ];
  const put = (twin: string) => `put_user('${newId()}', '${mine.id}', ${twin}, 'all', '${HASH}', NULL)`;
  await refused(22, [
    ...twins(name).map((twin) => ({
      what: `a database ${JSON.stringify(twin)}`,
      act: status('/v1/databases', { name: twin }),
      refusal: 422,
    })),
    ...twins(login.name).map((twin) => ({
      what: `an account ${JSON.stringify(twin)}`,
      act: status(`/v1/databases/${mine.id}/users`, { name: twin }),
      refusal: 422,
    })),
    calls(
      'a database',
      twins(name),
      (twin) => `put_database('${newId()}', ${twin}, 'utf8mb4', 'utf8mb4_bin', 'default')`,
    ),
    calls('an account', twins(login.name), put),
    { what: 'the very name', act: status('/v1/databases', { name }), refusal: 409 },
    {
      what: 'the very account, for another database',
      act: status(`/v1/databases/${mine.id}/users`, { name: login.name }),
      refusal: 409,
    },
    {
      what: 'both at the door',
      act: () =>
        sqlAs(SCULPTOR, [
          `CALL sculptor_door.put_database('${newId()}', '${name}', 'utf8mb4', 'utf8mb4_bin', 'default')`,
          `CALL sculptor_door.${put(`'${login.name}'`)}`,
        ]),
      refusal: ['name_taken', 'name_taken'],
    },
  ]);
});
