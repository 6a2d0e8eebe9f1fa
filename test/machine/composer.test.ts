import type { Domain } from '../../contract/domains.ts';
import { Run } from '../../contract/site-parts.ts';
import { accepted, api, createDomain, ready, succeeded, unique } from './agent.ts';
import { must, page, place, run, type Ran } from './server.ts';

/* The distribution's Composer, as a site: what it installs comes from a folder of the site, for there is no network. */

const PAGE = `<?php require '../private/app/vendor/autoload.php'; echo Acme\\Greeting::for('the visitor');`;
const GREETING = `<?php namespace Acme; class Greeting { static function for($whom) { return "Hello to $whom"; } }`;

let site: Domain;
const files = () => `/home/www/${site.name}/private`;
const put = (path: string, content: string) =>
  place(`s-${site.id}`, `/home/www/${site.name}/${path}`, content);

function composer(...words: readonly string[]): Ran {
  const settings = ['--directory', 'private/app', '--env', `COMPOSER_HOME=${files()}/.composer`];
  const command = ['composer', '--no-interaction', ...words];
  return run('sculptorctl', ['domain', 'run', site.name, ...settings, '--', ...command]);
}

beforeAll(async () => {
  await ready();
  const install = ['apt-get', 'install', '--quiet', '--yes', '--no-install-recommends', 'composer', 'unzip'];
  must('env', ['DEBIAN_FRONTEND=noninteractive', ...install]);
  site = await createDomain({ name: `${unique('composer')}.example` });
  put('public/index.php', PAGE);
  put('private/packages/greeting/src/Greeting.php', GREETING);
  const greeting = { name: 'acme/greeting', version: '1.0.0', autoload: { 'psr-4': { 'Acme\\': 'src/' } } };
  put('private/packages/greeting/composer.json', JSON.stringify(greeting));
  must('runuser', ['-u', `s-${site.id}`, '--', 'mkdir', `${files()}/app`]);
});

test('it runs by its name, on the PHP of the site, as the site', () => {
  const ran = composer('--version');
  expect(ran.out).toMatch(/^Composer version 2\.\d+\.\d+/m);
  expect(ran.code).toBe(0);
  expect(composer('diagnose').out).toContain(`PHP binary path: /usr/bin/php${site.phpVersion ?? ''}`);
});

test('a project is begun and gets a package, and the site serves a page that uses it', async () => {
  const packages = '{"type": "path", "url": "../packages/*"}';
  const begun = composer('init', '--name', 'acme/site', '--repository', packages);
  expect(begun).toMatchObject({ code: 0 });
  expect(composer('config', 'repositories.packagist.org', 'false')).toMatchObject({ code: 0 });
  const required = composer('require', 'acme/greeting');
  expect(required).toMatchObject({
    code: 0,
    out: expect.stringContaining('Generating autoload files') as string,
  });
  expect(must('stat', ['--format=%U', `${files()}/app/vendor/autoload.php`])).toBe(`s-${site.id}\n`);
  expect(await page(site.name)).toEqual([200, 'Hello to the visitor']);
});

test('what it has installed is put there anew by an operation', async () => {
  must('runuser', ['-u', `s-${site.id}`, '--', 'rm', '-r', `${files()}/app/vendor`]);
  expect((await page(site.name))[0]).toBe(500);
  const body = {
    command: ['composer', '--no-interaction', 'install', '--no-dev'],
    workingDirectory: 'private/app',
    environment: { COMPOSER_HOME: `${files()}/.composer` },
  };
  const answer = await accepted('POST', `/v1/domains/${site.name}/runs`, { body });
  await succeeded(answer);
  const { id } = Run.parse(answer.json['run']);
  const { result } = Run.parse((await api('GET', `/v1/domains/${site.name}/runs/${id}`)).json);
  expect(result).toMatchObject({ exitCode: 0, endedBy: 'itself' });
  expect(result?.output).toContain('Installing acme/greeting (1.0.0)');
  expect(await page(site.name)).toEqual([200, 'Hello to the visitor']);
});

test('its autoloader is written anew when a class was added', async () => {
  put('private/packages/greeting/src/Farewell.php', GREETING.replaceAll('Greeting', 'Farewell'));
  expect(composer('dump-autoload', '--optimize', '--classmap-authoritative')).toMatchObject({ code: 0 });
  put('public/index.php', PAGE.replace('Greeting', 'Farewell'));
  expect(await page(site.name)).toEqual([200, 'Hello to the visitor']);
});

test('what goes wrong in it ends with its own exit code, and says why', () => {
  const ran = composer('require', 'acme/nothing');
  expect(ran.code).toBeGreaterThan(0);
  expect(ran.out).toContain('Could not find a matching version of package acme/nothing');
});
