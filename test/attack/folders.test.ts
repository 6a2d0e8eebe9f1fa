import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { ready } from '../machine/agent.ts';
import { ask, newId, site, type Outcome, type Way } from '../machine/executor-conversation.ts';
import { as, must, page, place, run, sculptorctl } from '../machine/server.ts';
import { refused } from './attempt.ts';
import { CANARY, harmless, putCanary, tree } from './outside.ts';
import { createSite, type Site } from './thieves.ts';

/* Rows 10, 13 and 15: what a tenant prepares in its folder, and root on its way through it. */

const LIMITS = '/etc/sculptor/limits.json';
const before = readFileSync(LIMITS, 'utf8');
let neighbour: Site;

beforeAll(async () => {
  await ready();
  putCanary();
  // Purged as soon as it is asked for.
  writeFileSync(LIMITS, JSON.stringify({ ...(JSON.parse(before) as object), graceHours: 0 }));
  neighbour = await createSite();
  place(neighbour.user, `${neighbour.home}/public/index.php`, '<?php echo "the neighbour answers";');
});
afterAll(() => {
  writeFileSync(LIMITS, before);
  rmSync(CANARY, { recursive: true });
});

type Spec = ReturnType<typeof site>;
const homeOf = ({ name }: Spec) => `/home/www/${name}`;
const userOf = ({ id, isolation }: Spec) => (isolation === 'pool' ? 'www' : `s-${id}`);

async function made(by: Way, change: Readonly<Record<string, unknown>> = {}): Promise<Spec> {
  const spec = site(change);
  expect(await codeOf(ask(by, 'site.put', spec))).toBe('succeeded');
  return spec;
}

const codeOf = async (asked: Promise<Outcome>) => (await asked).code;

/** In a shell of the site's user, in the site's folder; all of it as far as it goes. */
function prepare(spec: Spec, script: string): void {
  as(userOf(spec), '/bin/bash', '-c', `cd ${homeOf(spec)}; umask 000; ${script}`);
}

const targets = () => [
  ...[
    CANARY,
    `${CANARY}/file`,
    `${CANARY}/folder`,
    neighbour.home,
    `${neighbour.home}/public`,
    '/home/www',
    '/',
  ],
  ...[
    '/var/lib/sculptor-root',
    '/home/www/.trash',
    '/etc/passwd',
    '..',
    '../..',
    '../../.trash',
    '/proc/self/root',
    '/nowhere',
  ],
];

/** Links to everything, in everything that it owns. */
const links = () =>
  targets().flatMap((target, index) => [
    ...['public', 'private', 'tmp'].map((folder) => `ln -s ${target} ${folder}/link${index}`),
    `mkdir -p public/in${index}; ln -s ${target} public/in${index}/web; ln -s in${index} public/to${index}`,
  ]);

const ODDITIES = [
  'ln -s loop public/loop; ln -s b public/a1; ln -s a1 public/b',
  'mkfifo public/fifo private/fifo tmp/fifo; mkdir public/locked private/locked; touch public/locked/x',
  'touch public/-rf public/-- public/"*" public/"$(id)" public/"a\nb" public/$\'\\x01\\x1b[2J\' public/$\'\\xff\\xfe\' public/" "',
  'touch public/$(printf %0255d 0); cp /usr/bin/id public/setuid; chmod 6755 public/setuid',
  `perl -e 'my $d = "d" x 200; chdir "public"; for (1 .. 60) { mkdir $d; chdir $d } symlink "${CANARY}", "end"'`,
  `perl -e 'for (1 .. 3000) { open my $f, ">", "private/file$_" }'`,
  `perl -MSocket -e 'chdir "tmp"; socket my $s, PF_UNIX, SOCK_STREAM, 0; bind $s, sockaddr_un("socket")'`,
  'chmod 0000 public/locked private/locked; chmod 0000 private; chmod 0777 tmp; chmod 0000 public',
];

/** What its own user cannot make, but what a former owner, a restored backup or somebody's mistake leaves. */
function leave(spec: Spec): void {
  const home = homeOf(spec);
  writeFileSync(`${home}/public/of-root`, 'of root', { mode: 0o4711 });
  must('install', ['-d', '-o', neighbour.user, '-m', '0700', `${home}/public/of-the-neighbour`]);
  must('mknod', [`${home}/public/null`, 'c', '1', '3']);
  must('mknod', [`${home}/private/disk`, 'b', '7', '99']);
}

const WAYS: readonly (readonly [string, Way])[] = [
  ['site', 'sudo'],
  ['pool', 'socket'],
];

describe.each(WAYS)('in a folder of a site with isolation: %s, asked by %s', (isolation, by) => {
  test('rows 10, 13 and 15: every verb goes through what a tenant prepared and changes nothing outside', async () => {
    const spec = await made(by, { isolation });
    prepare(spec, [...links(), ...ODDITIES].join('\n'));
    leave(spec);
    const went: string[] = [];
    const asks = async (verb: 'site.put' | 'site.restore', change: object) =>
      went.push(await codeOf(ask(by, verb, { ...spec, ...change })));
    let [kept, back]: (readonly string[])[] = [];
    await harmless([10, 13, 15], { what: 'its whole life', sites: [spec], times: 6 }, async () => {
      await asks('site.put', { generation: 2, type: 'static' });
      await asks('site.put', { generation: 3, enabled: false });
      kept = tree(homeOf(spec));
      went.push(await codeOf(ask(by, 'site.remove', { id: spec.id })));
      await asks('site.restore', { generation: 4 });
      back = tree(homeOf(spec));
      expect(run('sculptorctl', ['doctor']).code).not.toBeNull();
      went.push(await codeOf(ask(by, 'site.remove', { id: spec.id })));
      went.push(await codeOf(ask(by, 'site.purge', { id: spec.id })));
    });
    expect(went).toEqual(Array(6).fill('succeeded'));
    // Moved and moved back, never packed and unpacked: each thing is the very one.
    expect(back).toEqual(kept);
    expect(run('find', ['/home/www', '-path', `*${spec.id}*`]).out).toBe('');
    expect(await page(neighbour.name)).toEqual([200, 'the neighbour answers']);
  });

  test('row 10: a served folder is made as the tenant, or not at all', async () => {
    const spec = await made(by, { isolation, type: 'static' });
    const own = 'mkdir public/own; ln -s own public/web; mkdir public/closed; chmod 0000 public/closed';
    prepare(
      spec,
      [...links(), own, 'mkfifo public/fifo; touch public/file; ln -s loop public/loop'].join('\n'),
    );
    const folders = [
      ...targets().flatMap((_, index) => [`public/in${index}/web`, `public/to${index}/web/made/deep`]),
      ...['fifo/a', 'file/a', 'loop/a', 'closed/a', 'fifo', 'file', 'loop'].map((path) => `public/${path}`),
    ];
    const codes = new Set<string>();
    await harmless(10, { what: 'all of them', sites: [spec], times: folders.length }, async () => {
      for (const [index, publicDirectory] of folders.entries()) {
        codes.add(await codeOf(ask(by, 'site.put', { ...spec, generation: index + 2, publicDirectory })));
      }
    });
    // A link to a folder that is there is a folder: what is behind it is not served, see row 43.
    expect([...codes].sort()).toEqual(['not_ready', 'succeeded']);
    const last = { ...spec, generation: folders.length + 2 };
    expect(await codeOf(ask(by, 'site.put', { ...last, publicDirectory: 'public/web/made' }))).toBe(
      'succeeded',
    );
    expect(must('stat', ['--format=%U', `${homeOf(spec)}/public/own/made`])).toBe(`${userOf(spec)}\n`);
    expect(await codeOf(ask(by, 'site.remove', { id: spec.id }))).toBe('succeeded');
  });

  test('row 13: a file of root’s with a second name in the folder loses that name, and nothing else', async () => {
    const spec = await made(by, { isolation });
    const linked = `${CANARY}/${newId()}`;
    writeFileSync(linked, 'sings', { mode: 0o640 });
    // Which a tenant could make for itself where fs.protected_hardlinks is off; and here it cannot.
    prepare(spec, `ln ${linked} public/hard; ln ${CANARY}/file public/open`);
    expect(run('find', [`${homeOf(spec)}/public`, '-links', '+1', '-type', 'f']).out).toBe('');
    must('ln', [linked, `${homeOf(spec)}/public/hard`]);
    const facts = () => must('stat', ['--format=%U:%G %a %s %Y', linked]) + readFileSync(linked, 'utf8');
    const was = facts();
    for (const verb of ['site.remove', 'site.purge'] as const) {
      expect(await codeOf(ask(by, verb, { id: spec.id }))).toBe('succeeded');
      expect(facts()).toBe(was);
    }
    expect(must('stat', ['--format=%h', linked])).toBe('1\n');
    rmSync(linked);
    await refused(13, [{ what: 'it is as it was', act: () => was.endsWith('sings'), refusal: true }]);
  });

  test('row 13: what is mounted in the folder is left alone, and purging waits for it to go', async () => {
    const spec = await made(by, { isolation });
    const mounts = ['public/mnt', 'private/mnt', 'tmp/a b'].map((path) => `${homeOf(spec)}/${path}`);
    for (const mount of mounts) {
      mkdirSync(mount);
      must('mount', ['--bind', CANARY, mount]);
    }
    const went: string[] = [];
    await harmless(13, { what: 'removed and purged', sites: [spec], times: 2 }, async () => {
      went.push(await codeOf(ask(by, 'site.remove', { id: spec.id })));
      went.push(await codeOf(ask(by, 'site.purge', { id: spec.id })));
    });
    expect(went).toEqual(['succeeded', 'server_broken']);
    const moved = must('findmnt', ['--list', '--noheadings', '--output', 'TARGET']).split('\n');
    for (const mount of moved.filter((line) => line.includes(spec.id))) must('umount', [mount.trim()]);
    await harmless(13, { what: 'purged', sites: [spec] }, async () => {
      expect(await codeOf(ask(by, 'site.purge', { id: spec.id }))).toBe('succeeded');
    });
  });

  test.each<readonly [string, (path: string) => void]>([
    ['a folder', (path) => mkdirSync(path)],
    ['a link to root’s own', (path) => symlinkSync(CANARY, path)],
    ['a link to nowhere', (path) => symlinkSync('/nowhere', path)],
    ['a file', (path) => writeFileSync(path, '')],
    ['a fifo', (path) => void must('mkfifo', [path])],
  ])('row 10: where %s lies already nothing is made', async (what, lay) => {
    const spec = site({ isolation });
    lay(homeOf(spec));
    const there = tree(homeOf(spec));
    await refused(10, [
      {
        what,
        act: async () => (await codeOf(ask(by, 'site.put', spec))) === 'succeeded',
        refusal: false,
        audit: [{ event: 'begun' }, { event: 'ended' }],
      },
    ]);
    expect(tree(homeOf(spec))).toEqual(there);
    rmSync(homeOf(spec), { recursive: true });
  });
});

test('row 10: nobody but root puts, swaps or renames anything beside what a site owns', async () => {
  const spec = await made('sudo');
  const other = newId();
  const acts = [
    ...[
      'mkdir new',
      'mv public public2',
      'rmdir tmp',
      'ln -s /etc etc',
      'chmod 0777 .',
      `mv ../${neighbour.name} taken`,
    ],
    ...[
      `mkdir ../${other}.example`,
      `ln -s ${CANARY} ../${other}.example`,
      'mv . ../moved',
      'ls ..',
      'ls ../.trash',
    ],
    ...[
      'cd ../.trash',
      `mkdir ../.trash/${spec.id}-x`,
      'chgrp nginx private',
      `chown ${neighbour.user} public`,
    ],
  ];
  await refused(
    10,
    acts.map((act) => ({
      what: act,
      act: () => as(userOf(spec), '/bin/sh', '-c', `cd ${homeOf(spec)} && ${act}`).code === 0,
      refusal: false,
    })),
  );
});

test('row 10: root’s own commands take nothing from the folder in which they are called', async () => {
  const spec = await made('sudo');
  const [home, proof] = [homeOf(spec), `/tmp/${newId()}`];
  const evil = `require('fs').writeFileSync('${proof}', '')`;
  const files: Readonly<Record<string, string>> = {
    'package.json': '{"type":"commonjs","main":"evil.js"}',
    ...Object.fromEntries(
      ['evil.js', 'node_modules/zod/index.js', 'cli/main.js', 'main.js'].map((file) => [file, evil]),
    ),
    'supervisord.conf': `[supervisord]\n[program:x]\ncommand=/usr/bin/touch ${proof}`,
    '.my.cnf': '[client]\nplugin-dir=.\n',
    '.node_repl_history': evil,
    ...Object.fromEntries(
      ['node', 'env', 'systemctl', 'find'].map((file) => [file, `#!/bin/sh\ntouch ${proof}`]),
    ),
  };
  for (const [file, text] of Object.entries(files)) place(userOf(spec), `${home}/public/${file}`, text);
  prepare(spec, 'chmod -R 0777 public');
  const calls = [['doctor'], ['domain', 'list'], ['health']];
  await refused(10, [
    {
      what: 'all of them',
      act: () => {
        for (const call of calls) run('env', ['-C', `${home}/public`, 'sculptorctl', ...call]);
        run('env', ['-C', `${home}/public`, '/usr/lib/sculptor/executor'], '');
        return run('ls', [proof]).code;
      },
      refusal: 2,
      audit: [{ command: 'doctor' }, { command: 'doctor' }],
      times: calls.length + 1,
    },
  ]);
  expect(sculptorctl('health').code).toBe(0);
});

test('row 15: the executor has no program that unpacks anything', async () => {
  const app = '/usr/lib/sculptor/app/worker-privileged/executor';
  const programs = new Set(
    must('grep', ['-rhoE', '[\'"]/usr/s?bin/[a-z0-9.-]+', app])
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('/').at(-1) ?? ''),
  );
  expect(programs.size).toBeGreaterThan(5);
  await refused(15, [
    {
      what: 'its programs',
      act: () => [...programs].filter((name) => /tar|zip|cpio|rsync|7z|unxz|^cp$|^sh$|bash/.test(name)),
      refusal: [],
    },
  ]);
});
