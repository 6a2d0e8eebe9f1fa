import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Domain } from '../../contract/domains.ts';
import { type Answer, createDatabase, createDomain, createUser, type Login, ready, unique } from './agent.ts';
import { must, place, rootSql, sculptorctl, visit, type Visit } from './server.ts';

/*
 * A real application that nobody here wrote: Debian's package of WordPress, put into a site as its tenant would,
 * installed over HTTP as its tenant would. The package has no theme: a tenant would choose one, here it is two files.
 */

const ARCHIVES = '/var/cache/apt/archives';
const ADMIN = { name: 'editor', password: 'correct horse battery staple' };

const THEME = `<?php while (have_posts()) { the_post(); echo '<h2>'; the_title(); echo '</h2>'; the_content(); }`;

let site: Domain;
let login: Login;
let database: string;

function unpackedPackage(): string {
  const file = readdirSync(ARCHIVES).find((name) => /^wordpress_.*\.deb$/.test(name));
  if (file === undefined) throw new Error(`there is no package of WordPress in ${ARCHIVES}`);
  const folder = mkdtempSync(join(tmpdir(), 'wordpress-'));
  chmodSync(folder, 0o755);
  must('dpkg-deb', ['-x', join(ARCHIVES, file), folder]);
  // Links to files of packages that are not here: libraries for media and for the editor's own pages.
  must('find', [folder, '-xtype', 'l', '-delete']);
  return join(folder, 'usr/share/wordpress');
}

function config(): string {
  const salts = [
    'AUTH_KEY',
    'SECURE_AUTH_KEY',
    'LOGGED_IN_KEY',
    'NONCE_KEY',
    'AUTH_SALT',
    'SECURE_AUTH_SALT',
  ];
  const define = (name: string, value: string) => `define('${name}', '${value}');`;
  return [
    '<?php',
    define('DB_NAME', database),
    define('DB_USER', login.name),
    define('DB_PASSWORD', login.password),
    define('DB_HOST', 'localhost'),
    define('DB_CHARSET', 'utf8mb4'),
    ...[...salts, 'LOGGED_IN_SALT', 'NONCE_SALT'].map((name) =>
      define(name, randomBytes(32).toString('hex')),
    ),
    "define('DISABLE_WP_CRON', true);",
    "define('WP_HTTP_BLOCK_EXTERNAL', true);",
    "$table_prefix = 'wp_';",
    "if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');",
    "require_once ABSPATH . 'wp-settings.php';",
  ].join('\n');
}

async function open(path: string, wanted: Visit = {}): Promise<Answer> {
  const answer = await visit(site.name, path, wanted);
  if (answer === 'closed') throw new Error(`${path} was closed without an answer`);
  return answer;
}

/** Signs in as a person does, with the cookies their browser would keep. */
async function signIn(password: string): Promise<{ readonly answer: Answer; readonly cookie: string }> {
  const form = { log: ADMIN.name, pwd: password, 'wp-submit': 'Log In', testcookie: '1' };
  const cookie = cookies(await open('/wp-login.php'));
  const answer = await open('/wp-login.php', { form, headers: { cookie } });
  return { answer, cookie: `${cookie}; ${cookies(answer)}` };
}

function cookies(answer: Answer): string {
  return (answer.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ');
}

beforeAll(async () => {
  await ready();
  const source = unpackedPackage();
  database = unique('wp');
  site = await createDomain({ name: `${unique('blog')}.example` });
  await createDatabase(database);
  login = await createUser(database, { name: unique('wp') });
  const home = `/home/www/${site.name}/public`;
  const copy = ['cp', '-RL', '--no-preserve=mode,ownership', '--', `${source}/.`, home];
  must('runuser', ['-u', `s-${site.id}`, '--', ...copy]);
  place(`s-${site.id}`, `${home}/wp-config.php`, config());
  place(`s-${site.id}`, `${home}/wp-content/themes/plain/style.css`, '/* Theme Name: Plain */');
  place(`s-${site.id}`, `${home}/wp-content/themes/plain/index.php`, THEME);
});

test('its installer runs over HTTP', async () => {
  const before = await open('/');
  expect([before.status, before.headers.location]).toEqual([302, `http://${site.name}/wp-admin/install.php`]);
  const form = {
    weblog_title: 'A blog',
    user_name: ADMIN.name,
    admin_password: ADMIN.password,
    admin_password2: ADMIN.password,
    pw_weak: '1',
    admin_email: 'editor@blog.example',
    blog_public: '0',
    Submit: 'Install WordPress',
  };
  const answer = await open('/wp-admin/install.php?step=2', { form });
  expect(answer.status).toBe(200);
  expect(answer.text).toContain('Success!');
  expect(rootSql(`SELECT user_login FROM ${database}.wp_users`)).toBe(`${ADMIN.name}\n`);
  rootSql(
    `UPDATE ${database}.wp_options SET option_value = 'plain' WHERE option_name IN ('template', 'stylesheet')`,
  );
});

test('a wrong password is refused', async () => {
  const { answer } = await signIn('wrong');
  expect(answer.status).toBe(200);
  expect(answer.text).toContain('login_error');
  expect(cookies(answer)).not.toContain('wordpress_logged_in');
});

test('a post that is written is read back on the front page', async () => {
  const { answer, cookie } = await signIn(ADMIN.password);
  expect(answer.status).toBe(302);
  expect(cookies(answer)).toContain('wordpress_logged_in');
  const nonce = (await open('/wp-admin/admin-ajax.php?action=rest-nonce', { headers: { cookie } })).text;
  const post = { title: 'Written here', content: 'Größe, 日本語 and 😀', status: 'publish' };
  const headers = { cookie, 'x-wp-nonce': nonce };
  const written = await open('/?rest_route=/wp/v2/posts', { form: post, headers });
  expect(written.status).toBe(201);
  const front = await open('/');
  expect(front.status).toBe(200);
  expect(front.text).toContain('Written here');
  expect(front.text).toContain('Größe, 日本語 and 😀');
});

test('its dashboard opens for who is signed in, and sends others to the login', async () => {
  const { cookie } = await signIn(ADMIN.password);
  const inside = await open('/wp-admin/', { headers: { cookie } });
  expect([inside.status, inside.text.includes('Dashboard')]).toEqual([200, true]);
  const outside = await open('/wp-admin/');
  expect([outside.status, outside.headers.location?.includes('/wp-login.php')]).toEqual([302, true]);
});

const TOOL = `<?php
if ($argv[1] === 'option') { require 'wp-load.php'; echo get_option($argv[2]), ' ', PHP_BINARY, "\\n"; exit; }
fwrite(STDERR, "$argv[1] is no command\\n"); exit(3);`;

/** As WP-CLI comes: an archive of PHP that can be started by its name, and that works on the folder it is started in. */
function installTool(): void {
  const build = `
    $phar = new Phar('/usr/local/bin/tool.phar');
    $phar['main.php'] = stream_get_contents(STDIN);
    $phar->setStub("#!/usr/bin/env php\\n<?php Phar::mapPhar('tool.phar'); require 'phar://tool.phar/main.php'; __HALT_COMPILER();");`;
  must('php', ['-d', 'phar.readonly=0', '-r', build], TOOL);
  must('chmod', ['0755', '/usr/local/bin/tool.phar']);
}

test('a tool of its administrator works on it, as the site and on the PHP of the site', () => {
  installTool();
  const tool = (...words: readonly string[]) =>
    sculptorctl('domain', 'run', site.name, '--directory', 'public', '--', 'tool.phar', ...words);
  expect(tool('option', 'blogname')).toMatchObject({
    code: 0,
    out: `A blog /usr/bin/php${installedPhp()}\n`,
  });
  expect(tool('else')).toMatchObject({ code: 3, out: 'else is no command\n' });
});

/** The one version that there is here. */
function installedPhp(): string {
  return must('php', ['-r', 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;']);
}

test('its own files are served as what they are, and its configuration never', async () => {
  const style = await open('/wp-includes/css/dashicons.min.css');
  expect([style.status, style.headers['content-type']]).toEqual([200, 'text/css']);
  for (const path of ['/wp-config.php', '/wp-config.php/x', '//wp-config.php']) {
    expect((await open(path)).text).not.toContain(login.password);
  }
});
