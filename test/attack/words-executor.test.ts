import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { ready, unique } from '../machine/agent.ts';
import { asTenant, idIn, tenant } from '../machine/as-tenant.ts';
import { converse, newId, requestLine, site as spec, type Way } from '../machine/executor-conversation.ts';
import { page, place, run } from '../machine/server.ts';
import { refused, type Attempt } from './attempt.ts';
import { around, CONTROLS, CRON, FPM, NGINX, PATHS, SHELL, SQL, SUPERVISOR } from './hostile.ts';
import { createSite, type Site } from './thieves.ts';

/* Rows 1 to 9, 14 and 46 with the privileged worker taken: hostile text in every field of every verb, both ways to the
   executor. A site that stands is what most of them are about, so that nothing else is wrong with them. */

let target: Site;
beforeAll(async () => {
  await ready();
  target = await createSite();
  place(target.user, `${target.home}/public/index.html`, 'as before');
});

const EVERYTHING = [...SHELL, ...CONTROLS, ...NGINX, ...FPM, ...SUPERVISOR, ...CRON, ...SQL, ...PATHS];
const WAYS: readonly Way[] = ['socket', 'sudo'];

type Fields = Readonly<Record<string, unknown>>;
/** A request for that site which would be carried out, but for what is put into it. */
const put = (change: Fields) => ({ ...spec(), id: target.id, name: target.name, generation: 2, ...change });

type Field = {
  readonly what: string;
  readonly values: readonly string[];
  /** The whole line, with the value in its place. */
  readonly line: (value: string) => string;
};

/** All values in one conversation: a bad request does not end it, and each leaves its line. */
function says({ what, values, line }: Field, way: Way): Attempt {
  const act = async () => {
    const answers = await converse(way, values.map(line).join(''));
    const codes = answers.map((answer) => ('error' in answer ? answer.error.code : 'served'));
    return [codes.length, codes.filter((code) => code !== 'invalid_request')];
  };
  const audit = values.map(() => ({ event: 'refused' }));
  return { what: `${what}, by ${way}`, act, refusal: [values.length, []], audit, times: values.length };
}

async function refusesEach(rows: readonly number[], fields: readonly Field[]): Promise<void> {
  await refused(
    rows,
    fields.flatMap((field) => WAYS.map((way) => says(field, way))),
  );
  expect(await page(target.name, '/index.html')).toEqual([200, 'as before']);
}

const label = '[a-z0-9]([a-z0-9-]*[a-z0-9])?';
/** What is only another good value: all of it are letters that such a value may have. */
const isName = (value: string) => new RegExp(`^${label}(\\.${label})+$`).test(value);
const isFolder = (value: string) =>
  /^public(\/[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_-])?)*$/.test(value) && !value.includes('..');

/** Below a site's own folder, where names may begin and end with a dot. */
const isInside = (value: string) =>
  /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_.][A-Za-z0-9._-]*)*$/.test(value) &&
  !/\.\.|\/\.(\/|$)/.test(value);

const NAMES = [...around('words.example', EVERYTHING), 'test..com'].filter((value) => !isName(value));
const IDS = around('abcdefghijkl', EVERYTHING);

const GOOD = new Map([
  ['phpVersion', '8.2'],
  ['type', 'static'],
  ['isolation', 'site'],
]);

const move = (change: Fields) => put({ to: 'k1k1k1k1k1k1', ...change });
/** The verbs that take a whole site, and what each takes. */
const SITES = [
  ['site.put', put],
  ['site.restore', put],
  ['site.move', move],
] as const;

test('rows 1, 3, 4 and 14: no name is more than a name, and `test..com` stops no site', async () => {
  await refusesEach(
    [1, 3, 4, 14],
    [
      ...SITES.flatMap(([verb, whole]) => [
        { what: `${verb} name`, values: NAMES, line: (name: string) => requestLine(verb, whole({ name })) },
        {
          what: `${verb} alias`,
          values: NAMES,
          line: (alias: string) => requestLine(verb, whole({ aliases: ['good.example', alias] })),
        },
      ]),
    ],
  );
});

test('rows 1, 3, 4 and 14: no served folder is more than a folder in `public`', async () => {
  const values = around('public/web', EVERYTHING).filter((value) => !isFolder(value));
  await refusesEach(
    [1, 3, 4, 14],
    SITES.map(([verb, whole]) => ({
      what: `${verb} folder`,
      values,
      line: (publicDirectory: string) => requestLine(verb, whole({ publicDirectory })),
    })),
  );
});

const ANNA = { name: 'anna', passwordHash: `$6$salt$${'a'.repeat(86)}` };
const OPTIONS_OF_ONE_VALUE = [
  ...['bodyBytes', 'timeoutSeconds', 'accessLog', 'www', 'forceHttps', 'staticCacheSeconds', 'hsts'],
  ...['errorPages', 'basicAuth'],
];

test('rows 1, 3, 14 and 38: a site is moved from a tenant to a tenant, and neither is more than an id', async () => {
  const fields = ['to', 'tenant', 'type', 'isolation', 'generation', 'enabled', 'protected', 'phpVersion'];
  await refusesEach(
    [1, 3, 14, 38],
    fields.map((field) => ({
      what: `site.move ${field}`,
      values: around(GOOD.get(field) ?? 'k1k1k1k1k1k1', EVERYTHING),
      line: (value: string) => requestLine('site.move', move({ [field]: value })),
    })),
  );
});

test('rows 1, 3 and 4: no option of a site is more than its grammar', async () => {
  const lists = { index: 'home.html', allowedAddresses: '192.0.2.0/24' };
  const isFine = (value: string) => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(value) && !value.includes('..');
  await refusesEach(
    [1, 3, 4],
    [
      ...Object.entries(lists).map(([option, good]) => ({
        what: `option ${option}`,
        values: around(good, EVERYTHING).filter((value) => value !== good && !isFine(value)),
        line: (value: string) => requestLine('site.put', put({ options: { [option]: [value] } })),
      })),
      ...OPTIONS_OF_ONE_VALUE.map((option) => ({
        what: `option ${option}`,
        values: around('60', EVERYTHING),
        line: (value: string) => requestLine('site.put', put({ options: { [option]: value } })),
      })),
    ],
  );
});

/** What is no more than its grammar all the same, as far as the values of this file go. */
const VISITORS: readonly (readonly [what: string, fine: RegExp, options: (value: string) => object])[] = [
  [
    'realm',
    /^[A-Za-z0-9]([A-Za-z0-9 ._-]*[A-Za-z0-9._-])?$/,
    (realm) => ({ basicAuth: { realm, users: [ANNA] } }),
  ],
  [
    'visitor',
    /^[A-Za-z0-9]([A-Za-z0-9._@-]*[A-Za-z0-9_-])?$/,
    (name) => ({ basicAuth: { users: [{ ...ANNA, name }] } }),
  ],
  ['hash', /^$/, (passwordHash) => ({ basicAuth: { users: [{ ...ANNA, passwordHash }] } })],
  ['page', /^$/, (page) => ({ errorPages: { 404: `/${page}` } })],
  ['page’s status', /^$/, (code) => ({ errorPages: { [code]: '/404.html' } })],
];

test('rows 1, 3 and 4: no visitor and no page for errors of a site is more than its grammar', async () => {
  await refusesEach(
    [1, 3, 4],
    VISITORS.map(([what, fine, options]) => ({
      what,
      values: around('Members', EVERYTHING).filter((value) => !fine.test(value) || value.length > 64),
      line: (value: string) => requestLine('site.put', put({ options: options(value) })),
    })),
  );
});

test('rows 1, 3, 5 and 6: no version, type, isolation, number or switch is more than it is', async () => {
  const fields = ['phpVersion', 'type', 'isolation', 'generation', 'enabled', 'protected', 'aliases'];
  await refusesEach(
    [1, 3, 5, 6],
    fields.map((field) => ({
      what: field,
      values: around(GOOD.get(field) ?? '1', EVERYTHING),
      line: (value) => requestLine('site.put', put({ [field]: value })),
    })),
  );
});

test('rows 1, 3, 8 and 14: no id is more than an id, for any verb', async () => {
  const ofId = [
    ...['site.put', 'site.remove', 'site.restore', 'site.purge', 'site.move'],
    ...['database.remove', 'database.restore', 'database.purge', 'database.protect'],
  ];
  await refusesEach(
    [1, 3, 8, 14],
    ofId.map((verb) => ({
      what: `${verb} id`,
      values: IDS,
      line: (id) => requestLine(verb, SITES.find(([known]) => known === verb)?.[1]({ id }) ?? { id }),
    })),
  );
});

test('rows 1, 3, 7 and 9: nothing around a request is more than it is, and there is no verb for crontabs or certificates', async () => {
  // When there is one for certificates: each field of it belongs here, with certbot's own options and hooks.
  const envelope = { request: 'r1', operation: null, verb: 'server.facts', args: {} };
  const line = (change: Fields) => `${JSON.stringify({ ...envelope, ...change })}\n`;
  const verbs = [
    ...[
      'cron.put',
      'crontab',
      'certbot.run',
      'certificate.put',
      'site.cron',
      'shell.run',
      '__proto__',
      'constructor',
    ],
    ...around('server.facts', EVERYTHING),
  ];
  await refusesEach(
    [1, 3, 7, 9],
    [
      { what: 'verb', values: verbs, line: (verb) => line({ verb }) },
      {
        what: 'operation',
        values: around('a'.repeat(20), EVERYTHING),
        line: (operation) => line({ operation }),
      },
      { what: 'request', values: around('R1', EVERYTHING), line: (request) => line({ request }) },
      { what: 'key', values: around('path', EVERYTHING), line: (key) => line({ args: { [key]: '/etc' } }) },
      { what: 'key beside', values: around('path', EVERYTHING), line: (key) => line({ [key]: '/etc' }) },
    ],
  );
});

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const QUEUE = {
  ...{
    command: ['true'],
    workingDirectory: '',
    environment: {},
    processes: 1,
    stopSignal: 'TERM',
    stopSeconds: 1,
  },
  ...{ startOnBoot: true, memoryMb: null, cpuPercent: null, running: true },
};
/** A request for a part of that site which would be carried out, but for what is put into it. */
const partLine = (verb: string, spec: Fields, more: Fields = {}) =>
  requestLine(verb, { id: 'k1k1k1k1k1k1', site: target.id, generation: 1, name: 'words', spec, ...more });

test('rows 1, 3, 6, 7 and 14: no key, time, folder, variable or name of a part of a site is more than it is', async () => {
  const schedules = around('* * * * *', EVERYTHING).filter((value) => !/^[ */0-9]*$/.test(value));
  const folders = around('private', EVERYTHING).filter((value) => !isInside(value));
  const variables = around('NAME', EVERYTHING).filter((value) => !/^[A-Za-z0-9_]+$/.test(value));
  // No shell and no file's syntax reads a word: what a word is not is what could end a line or drive a terminal.
  const words = CONTROLS.filter((text) => /[\p{Cc}\u2028\u2029\p{Cs}]/u.test(text)).map(
    (text) => `a${text}b`,
  );
  await refusesEach(
    [1, 3, 6, 7, 14],
    [
      {
        what: 'key.put publicKey',
        // What stands behind a key and a blank is a comment, and dropped.
        values: around(KEY, EVERYTHING).filter(
          (value) => !/^ssh-ed25519 \S{68}(?: [ -~]{0,200})?$/.test(value),
        ),
        line: (publicKey) => partLine('key.put', { publicKey }),
      },
      {
        what: 'key.put name',
        values: around('words', EVERYTHING).filter((value) => !/^[a-z0-9-]+$/.test(value)),
        line: (name) => partLine('key.put', { publicKey: KEY }, { name }),
      },
      {
        what: 'cron.put schedule',
        values: schedules,
        line: (schedule) => partLine('cron.put', { schedule, command: ['true'] }),
      },
      {
        what: 'queue.put workingDirectory',
        values: folders,
        line: (workingDirectory) => partLine('queue.put', { ...QUEUE, workingDirectory }),
      },
      {
        what: 'queue.put variable',
        values: [...variables, 'PATH', 'LD_PRELOAD', 'HOME', '__proto__'],
        line: (variable) =>
          partLine('queue.put', { ...QUEUE, environment: Object.fromEntries([[variable, 'x']]) }),
      },
      {
        what: 'queue.put word',
        values: words,
        line: (word) => partLine('queue.put', { ...QUEUE, command: ['echo', word] }),
      },
      {
        what: 'run.start word',
        values: words,
        line: (word) => partLine('run.start', { command: ['echo', word] }),
      },
    ],
  );
});

test('rows 1, 3 and 46: no public port is more than a number of its range and one of two protocols', async () => {
  const ports = [0, 22, 80, 443, 1023, 19_999, 30_000, 49_152, 65_536, -1, 25_565.5].map(String);
  const line = (publicPort: unknown) => partLine('queue.put', { ...QUEUE, publicPort });
  await refusesEach(
    [1, 3, 46],
    [
      { what: 'queue.put port', values: ports, line: (port) => line({ port: Number(port) }) },
      {
        what: 'queue.put port of words',
        values: around('25565', EVERYTHING),
        line: (port) => line({ port }),
      },
      {
        what: 'queue.put protocol',
        values: around('sctp', EVERYTHING),
        line: (protocol) => line({ port: 25_565, protocol }),
      },
      {
        what: 'queue.put a user beside the port',
        values: ['0', target.user],
        line: (uid) => line({ port: 25_565, uid }),
      },
    ],
  );
});

test('row 46: no port is opened beyond the plan that root knows, nor one that is another’s or the server’s', async () => {
  const listens = spawn('python3', ['-m', 'http.server', '25567', '--bind', '127.0.0.1'], {
    stdio: 'ignore',
  });
  while (run('ss', ['-Hlnt', 'sport = :25567']).out === '') await pause(50);
  const siteOf = async (plan: object) =>
    idIn(
      await asTenant(await tenant(plan), ['POST', '/v1/domains', { name: `${unique('row')}.example` }]),
      'domain',
    );
  const [none, one, many] = [
    await siteOf({}),
    await siteOf({ publicPorts: 1 }),
    await siteOf({ publicPorts: null }),
  ];
  const put = (site: string, port: number) =>
    requestLine('queue.put', {
      ...{ id: newId(), site, generation: 1, name: `at${port}` },
      spec: { ...QUEUE, command: ['sleep', '3600'], publicPort: { port } },
    });
  const rules = () => run('nft', ['list', 'table', 'inet', 'sculptor']).out;
  expect((await converse('socket', put(one, 25_565))).at(-1)).toHaveProperty('result');
  expect(rules()).toContain('25565');
  const before = rules();
  try {
    await refused(
      46,
      WAYS.flatMap((way) =>
        (
          [
            ['a port, where the plan has none', none, 25_566, 'plan_limit'],
            ['a second one, where the plan has one', one, 25_566, 'plan_limit'],
            ['one of another tenant', many, 25_565, 'name_taken'],
            ['one on which the server listens', many, 25_567, 'name_taken'],
          ] as const
        ).map(([what, site, port, code]) => ({
          what: `${what}, by ${way}`,
          act: async () => {
            const last = (await converse(way, put(site, port))).at(-1);
            return last !== undefined && 'error' in last ? last.error.code : 'served';
          },
          refusal: code,
          audit: [
            { event: 'begun', verb: 'queue.put' },
            { event: 'ended', verb: 'queue.put', outcome: code },
          ],
        })),
      ),
    );
    expect(rules()).toBe(before);
  } finally {
    listens.kill();
  }
});

test('row 25: no part of one site is named as another’s, and none for what is no site', async () => {
  const other = await createSite();
  const line = (verb: string, site: string) =>
    requestLine(verb, { id: 'k1k1k1k1k1k1', site, generation: 1, name: 'words', spec: { publicKey: KEY } });
  const made = await converse('socket', line('key.put', target.id));
  expect(made.some((answer) => 'result' in answer)).toBe(true);
  const codes = async (text: string) =>
    (await converse('socket', text)).flatMap((answer) => ('error' in answer ? answer.error.code : []));
  const place = (site: string) => ({ id: 'k1k1k1k1k1k1', site, generation: 2 });
  expect(await codes(line('key.put', 'zzzzzzzzzzzz'))).toEqual(['not_ready']);
  // Nothing of that id is known of the other site: nothing is taken away there, nor here.
  expect(await codes(requestLine('key.remove', place(other.id)))).toEqual([]);
  expect(await codes(requestLine('cron.remove', place(target.id)))).toEqual(['invalid_request']);
  expect(await codes(line('key.put', target.id))).toEqual([]);
  expect(await codes(requestLine('key.remove', place(target.id)))).toEqual([]);
});
