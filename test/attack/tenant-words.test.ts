import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { createDomain, ready, unique } from '../machine/agent.ts';
import { ask, site as spec } from '../machine/executor-conversation.ts';
import { must, page, place, run } from '../machine/server.ts';
import { accepted, refused, type Attempt } from './attempt.ts';
import { CONTROLS, NGINX, PATHS, SHELL } from './hostile.ts';
import {
  API,
  as,
  createSite,
  fed,
  NGINX as NGINX_USER,
  php,
  SCULPTOR,
  shellOf,
  WWW,
  type Site,
  type Thief,
} from './thieves.ts';

/* Rows 2, 5, 6, 7, 14 and 17 from below: what a tenant writes and root reads later, what a site's PHP can be told
   from its own folder, and what a tenant can start. */

let site: Site;
let shell: Thief;
beforeAll(async () => {
  await ready();
  site = await createSite();
  shell = shellOf(site);
});

const NAMES = [...SHELL, ...CONTROLS, ...NGINX].filter((name) => !/[/\0]/.test(name) && name !== '');

test('row 2: files of whatever names are removed, brought back and purged with their site, and nothing else is', async () => {
  const one = spec();
  expect((await ask('socket', 'site.put', one)).code).toBe('succeeded');
  const [folder, user] = [`/home/www/${one.name}/public`, `s-${one.id}`];
  const script = `const fs = require('fs'); for (const name of JSON.parse(fs.readFileSync(0, 'utf8'))) {
    fs.mkdirSync('${folder}/' + name + '-', { recursive: true }); fs.writeFileSync('${folder}/' + name + '-/' + name, name); }`;
  const thief = { ...shell, user, group: user };
  expect(fed(thief, JSON.stringify(NAMES), ['/usr/lib/sculptor/node/bin/node', '-e', script]).err).toBe('');
  const since = must('date', ['+%Y-%m-%d %H:%M:%S']).trim();
  const listed = () => must('find', [folder, '-printf', '%P\\0']).split('\0').sort();
  const before = listed();
  expect(before.length).toBeGreaterThan(NAMES.length);
  expect((await ask('socket', 'site.remove', { id: one.id })).code).toBe('succeeded');
  const back = { ...one, generation: 2 };
  expect((await ask('socket', 'site.restore', back)).code).toBe('succeeded');
  expect(listed()).toEqual(before);
  await ask('socket', 'site.remove', { id: one.id });
  must('sculptorctl', ['purge', 'domain', one.id, '--yes']);
  await refused(2, [
    { what: 'files left', act: () => run('find', ['/home/www', '-path', `*${one.id}*`]).out, refusal: '' },
    {
      what: 'what the executor says of it',
      act: () =>
        /[^ -~\n]/.test(
          must('journalctl', [
            '--quiet',
            '--all',
            '--output=cat',
            '--unit=sculptor-executor',
            `--since=${since}`,
          ]),
        ),
      refusal: false,
      times: NAMES.length,
    },
  ]);
});

test('row 2: what a site’s PHP says of itself reaches a log that root reads without its escapes and its lines', async () => {
  const mark = unique('mark');
  const said = `${mark}\\x1b[2J\\x1b]0;title\\x07\\n2026/01/01 00:00:00 [emerg] 1#1: ${mark} forged\\r\\u{9b}31m`;
  const text = await php(
    site,
    `error_log("${said}"); trigger_error("${said}", E_USER_WARNING); echo 'said';`,
  );
  expect(text).toContain('said');
  const read = () =>
    [
      ...must('journalctl', ['--quiet', '--no-pager', '--output=short', '--since=-2min']).split('\n'),
      ...must('sh', ['-c', 'cat /var/log/sculptor/nginx/*.log']).split('\n'),
    ].filter((line) => line.includes(mark) || line.includes('forged'));
  while (read().length === 0) await pause(50);
  await refused(
    2,
    [
      {
        what: 'escapes',
        act: () => read().filter((line) => /[\x00-\x08\x0b-\x1f\x7f\x9b]/.test(line)),
        refusal: [],
      },
      {
        what: 'a line of nginx’s own',
        act: () => read().filter((line) => /^2026\/01\/01/.test(line)),
        refusal: [],
      },
    ],
    [site.home],
  );
});

const SETTINGS = `extension=/tmp/x.so
zend_extension=/tmp/x.so
extension_dir=/tmp
sys_temp_dir=/etc
upload_tmp_dir=/etc
disable_functions=
enable_dl=1
user=root
[root]
php_admin_value[auto_prepend_file]=/etc/passwd
user_ini.filename=x
ffi.enable=1
opcache.preload=/etc/passwd
sendmail_path=/tmp/x
error_log=/etc/x
memory_limit=-1
`;

test('row 5: what lies in a site’s own folder configures its own PHP, as far as a user may, and no other', async () => {
  const folder = `${site.home}/public`;
  for (const name of [
    '.user.ini',
    'php.ini',
    '.htaccess',
    'fpm.conf',
    'php-fpm.conf',
    'www.conf',
    'supervisord.conf',
  ])
    for (const at of [site.home + '/private', site.home + '/tmp', folder])
      place(site.user, `${at}/${name}`, SETTINGS);
  const told = async () =>
    JSON.parse(
      await php(
        site,
        `echo json_encode(['ini' => php_ini_loaded_file(), 'uid' => posix_getuid(), 'tmp' => ini_get('sys_temp_dir'),
          'upload' => ini_get('upload_tmp_dir'), 'folder' => ini_get('extension_dir') === '/tmp', 'dl' => ini_get('enable_dl'),
          'ffi' => ini_get('ffi.enable'), 'preload' => ini_get('opcache.preload'), 'mail' => ini_get('sendmail_path'),
          'sandbox' => @file_put_contents('/etc/x', '') !== false,
          'set' => [@ini_set('sys_temp_dir', '/etc'), @ini_set('upload_tmp_dir', '/etc'), @ini_set('extension_dir', '/tmp')]]);`,
      ),
    ) as unknown;
  await refused(
    5,
    [
      {
        what: 'its settings',
        act: told,
        refusal: {
          ini: expect.stringMatching(/^\/etc\/php\//) as string,
          uid: Number(must('id', ['-u', site.user])),
          ...{ tmp: `${site.home}/tmp`, upload: `${site.home}/tmp`, folder: false, sandbox: false },
          ...{
            dl: expect.stringMatching(/^0?$/) as string,
            ffi: 'preload',
            preload: '',
            set: [false, false, false],
          },
          mail: expect.not.stringContaining('/tmp/x') as string,
        },
        times: SETTINGS.split('\n').length,
      },
    ],
    [site.home],
  );
  must('sh', ['-c', `cd ${site.home} && rm -f */.user.ini */php.ini */.htaccess */*.conf`]);
});

test('row 6: a supervisord.conf in a tenant’s folder is nobody’s, and no `%` stops a reread', async () => {
  // Nobody of the agent starts supervisorctl or supervisord in a tenant's folder: the executor speaks to the socket,
  // and its own folder is /. Whoever does so by hand as root, without -c, reads what lies there.
  const pids = must('pgrep', ['-u', 'root', '-f', 'supervisord|executor/main.js'])
    .split('\n')
    .filter(Boolean);
  const evil =
    '[program:evil]\ncommand=/usr/bin/touch /etc/evil-%(x)s %\nuser=root\n[supervisorctl]\nserverurl=unix:///tmp/x\n';
  for (const at of ['private', 'public', 'tmp'])
    place(site.user, `${site.home}/${at}/supervisord.conf`, evil);
  await refused(
    6,
    [
      ...pids.map((pid) => ({
        what: `the folder of ${pid}`,
        act: () => must('readlink', [`/proc/${pid}/cwd`]).trim(),
        refusal: '/',
      })),
      ...['reread', 'update'].map((word) => ({
        what: word,
        act: () =>
          /evil|error/i.test(run('supervisorctl', ['-c', '/etc/supervisor/supervisord.conf', word]).out),
        refusal: false,
      })),
    ],
    [site.home],
  );
});

test('row 7: a site’s PHP and a shell of its user start nothing at another time', async () => {
  const code = `exec('echo "* * * * * id" | crontab - 2>&1', $a, $cron); exec('echo id | at now 2>&1', $a, $at);
    exec('loginctl enable-linger 2>&1', $a, $linger); exec('systemctl --user start x 2>&1', $a, $user);
    exec('systemd-run --user --on-active=1 id 2>&1', $a, $run); exec('systemd-run --on-active=1 id 2>&1', $a, $system);
    echo json_encode(array_map(fn ($code) => $code !== 0, [$cron, $at, $linger, $user, $run, $system]));`;
  const words = [
    ...[
      ['crontab', '-l'],
      ['at', 'now'],
      ['loginctl', '--no-ask-password', 'enable-linger'],
    ],
    ...[
      ['systemd-run', '--no-ask-password', '--on-active=1', 'id'],
      ['systemctl', '--user', 'start', 'x'],
    ],
  ] as const;
  const places = [
    '/etc/crontab',
    '/etc/cron.d',
    '/var/spool/cron',
    '/var/spool/cron/crontabs',
    '/var/lib/systemd/linger',
    '/etc/systemd/system',
  ];
  await refused(
    7,
    [
      {
        what: 'PHP',
        act: async () => JSON.parse(await php(site, code)) as unknown,
        refusal: Array<boolean>(6).fill(true),
        times: 6,
      },
      ...[shell, WWW, API, SCULPTOR].flatMap((thief) => [
        ...words.map(([file, ...args]) => ({
          what: `${thief.name}: ${file}`,
          act: () => as(thief, file, ...args).code !== 0,
          refusal: true,
        })),
        ...places.map((path) => ({
          what: `${thief.name} writes ${path}`,
          act: () => as(thief, 'test', '-w', path).code,
          refusal: 1,
        })),
      ]),
    ],
    [site.home],
  );
});

test('row 7: on a server that has cron, a shell of a site’s user has a crontab of its own', () => {
  // By design, for now: the agent gives nobody a shell, and a site's PHP, which may gain no right (NoNewPrivileges),
  // cannot use crontab, which has its group's. The file of who may not is the administrator's; what runs from a
  // crontab runs as the site's user and no other, and a removed site's account has expired, which cron honours.
  expect(
    must('systemctl', [
      'show',
      '--property=NoNewPrivileges',
      '--value',
      `sculptor-php@${site.id}.service`,
    ]).trim(),
  ).toBe('yes');
  accepted(7);
});

test('row 14: no host and no path that a visitor sends leads out of a site', async () => {
  place(site.user, `${site.home}/public/index.html`, 'its own');
  place(site.user, `${site.home}/private/key`, 'private');
  const hosts = [...PATHS, ...NGINX, ...SHELL].flatMap((text) => [
    text,
    site.name + text,
    text + site.name,
    `${site.name}/../${site.name}`,
  ]);
  const paths = [
    ...PATHS.flatMap((text) => [
      `/${text}/private/key`,
      `/${text}private/key`,
      `/${text}/${text}/etc/passwd`,
      `/index.html/${text}/key`,
    ]),
    ...[
      '/..%2fprivate/key',
      '/%2e%2e/private/key',
      '/..%00/private/key',
      '/.%2e/.%2e/.%2e/etc/passwd',
      '//..//private//key',
      '/public/../../private/key',
    ],
  ].map((path) => path.replace(/[^\x21-\x7e]/g, encodeURIComponent));
  const leaks = (text: string) => /private|root:|\[emerg\]/.test(text);
  await refused(14, [
    {
      what: 'hosts',
      act: async () => {
        const printable = hosts.filter((host) => /^[\x21-\x7e]+$/.test(host));
        const answers = await Promise.all(printable.map((host) => page(host).catch(() => [0, ''] as const)));
        return printable.filter(
          (host, at) => answers[at]?.[0] === 200 && host.toLowerCase() !== `${site.name}:`,
        );
      },
      refusal: [],
      times: hosts.length,
    },
    {
      what: 'paths',
      act: async () => {
        const answers = await Promise.all(
          paths.map((path) => page(site.name, path).catch(() => [0, ''] as const)),
        );
        return paths.filter((_, at) => leaks(answers[at]?.[1] ?? ''));
      },
      refusal: [],
      times: paths.length,
    },
  ]);
});

test('row 17: while sites and databases are made and removed, no thief finds a draft, a dump or a key', async () => {
  const watched = [
    '/etc/sculptor',
    '/etc/nginx/sculptor',
    '/home/www',
    '/var/lib/sculptor-php',
    '/var/lib/sculptor-root',
    '/run/sculptor-php',
    '/var/tmp',
    // Without what Jest keeps of this suite.
    ...readdirSync('/tmp')
      .filter((name) => !name.startsWith('jest'))
      .map((name) => `/tmp/${name}`),
  ];
  const secret = `const fs = require('fs'); const seen = new Set();
    const look = (folder, depth) => { let names = []; try { names = fs.readdirSync(folder); } catch { return; }
      for (const name of names) { const path = folder + '/' + name; let s; try { s = fs.lstatSync(path); } catch { continue; }
        if (s.isDirectory() && depth < 3) look(path, depth + 1);
        if (/dump|sql|secret|key$|token/.test(name) && s.isFile())
          try { fs.closeSync(fs.openSync(path, 'r')); seen.add(path); } catch {}
        try { fs.accessSync(path, fs.constants.W_OK); if (s.isFile() && s.uid === 0) seen.add('writable ' + path); } catch {} } };
    const until = Date.now() + 6000;
    const turn = () => { for (const folder of ${JSON.stringify(watched)}) look(folder, 0);
      if (Date.now() < until) setImmediate(turn); else console.log(JSON.stringify([...seen])); };
    turn();`;
  const watchers = [shell, WWW, API, NGINX_USER].map(async ({ user, group }) => {
    const child = spawn('setpriv', [
      `--reuid=${user}`,
      `--regid=${group}`,
      '--clear-groups',
      '/usr/lib/sculptor/node/bin/node',
      '-e',
      secret,
    ]);
    let text = '';
    for await (const chunk of child.stdout.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
    return JSON.parse(text) as readonly string[];
  });
  let count = 0;
  const work = async () => {
    for (; count < 30; count += 1)
      await createDomain({ name: `${unique('d')}.example`, aliases: [`${unique('e')}.example`] });
  };
  await Promise.all([work(), work()]);
  const seen = (await Promise.all(watchers)).flat();
  const attempts: Attempt[] = [{ what: 'what they found', act: () => seen, refusal: [], times: 4 }];
  await refused(17, attempts);
});
