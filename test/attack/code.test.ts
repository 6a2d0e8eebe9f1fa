import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ready } from '../machine/agent.ts';
import { ask, EXECUTOR } from '../machine/executor-conversation.ts';
import { must, run } from '../machine/server.ts';
import { refused, type Attempt } from './attempt.ts';
import { API, as, createSite, NGINX, SCULPTOR, shellOf, WWW, type Thief } from './thieves.ts';

/* Row 29: the code that root runs. Whoever can write one of these files, or a folder above it, is root. */

let thieves: readonly Thief[];
beforeAll(async () => {
  await ready();
  thieves = [shellOf(await createSite()), WWW, NGINX, API, SCULPTOR];
});

const APP = '/usr/lib/sculptor/app';

/** What the running executor has mapped: node, the libraries, what they read. */
function mapped(): readonly string[] {
  const pid = must('systemctl', ['show', '--property=MainPID', '--value', 'sculptor-executor']).trim();
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  return [...new Set(maps.match(/\/\S+$/gm) ?? [])];
}

/** Every module that is read when the file is started, found by following what each imports, zod's own too. */
function modules(entry: string): readonly string[] {
  const program = `const seen = new Set();
    const { pathToFileURL, fileURLToPath } = require('url'); const fs = require('fs');
    const { createRequire } = require('module');
    const visit = (file) => {
      if (seen.has(file)) return;
      seen.add(file);
      const found = fs.readFileSync(file, 'utf8').matchAll(/(?:from|import|require\\()\\s*["']([^"']+)["']/g);
      for (const [, name] of found) {
        if (name.startsWith('node:') || require('module').builtinModules.includes(name)) continue;
        try { visit(name.startsWith('.') ? fileURLToPath(new URL(name, pathToFileURL(file)))
          : createRequire(file).resolve(name)); } catch {}
      }
    };
    visit(process.argv[1]);
    console.log([...seen].join('\\n'));`;
  return must('/usr/lib/sculptor/node/bin/node', ['-e', program, entry]).split('\n').filter(Boolean);
}

/** Programs that the executor starts, by the text of its own adapters, and what starts it. */
function programs(): readonly string[] {
  const text = must('sh', [
    '-c',
    `cat ${APP}/worker-privileged/executor/system/*.js ${APP}/worker-privileged/executor/admin/*.js`,
  ]);
  const named = text.match(/(?<=['"`])\/usr\/s?bin\/[a-z0-9.-]+(?=['"`])/g) ?? [];
  const masters = must('sh', ['-c', 'ls /usr/sbin/php-fpm*']).split('\n').filter(Boolean);
  return [
    ...new Set([
      ...named,
      ...masters,
      EXECUTOR,
      '/usr/bin/env',
      '/bin/sh',
      '/usr/bin/sudo',
      '/usr/local/bin/sculptorctl',
    ]),
  ].filter((file) => run('test', ['-e', file]).code === 0);
}

/** What the loader, node and the shell look at before they begin. */
const LOOKED_AT = [
  ...[
    '/etc/ld.so.preload',
    '/etc/ld.so.conf',
    '/etc/ld.so.conf.d',
    '/etc/ld.so.cache',
    '/etc/environment',
    '/etc/profile',
  ],
  ...[
    '/etc/sudoers',
    '/etc/sudoers.d',
    '/etc/sudoers.d/sculptor',
    '/etc/sudo.conf',
    '/etc/pam.d/sudo',
    '/etc/ssl/openssl.cnf',
  ],
  ...[
    `${APP}/package.json`,
    `${APP}/node_modules`,
    `${APP}/node_modules/.bin`,
    '/usr/lib/sculptor/package.json',
  ],
  ...[
    '/usr/lib/package.json',
    '/usr/lib/node_modules',
    '/usr/node_modules',
    '/node_modules',
    '/package.json',
    '/root/.node_modules',
  ],
  ...[
    '/etc/nginx/sculptor/nginx.conf',
    '/etc/nginx/mime.types',
    '/etc/php',
    '/etc/nsswitch.conf',
    '/etc/sculptor/agent.json',
  ],
  ...[
    '/etc/systemd/system/sculptor-executor.service',
    '/etc/systemd/system/sculptor-executor.service.d',
    '/run/systemd/system',
  ],
  ...['/usr/lib/sculptor/build', '/var/lib/sculptor-root/once', '/var/lib/sculptor-root/packages'],
];

/** With every link resolved on the way, each folder up to the root. */
function withParents(path: string): readonly string[] {
  const real = run('test', ['-e', path]).code === 0 ? [path, realpathSync(path)] : [path];
  return real.flatMap((one) => {
    const above: string[] = [one];
    for (let at = one; at !== '/'; at = dirname(at)) above.push(dirname(at));
    return above;
  });
}

function everything(): readonly string[] {
  const entries = ['main', 'admin'].map((name) => `${APP}/worker-privileged/executor/${name}.js`);
  const files = [...mapped(), ...entries.flatMap(modules), ...programs(), ...LOOKED_AT];
  return [...new Set(files.flatMap(withParents))].sort();
}

/** Not root's own, or another may write it: a sticky folder is not one whose files others can replace, and is none here. */
function loose(path: string): boolean {
  const { code, out } = run('stat', ['--format=%u %g %a %F', '--', path]);
  if (code !== 0) return false;
  const [uid, gid, mode = '', kind = ''] = out.trim().split(' ');
  if (kind === 'symbolic') return uid !== '0';
  const bits = Number.parseInt(mode, 8);
  return uid !== '0' || (bits & 0o002) !== 0 || ((bits & 0o020) !== 0 && gid !== '0');
}

test('row 29: all that root loads or starts for the executor, and each folder above it, is root’s alone', async () => {
  const files = everything();
  expect(files).toEqual(
    expect.arrayContaining([
      ...[
        `${APP}/worker-privileged/executor/verbs/site.js`,
        `${APP}/contract/executor.js`,
        EXECUTOR,
        '/usr/sbin/nginx',
      ],
      ...['/', '/usr/lib/sculptor/node/bin/node', '/usr/bin/setpriv', '/usr/bin/flock'],
    ]),
  );
  expect(files.filter((file) => file.includes('/node_modules/zod/')).length).toBeGreaterThan(10);
  await refused(29, [
    {
      what: 'what somebody else may write',
      act: () => files.filter(loose),
      refusal: [],
      times: files.length,
    },
  ]);
});

test('row 29: no thief replaces, moves or adds to any of it', async () => {
  const files = everything().filter((file) => run('test', ['-e', file]).code === 0);
  const list = files.join('\n');
  const attempts: readonly Attempt[] = thieves.flatMap(({ ...thief }) => [
    {
      what: `${thief.name} writes one`,
      act: () =>
        run(
          'setpriv',
          [
            ...[`--reuid=${thief.user}`, `--regid=${thief.group}`],
            ...[thief.groups.length > 0 ? `--groups=${thief.groups.join(',')}` : '--clear-groups'],
            ...['xargs', '-d', '\n', 'sh', '-c', 'for file do [ ! -w "$file" ] || echo "$file"; done', 'sh'],
          ],
          list,
        ).out,
      refusal: '',
      times: files.length,
    },
    ...[
      `${APP}/worker-privileged/executor/main.js`,
      '/usr/lib/sculptor/node/bin/node',
      EXECUTOR,
      '/etc/ld.so.preload',
    ].flatMap((file) => [
      {
        what: `${thief.name} removes ${file}`,
        act: () => as(thief, 'rm', '-f', file).code !== 0 || !files.includes(file),
        refusal: true,
      },
      {
        what: `${thief.name} moves over ${file}`,
        act: () => as(thief, 'ln', '-sfn', '/tmp/x', file).code,
        refusal: 1,
      },
      {
        what: `${thief.name} mounts over ${file}`,
        act: () => as(thief, 'mount', '--bind', '/etc/hostname', file).code === 0,
        refusal: false,
      },
    ]),
  ]);
  await refused(29, attempts);
  expect((await ask('sudo', 'server.facts', {})).code).toBe('succeeded');
});

test('row 29: the audit log and the registry, which root believes, are root’s alone', () => {
  const folder = statSync('/var/lib/sculptor-root');
  expect([folder.uid, folder.gid, folder.mode & 0o777]).toEqual([0, 0, 0o700]);
  const believed = ['audit.log', 'registry', 'trash'].map((name) => `/var/lib/sculptor-root/${name}`);
  expect(run('find', [...believed, '(', '-perm', '/077', '-o', '!', '-user', 'root', ')']).out).toBe('');
});
