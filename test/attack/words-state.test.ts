import { ready } from '../machine/agent.ts';
import { refused, type Attempt } from './attempt.ts';
import {
  endsOf,
  forgeDatabase,
  forgeDomain,
  forgeUser,
  HASH,
  insertForged,
  newId,
  realDatabase,
  wakeForged,
  type Forged,
} from './forgery.ts';
import { newTenant } from './new-tenant.ts';
import { CONTROLS, CRON, FPM, NGINX, PATHS, SHELL, SQL, SUPERVISOR } from './hostile.ts';

/* Rows 1 to 9 and 14 with the API taken: text that it would never have let pass, in every column that its account
   may write. The worker parses what it reads, and root's side never hears of it. */

let tenant: string;
beforeAll(async () => {
  await ready();
  tenant = newTenant();
});

/**
 * The text behind the good value and in the middle of it, as far as the column is wide. The columns are ASCII: what
 * is not becomes a question mark there, so of those one is enough.
 */
function within(good: string, texts: readonly string[], width = 253): readonly string[] {
  const half = Math.floor(good.length / 2);
  const values = texts
    .flatMap((text) => [good + text, good.slice(0, half) + text + good.slice(half)])
    .map((value) => value.slice(0, width));
  return [...new Map(values.map((value) => [value.replace(/[^\0-\x7f]/g, '?').trimEnd(), value])).values()];
}

/** Has the worker carry out each of them, and says of which it did anything but refuse it. */
function forgedWith(what: string, values: readonly string[], make: (value: string) => Forged): Attempt {
  const act = async () => {
    const forged = values.map((value) => [value, make(value)] as const);
    insertForged(forged.map(([, one]) => one));
    const operations = forged.map(([, { operation }]) => operation);
    wakeForged(operations);
    const ends = await endsOf(operations);
    const taken = forged.map(([value, { operation }]) => [value, ends.get(operation)] as const);
    expect(ends.size).toBe(values.length);
    return taken.filter(([, end]) => end !== undefined && !isRefused(end));
  };
  // What a new resource leaves that came to nothing is taken away: there is nothing of it.
  return { what, act, refusal: [], besides: ['site.remove'], times: values.length };
}

const isRefused = ({ status, code, audited }: { status: string; code: string; audited: number }) =>
  status === 'failed' && code === 'invalid_request' && audited === 1;

const EVERYTHING = [SHELL, CONTROLS, NGINX, FPM, SUPERVISOR, CRON, SQL, PATHS].flat();
const label = '[a-z0-9]([a-z0-9-]*[a-z0-9])?';
/** What is only another name, because all of it are letters that a name may have. */
const isName = (value: string) => new RegExp(`^${label}(\\.${label})+$`).test(value);
const isFolder = (value: string) =>
  !value.includes('..') && /^public(\/[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_-])?)*$/.test(value);
const isWord = (value: string) => /^[a-z][a-z0-9_]*$/.test(value);

const FORGED_NAMES = within('words.example', EVERYTHING).filter((value) => !isName(value));

test('rows 1, 3, 4 and 14: no name of a domain is more than a name', async () => {
  await refused(
    [1, 3, 4, 14],
    [forgedWith('a domain called', FORGED_NAMES, (name) => forgeDomain(tenant, { version: { name } }))],
  );
});

test('rows 1, 3 and 4: no alias is more than a name', async () => {
  await refused(
    [1, 3, 4],
    [
      forgedWith('an alias called', FORGED_NAMES, (name) => {
        const [alias, domain_id] = [{ name, tenant }, newId()];
        const version = { domain_id, aliases: JSON.stringify([name]) };
        return forgeDomain(tenant, { version, operation: about(domain_id), alias: { ...alias, domain_id } });
      }),
    ],
  );
});

const about = (id: string) => ({ resource_id: id, serial_key: `domain:${id}` });

/** What stands where a list of names should, some of it no JSON at all. */
const LISTS = [
  ...[
    '',
    '[',
    '{}',
    '1',
    'null',
    '"a.example"',
    '[1]',
    '[null]',
    '[["a.example"]]',
    '[{"name":"a.example"}]',
  ],
  ...[
    '{"length":1,"0":"a.example"}',
    '{"__proto__":["a.example"]}',
    `[${'"a.example",'.repeat(100)}"a.example"]`,
  ],
  ...['['.repeat(3000), `${'['.repeat(3000)}${']'.repeat(3000)}`, '["a.example"', "['a.example']", '\u0000'],
];

test('row 2: a list of aliases that is none is refused, and keeps nobody from an end', async () => {
  await refused(2, [
    forgedWith('aliases', LISTS, (aliases) => forgeDomain(tenant, { version: { aliases } })),
  ]);
});

test('rows 1, 3, 4 and 14: no served folder is more than a folder in `public`', async () => {
  const folders = within('public/web', EVERYTHING, 200).filter((value) => !isFolder(value));
  await refused(
    [1, 3, 4, 14],
    [
      forgedWith('a folder called', folders, (folder) =>
        forgeDomain(tenant, { version: { public_directory: folder } }),
      ),
    ],
  );
});

test('rows 1, 3, 5 and 6: no version, type or isolation but those that there are', async () => {
  const versions = within('8.2', EVERYTHING, 5).filter((value) => value !== '8.2');
  const words = ['', 'root', 'php;', 'site\n', '0', '1;2'];
  await refused(
    [1, 3, 5, 6],
    [
      forgedWith('PHP', versions, (php_version) =>
        forgeDomain(tenant, { version: { type: 'php', php_version } }),
      ),
      forgedWith('a type', words, (type) => forgeDomain(tenant, { version: { type } })),
      forgedWith('isolation', words.slice(0, 4), (isolation) =>
        forgeDomain(tenant, { version: { isolation } }),
      ),
    ],
  );
});

test('rows 8 and 14: no database, account or hash is more than that', async () => {
  const names = within('words', EVERYTHING, 32).filter((value) => !isWord(value));
  const hashes = EVERYTHING.map((text) => (text + HASH).slice(0, 41)).filter((value) => value !== HASH);
  const database = { tenant, database: await realDatabase(tenant) };
  await refused(
    [8, 14],
    [
      forgedWith('a database called', names, (name) => forgeDatabase(tenant, { version: { name } })),
      forgedWith('an account called', names, (name) => forgeUser(database, { version: { name } })),
      forgedWith('a hash', hashes, (password_hash) => forgeUser(database, { version: { password_hash } })),
      forgedWith('rights', ['', 'ALL;', 'all, GRANT'], (privileges) =>
        forgeUser(database, { version: { privileges } }),
      ),
    ],
  );
});

test('rows 1, 3 and 14: no id is more than an id', async () => {
  const ids = within('abcdefghijkl', EVERYTHING, 12).filter((value) => !/^[a-z][a-z0-9]{11}$/.test(value));
  await refused(
    [1, 3, 14],
    [
      forgedWith('a domain of the id', ids, (id) =>
        forgeDomain(tenant, { version: { domain_id: id }, operation: about(id) }),
      ),
      forgedWith('a removal of the id', ids, (id) =>
        forgeDomain(
          tenant,
          { version: { domain_id: id, deleted: 1 }, operation: about(id) },
          'domain.delete',
        ),
      ),
    ],
  );
});

const KINDS = [
  ...[
    'cron.put',
    'certificate.create',
    'certbot.run',
    'shell.run',
    'site.put',
    'database.remove',
    'domain.purge',
  ],
  ...['constructor', '__proto__', 'toString', 'domain.create ', 'DOMAIN.CREATE', 'domain.create\n', '', '.'],
];

test('rows 7 and 9: an operation of no known kind, on another type or under another key is none', async () => {
  // There are no crons and no certificates yet. When they come: every field of theirs belongs in this file and in
  // words-executor, with CRON (a name with a dot, `%`, `@reboot`, MAILTO), and --cert-name, hooks and the webroot.
  const texts = within('domain', EVERYTHING, 20);
  const operations = (column: string) => (value: string) =>
    forgeDomain(tenant, { operation: { [column]: value } });
  await refused(
    [7, 9],
    [
      forgedWith('the kind', [...KINDS, ...texts.map((text) => `${text}.create`)], operations('kind')),
      forgedWith(
        'the type',
        texts.filter((text) => text !== 'domain'),
        operations('resource_type'),
      ),
      forgedWith('the key', texts, operations('serial_key')),
    ],
  );
});

test('row 2: an operation of no known tenant is refused, and the others are found by the sweep as before', async () => {
  const tenants = within('default', EVERYTHING, 12).filter((value) => !isWord(value));
  const made = (name: string) =>
    forgeDomain(tenant, { version: { tenant: name }, operation: { tenant: name } });
  await refused(2, [forgedWith('a tenant', tenants, made)]);
  // Nobody wakes the worker for these: its own sweep has to find them.
  const forged = [...tenants.slice(0, 20).map(made), forgeDomain(tenant, { version: { name: 'no' } })];
  insertForged(forged);
  const ends = await endsOf(forged.map(({ operation }) => operation));
  expect([...ends.values()].filter((end) => !isRefused(end))).toEqual([]);
});
