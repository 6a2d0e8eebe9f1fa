import { readFileSync, rmSync } from 'node:fs';
import { ready } from '../machine/agent.ts';
import { must, page, place, run, visit } from '../machine/server.ts';
import { accepted, refused } from './attempt.ts';
import { CANARY, harmless, putCanary } from './outside.ts';
import { as, createSite, NGINX, php, shellOf, WWW, type Site } from './thieves.ts';

/* Row 11: what root opens again and again, and row 12: where an authority's challenge is looked for. */

let site: Site;

beforeAll(async () => {
  await ready();
  putCanary();
  site = await createSite();
  await page(site.name);
});
afterAll(() => rmSync(CANARY, { recursive: true }));

const LOGS = '/var/log/sculptor';
const lines = (text: string) => text.split('\n').filter(Boolean);

/** Every file that nginx, the agent or a php-fpm master of root's configuration says that it writes. */
function configured(): readonly string[] {
  const nginx = must('nginx', ['-T', '-q', '-c', '/etc/nginx/sculptor/nginx.conf']);
  const named = nginx.matchAll(/^\s*(?:access_log|error_log|pid|\w+_temp_path)\s+(\/[^\s;]+)/gm);
  const rotated = readFileSync('/etc/logrotate.d/sculptor', 'utf8').matchAll(/^(\/\S+) \{/gm);
  return [...new Set(Array.from([...named, ...rotated], ([, path = '']) => path))];
}

test('row 11: each log that root opens lies in folders that are root’s alone, up to the top', async () => {
  const paths = configured();
  expect(paths).toEqual(
    expect.arrayContaining([`${LOGS}/nginx/error.log`, `${LOGS}/nginx/access.log`, '/run/nginx.pid']),
  );
  const folders = new Set<string>();
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
      folders.add(path.slice(0, end));
  }
  await refused(
    11,
    Array.from(folders, (folder) => ({
      what: folder,
      act: () =>
        /^root directory .{5}[^w].{2}[^w].$/.test(must('stat', ['--format=%U %F %A', folder]).trim()),
      refusal: true,
    })),
  );
});

test('row 11: nobody puts a link where a log is, takes one away or gives one another name', async () => {
  const acts = [`nginx/error.log`, 'nginx/access.log'].flatMap((log) => [
    ['ln', '-sf', `${CANARY}/file`, `${LOGS}/${log}`],
    ['mv', `${LOGS}/${log}`, `${LOGS}/${log}.1`],
    ['rm', '-f', `${LOGS}/${log}`],
    ['ln', '-s', CANARY, `${LOGS}/nginx/new.log`],
    ['touch', `${LOGS}/php-${site.id}.log`],
    ['ln', '-sfT', CANARY, '/var/lib/sculptor-nginx/body'],
    ['mv', '/var/lib/sculptor-nginx/body', '/var/lib/sculptor-nginx/old'],
    ['ln', '-sf', `${CANARY}/file`, '/run/nginx.pid'],
  ]);
  await refused(
    11,
    [shellOf(site), WWW, NGINX].flatMap((thief) =>
      acts.map(([file = '', ...args]) => ({
        what: `${thief.name}: ${[file, ...args].join(' ')}`,
        act: () => as(thief, file, ...args).code === 0,
        refusal: false,
      })),
    ),
  );
});

test('row 11: rotating, reopening and nginx’s own check follow nothing that nginx’s worker leaves in its folders', async () => {
  // What is nginx's own: a link there for each temporary file that root could be thought to write.
  const folders = ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `/var/lib/sculptor-nginx/${name}`,
  );
  for (const folder of folders) {
    for (const name of ['0', '1', '0000000001', 'link.log'])
      as(NGINX, 'ln', '-s', `${CANARY}/folder`, `${folder}/${name}`);
  }
  must('runuser', ['-u', site.user, '--', 'ln', '-s', `${CANARY}/file`, `${site.home}/public/error.log`]);
  const canary = () => must('find', [CANARY, '-printf', '%p %y %m %U:%G %s %C@ %l\n']);
  const was = canary();
  await refused(
    11,
    [
      {
        what: 'all of it',
        act: () => {
          must('logrotate', ['--force', '/etc/logrotate.d/sculptor']);
          must('nginx', ['-t', '-q', '-c', '/etc/nginx/sculptor/nginx.conf']);
          must('nginx', ['-s', 'reopen', '-c', '/etc/nginx/sculptor/nginx.conf']);
          must('systemctl', ['reload', 'nginx']);
          return canary();
        },
        refusal: was,
        times: 4,
      },
    ],
    [site.home, '/var/lib/sculptor-root', ...folders],
  );
  await page(site.name, '/asked-for-after-the-rotation');
  for (const log of ['access.log', 'error.log'])
    expect(must('stat', ['--format=%U %a', `${LOGS}/nginx/${log}`])).toMatch(/^nginx 6[04]0\n$/);
  for (const folder of folders) must('find', [folder, '-type', 'l', '-delete']);
});

const TARGETS = [
  '/etc/sculptor-canary/file',
  '/etc/cron.d/evil',
  '/var/log/sculptor/nginx/access.log',
  '/root/x.php',
];

test('row 11: what PHP is told to log is written as the site, or not at all', async () => {
  const own = `${site.home}/private/own.log`;
  await harmless(11, { what: 'error_log by code', sites: [site], times: TARGETS.length * 2 }, async () => {
    for (const target of TARGETS) {
      const link = `${site.home}/private/${TARGETS.indexOf(target)}.log`;
      as(shellOf(site), 'ln', '-s', target, link);
      for (const path of [target, link])
        await php(
          site,
          `ini_set('error_log', '${path}'); error_log('evil'); @file_put_contents('${path}', 'evil');`,
        );
    }
    await php(site, `ini_set('error_log', '${own}'); error_log('my own');`);
  });
  expect(must('stat', ['--format=%U', own])).toBe(`${site.user}\n`);
});

test('row 11: .user.ini moves no log of the master’s, and none that root opens', async () => {
  const settings = ['error_log', 'access.log', 'slowlog', 'mail.log', 'opcache.error_log', 'xdebug.log'];
  const text = settings.map((name) => `${name} = ${CANARY}/folder/new`).join('\n');
  await harmless(11, { what: 'all of them', sites: [site], times: settings.length }, async () => {
    place(site.user, `${site.home}/public/.user.ini`, `log_errors = On\n${text}\n`);
    await php(site, 'error_log("evil"); trigger_error("evil");');
    must('systemctl', ['try-restart', `sculptor-php@${site.id}.service`]);
    expect(await php(site, 'echo "serves";')).toBe('serves');
  });
  must('rm', [`${site.home}/public/.user.ini`]);
});

test('row 12: below a served folder nobody but the site writes, and challenges are looked for elsewhere', async () => {
  const wellKnown = `${site.home}/public/.well-known`;
  place(site.user, `${wellKnown}/security.txt`, 'the site’s own');
  place(site.user, `${wellKnown}/acme-challenge/token`, 'the site’s own');
  for (const [index, target] of [CANARY, `${CANARY}/file`, '/etc/sculptor/tls', '/etc/passwd'].entries())
    as(shellOf(site), 'ln', '-s', target, `${wellKnown}/acme-challenge/link${index}`);
  expect(await page(site.name, '/.well-known/security.txt')).toEqual([200, 'the site’s own']);
  const paths = ['token', 'link0/file', 'link1', 'link2/nobody.key', 'link3'].map(
    (path) => `/.well-known/acme-challenge/${path}`,
  );
  await refused(
    12,
    [
      ...paths.map((path) => ({
        what: path,
        act: async () => {
          const answer = await visit(site.name, path);
          return answer !== 'closed' && answer.status;
        },
        refusal: 404,
      })),
      {
        what: 'files of others below any served folder',
        act: () => lines(run('find', ['/home/www', '-path', '*/public/*', '-user', 'root']).out),
        refusal: [],
      },
      {
        // The distribution’s own job renews what root keeps in /etc/letsencrypt, which is nothing of a site’s.
        what: 'another unit or job that deals with certificates',
        act: () =>
          lines(
            run('grep', ['-rlE', 'certbot|acme', '/etc/systemd/system', '/etc/cron.d', '/etc/nginx/sculptor'])
              .out,
          ).sort(),
        refusal: [
          '/etc/cron.d/certbot',
          '/etc/nginx/sculptor/parts/serve.conf',
          '/etc/systemd/system/sculptor-certbot@.service',
        ],
      },
    ],
    [site.home],
  );
  accepted(12);
});
