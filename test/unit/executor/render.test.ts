import fc from 'fast-check';
import { NO_PHP_LIMITS } from '../../../contract/domains.ts';
import type { DomainId } from '../../../contract/ids.ts';
import type { DomainName, PhpVersion, PublicDirectory } from '../../../contract/names.ts';
import { DEFAULT_OPTIONS, SiteOptions } from '../../../contract/site-options.ts';
import { renderFpm } from '../../../worker-privileged/executor/render/fpm.ts';
import { plain, RenderError } from '../../../worker-privileged/executor/render/plain.ts';
import {
  needsServerBlock,
  renderServerBlock,
} from '../../../worker-privileged/executor/render/server-block.ts';
import { renderVisitors } from '../../../worker-privileged/executor/render/visitors.ts';
import { renderSupervisedPool } from '../../../worker-privileged/executor/render/supervisor.ts';
import { renderSysusersLine } from '../../../worker-privileged/executor/render/sysusers.ts';

const id = 'a1b2c3d4e5f6' as DomainId;
const name = 'shop.example' as DomainName;
const version = '8.2' as PhpVersion;
const publicDirectory = 'public/web' as PublicDirectory;
const options = DEFAULT_OPTIONS;
const HASH = `$6$salt$${'a'.repeat(86)}`;
const socket = `/run/sculptor-php/${id}.sock`;
const home = `/home/www/${name}`;
const plan = { phpProcesses: 20, limits: NO_PHP_LIMITS };
const share = { memoryBytes: null, tasks: null };

test("a site's fpm.conf names no user and keeps sessions, uploads and temporary files in the site's own folder", () => {
  const { text, ping } = renderFpm({ id, name, version, socket, home, plan });
  expect(ping).toMatch(/^a1b2c3d4e5f6-[0-9a-f]{8}$/);
  expect(text).toBe(`; Site a1b2c3d4e5f6 on PHP 8.2. Written by the agent; what is changed here is lost.
[global]
error_log = syslog
syslog.ident = sculptor-php-a1b2c3d4e5f6
log_level = warning
daemonize = no
process_control_timeout = 60s

[a1b2c3d4e5f6]
listen = "/run/sculptor-php/a1b2c3d4e5f6.sock"
listen.mode = 0660
pm = ondemand
pm.max_children = 20
pm.process_idle_timeout = 10s
pm.max_requests = 1000
request_terminate_timeout = 3600s
ping.path = /.sculptor/ping
ping.response = "${ping}"
security.limit_extensions = .php
clear_env = yes
env[PATH] = "/usr/local/bin:/usr/bin:/bin"
env[TMPDIR] = "/home/www/shop.example/tmp"
php_admin_value[sys_temp_dir] = "/home/www/shop.example/tmp"
php_admin_value[upload_tmp_dir] = "/home/www/shop.example/tmp"
php_admin_value[sendmail_path] = "/usr/lib/sculptor/sendmail -t -i"
php_admin_value[opcache.restrict_api] = "/home/www/shop.example"
php_admin_flag[opcache.validate_root] = on
php_admin_flag[opcache.validate_permission] = on
php_admin_flag[opcache.use_cwd] = on
php_admin_flag[allow_url_include] = off
php_admin_flag[enable_dl] = off
php_admin_flag[expose_php] = off
php_value[session.save_path] = "/home/www/shop.example/tmp"
; What PHP says to the journal is this site's there, and control characters in it are spelt out.
php_admin_value[syslog.ident] = sculptor-php-a1b2c3d4e5f6
php_admin_value[syslog.filter] = no-ctrl
; The distribution's own collector of old sessions knows its own folder only.
php_value[session.gc_probability] = 1
`);
});

test('a pool that is started from another text answers another ping', () => {
  const one = renderFpm({ id, name, version, socket, home, plan });
  expect(renderFpm({ id, name, version, socket, home, plan }).ping).toBe(one.ping);
  expect(renderFpm({ id, name, version: '8.4' as PhpVersion, socket, home, plan }).ping).not.toBe(one.ping);
});

test('a server block of its own is one for the world and one for the probes', () => {
  const names = [name, 'www.shop.example' as DomainName];
  expect(renderServerBlock({ id, type: 'php', names, publicDirectory, options }))
    .toBe(`# Site a1b2c3d4e5f6. Written by the agent; what is changed here is lost.
server {
  include /etc/nginx/sculptor/listen/http.conf;
  include /etc/nginx/sculptor/listen/https.conf;
  listen unix:/run/sculptor-probe/https.sock ssl;
  ssl_certificate /etc/sculptor/sites/a1b2c3d4e5f6/tls$sculptor_nothing/chain.pem;
  ssl_certificate_key /etc/sculptor/sites/a1b2c3d4e5f6/tls$sculptor_nothing/key.pem;
  server_name shop.example
    www.shop.example;
  set $sculptor_site /etc/sculptor/sites/a1b2c3d4e5f6;
  set $sculptor_public public/web;
  set $sculptor_type php;
  include /etc/nginx/sculptor/parts/site.conf;
}
server {
  listen unix:/run/sculptor-probe/http.sock;
  access_log off;
  server_name shop.example
    www.shop.example;
  set $sculptor_site /etc/sculptor/sites/a1b2c3d4e5f6;
  set $sculptor_public public/web;
  set $sculptor_type php;
  include /etc/nginx/sculptor/parts/probe.conf;
}
`);
});

test.each([
  ['php', 'php'],
  ['laravel', 'php'],
  ['static', 'static'],
  ['proxy', 'app'],
  ['node', 'app'],
  ['redirect', 'redirect'],
] as const)(
  'a server block of a %s site says itself what answers, to the world and to the probes',
  (type, what) => {
    const text = renderServerBlock({ id, type, names: [name], publicDirectory, options });
    expect(text.split(`set $sculptor_type ${what};`)).toHaveLength(3);
  },
);

test.each([
  [false, 'public', [name]],
  [false, 'public', [`${'a'.repeat(63)}.${'b'.repeat(16)}`]],
  [true, 'public', [name, `${'a'.repeat(63)}.${'b'.repeat(17)}`]],
  [true, 'public/web', [name]],
  [false, 'public', Array.from({ length: 10 }, (_, number) => `${number}.example`)],
  [true, 'public', Array.from({ length: 11 }, (_, number) => `${number}.example`)],
])('a site needs a server block of its own: %s, served from %s, called %j', (needs, folder, names) => {
  const site = {
    publicDirectory: folder as PublicDirectory,
    names: names as DomainName[],
    options,
    type: 'php',
  } as const;
  expect(needsServerBlock(site)).toBe(needs);
});

test.each([
  [{ index: ['home.html', 'start.php'] }, ['index home.html start.php;']],
  [{ bodyBytes: 1_048_576 }, ['client_max_body_size 1048576;']],
  [{ bodyBytes: 536_870_912 }, ['client_max_body_size 536870912;', 'limit_conn sculptor_larger 4;']],
  [{ bodyBytes: 2_147_483_648 }, ['client_max_body_size 2147483648;', 'limit_conn sculptor_larger 2;']],
  [{ timeoutSeconds: 5 }, ['fastcgi_read_timeout 5s;', 'proxy_read_timeout 5s;', 'proxy_send_timeout 5s;']],
  [
    { buffering: false },
    ['fastcgi', 'proxy'].flatMap((to) => [`${to}_buffering off;`, `${to}_request_buffering off;`]),
  ],
  [{ accessLog: false }, ['access_log off;']],
  [
    { allowedAddresses: ['192.0.2.0/24', '2001:db8::1'] },
    ['allow 192.0.2.0/24;', 'allow 2001:db8::1/128;', 'deny all;'],
  ],
  [
    { hsts: { maxAgeSeconds: 31_536_000, includeSubdomains: true, preload: true } },
    [
      'set $sculptor_hsts "";',
      'if ($scheme = https) {',
      '  set $sculptor_hsts "max-age=31536000; includeSubDomains; preload";',
      '}',
      'add_header Strict-Transport-Security $sculptor_hsts always;',
    ],
  ],
  [{ staticCacheSeconds: 0 }, ['set $sculptor_static_seconds 0;', 'expires $sculptor_expires;']],
  [
    { basicAuth: { realm: 'Members only', users: [{ name: 'anna', passwordHash: HASH }] } },
    [
      'auth_basic "Members only";',
      `auth_basic_user_file /etc/nginx/sculptor/visitors/${id};`,
      'limit_req zone=sculptor_guess burst=128 delay=50;',
      'limit_req zone=sculptor_guessed burst=200;',
    ],
  ],
])('the option %j is a server block of its own, for the world and not for the probes', (given, lines) => {
  const block = { id, type: 'php', names: [name], publicDirectory: 'public' as PublicDirectory } as const;
  const usual = renderServerBlock({ ...block, options });
  const changed = { ...block, options: SiteOptions.parse(given) };
  expect(needsServerBlock(changed)).toBe(true);
  expect(renderServerBlock(changed)).toBe(
    usual.replace('  include /etc/nginx/sculptor/parts/site.conf;', (part) =>
      [...lines.map((line) => `  ${line}`), part].join('\n'),
    ),
  );
});

test.each([
  ['toWww', name, `www.${name}`],
  ['fromWww', `www.${name}`, name],
])(
  '%s sends who asks for the one name to the other, once what it has in common was said',
  (www, from, to) => {
    const block = {
      id,
      type: 'php' as const,
      names: [name, 'a.example', `www.${name}`] as DomainName[],
      publicDirectory,
    };
    const usual = renderServerBlock({ ...block, options });
    expect(renderServerBlock({ ...block, options: SiteOptions.parse({ www }) })).toBe(
      usual.replace(
        'parts/site.conf;\n',
        (part) => `${part}  set $sculptor_www "";
  if ($host = ${from}) {
    set $sculptor_www ${to};
  }
  if ($sculptor_www) {
    return 308 $scheme://$sculptor_www$request_uri;
  }
`,
      ),
    );
  },
);

test('a page for errors is asked for by an address that no visitor can ask for', () => {
  const block = { id, type: 'php' as const, names: [name], publicDirectory };
  const usual = renderServerBlock({ ...block, options });
  const errorPages = { 404: '/errors/404.html' };
  expect(renderServerBlock({ ...block, options: SiteOptions.parse({ errorPages }) })).toBe(
    usual.replace(
      'parts/site.conf;\n',
      (part) => `${part}  recursive_error_pages on;
  fastcgi_intercept_errors on;
  proxy_intercept_errors on;
  error_page 404 /.sculptor/error/404;
  location = /.sculptor/error/404 {
    internal;
    recursive_error_pages off;
    allow all;
    auth_basic off;
    try_files /errors/404.html =404;
  }
`,
    ),
  );
});

test("root's own files for a site are read last, and are reason enough for a server block", () => {
  const block = {
    id,
    type: 'php' as const,
    names: [name],
    publicDirectory: 'public' as PublicDirectory,
    options,
  };
  expect(needsServerBlock({ ...block, snippets: ['10-x.conf'] })).toBe(true);
  expect(renderServerBlock({ ...block, snippets: ['10-x.conf'] })).toBe(
    renderServerBlock(block).replace(
      'parts/site.conf;\n',
      (part) => `${part}  include /etc/nginx/sculptor/snippets/${id}-10-x.conf;\n`,
    ),
  );
});

test('visitors are a name and a hash on each line', () => {
  const users = [
    { name: 'anna', passwordHash: HASH },
    { name: 'b@c.example', passwordHash: `$2y$05$${'c'.repeat(53)}` },
  ];
  expect(renderVisitors({ realm: 'Members', users })).toBe(
    `anna:${HASH}\nb@c.example:$2y$05$${'c'.repeat(53)}\n`,
  );
});

const sentTo = (redirect: object) =>
  renderServerBlock({
    ...{ id, type: 'redirect', names: [name], publicDirectory: 'public' as PublicDirectory },
    options: SiteOptions.parse({ redirect }),
  });

test('a site that sends its visitors elsewhere says where in a server block of its own, and not to the probes', () => {
  const block = sentTo({ to: 'https://other.example/a/', status: 302 });
  expect(block).toContain('return 302 "https://other.example/a$request_uri";');
  expect(block.split('server {')[2]).not.toContain('other.example');
  expect(sentTo({ to: 'https://other.example/a/', keepPath: false })).toContain(
    'return 308 "https://other.example/a/";',
  );
});

test('an address that would mean something to nginx is not written', () => {
  for (const sign of [' ', '"', "'", '$', ';', '{', '}', '\\', '#', '?', '\n', '\t', '\0'])
    expect(() =>
      renderServerBlock({
        ...{ id, type: 'redirect', names: [name], publicDirectory: 'public' as PublicDirectory },
        options: {
          ...options,
          redirect: { to: `https://other.example/a${sign}b` as never, status: 308, keepPath: true },
        },
      }),
    ).toThrow(RenderError);
});

test('what a site may take of PHP is an admin value', () => {
  const limits = { memoryBytes: 268_435_456, seconds: 600, uploadBytes: 104_857_600, processes: 4 };
  const { text } = renderFpm({ ...{ id, name, version, socket, home }, plan: { phpProcesses: 4, limits } });
  const named = /^pm.max_ch|^request_t|^php_admin_value.(?:memory|max|upload_max|post)_/;
  expect(text.split('\n').filter((line) => named.test(line))).toEqual([
    'pm.max_children = 4',
    'request_terminate_timeout = 605s',
    'php_admin_value[memory_limit] = 268435456',
    'php_admin_value[max_execution_time] = 600',
    'php_admin_value[max_input_time] = 600',
    'php_admin_value[upload_max_filesize] = 104857600',
    'php_admin_value[post_max_size] = 105906176',
  ]);
});

test("Supervisor makes the socket as root and hands it to the site's own php-fpm", () => {
  expect(renderSupervisedPool({ id, user: `s-${id}`, socket: `/var/lib/sculptor-php/${id}.sock`, share }))
    .toBe(`; Site a1b2c3d4e5f6. Written by the agent; what is changed here is lost.
[fcgi-program:sculptor-php-a1b2c3d4e5f6]
command=/bin/sh -c "exec 3<&0 0</dev/null; for limit in nofile=4096 core=0 data=1073741824 nproc=512; do /usr/bin/prlimit --pid $$ --$limit; done; exec /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 FPM_SOCKETS=/var/lib/sculptor-php/a1b2c3d4e5f6.sock=3 /etc/sculptor/sites/a1b2c3d4e5f6/php-fpm --nodaemonize --force-stderr --fpm-config /etc/sculptor/sites/a1b2c3d4e5f6/fpm.conf"
socket=unix:///var/lib/sculptor-php/a1b2c3d4e5f6.sock
socket_owner=root:nginx
socket_mode=0660
user=s-a1b2c3d4e5f6
directory=/
umask=022
autostart=true
autorestart=true
startsecs=1
startretries=10
stopsignal=QUIT
stopwaitsecs=20
killasgroup=true
redirect_stderr=true
stdout_logfile=/var/log/sculptor/php-a1b2c3d4e5f6.log
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=1
`);
});

test('an account is a user and a group of one number, with no shell', () => {
  expect(renderSysusersLine({ user: `s-${id}`, uid: 66_000, home })).toBe(
    'u s-a1b2c3d4e5f6 66000 "Sculptor site" /home/www/shop.example /usr/sbin/nologin\n',
  );
});

/** What each dialect would read as something else than a value; see attacks 1, 3, 4, 5 and 6. */
const foreign = [
  'shop.example\nuser=root',
  'shop.example\r',
  'shop.example\0',
  'shop.example\u2028',
  'shop.example\u007f',
  'shop.example; access_log /etc/passwd;',
  'shop.example}',
  'shop.example{',
  'shop.example # ',
  '$host',
  '${PATH}',
  '%(ENV_PATH)s',
  '%',
  '%m',
  '"',
  "'",
  '\\',
  '`id`',
  '[root]',
  'a=b',
  'a b',
  '',
  'a/../b',
  '..',
  'café.example',
];

test.each(foreign)('%j is rendered nowhere', (value) => {
  expect(() => plain(value)).toThrow(RenderError);
  for (const render of rendersOf(value)) expect(render).toThrow(RenderError);
});

test.each(foreign.filter((value) => !/^[A-Za-z0-9$=/ ._-]+$/.test(value)))(
  '%j is no realm and no visitor',
  (value) => {
    const users = [{ name: 'anna', passwordHash: HASH }];
    const basicAuth = { realm: value, users };
    expect(() =>
      renderServerBlock({
        id,
        type: 'php' as const,
        names: [name],
        publicDirectory,
        options: { ...options, basicAuth },
      }),
    ).toThrow(RenderError);
    for (const bad of [
      { name: value, passwordHash: HASH },
      { name: 'anna', passwordHash: value },
    ])
      expect(() => renderVisitors({ realm: 'Members', users: [bad] })).toThrow(RenderError);
  },
);

test('a value is rendered as it is, or not at all', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (value) => {
      if (/^[A-Za-z0-9._/-]{1,512}$/.test(value) && !value.includes('..')) return plain(value) === value;
      for (const render of rendersOf(value)) expect(render).toThrow(RenderError);
      return true;
    }),
  );
});

/** Every place of every file that a value of somebody's may come to stand in. */
function rendersOf(value: string): readonly (() => unknown)[] {
  const bad = value as never;
  const served = { id, type: 'php', names: [name], publicDirectory, options } as const;
  return [
    () => renderFpm({ id: bad, name, version, socket, home, plan }),
    () => renderFpm({ id, name, version: bad, socket, home, plan }),
    () => renderFpm({ id, name, version, socket: value, home, plan }),
    () => renderFpm({ id, name, version, socket, home: value, plan }),
    () => renderServerBlock({ ...served, id: bad }),
    () => renderServerBlock({ ...served, names: [name, bad] }),
    () => renderServerBlock({ ...served, publicDirectory: bad }),
    ...(['index', 'allowedAddresses'] as const).map(
      (list) => () => renderServerBlock({ ...served, options: { ...options, [list]: [bad] } }),
    ),
    () => renderServerBlock({ ...served, options: { ...options, bodyBytes: bad } }),
    () => renderServerBlock({ ...served, options: { ...options, timeoutSeconds: bad } }),
    ...[
      { hsts: { maxAgeSeconds: bad, includeSubdomains: false, preload: false } },
      { staticCacheSeconds: bad },
      { errorPages: { 404: value } },
    ].map((changed) => () => renderServerBlock({ ...served, options: { ...options, ...changed } })),
    () => renderServerBlock({ ...served, snippets: [value] }),
    () => renderSupervisedPool({ id: bad, user: 'www', socket, share }),
    () => renderSupervisedPool({ id, user: value, socket, share }),
    () => renderSupervisedPool({ id, user: 'www', socket: value, share }),
    () => renderSysusersLine({ user: value, uid: 66_000, home }),
    () => renderSysusersLine({ user: 'www', uid: 66_000, home: value }),
  ];
}
