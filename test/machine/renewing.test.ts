import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Domain } from '../../contract/domains.ts';
import { createDomain, ready, unique } from './agent.ts';
import { begin, forget, publishFiles, SECURITY, versionOf } from './archive.ts';
import { must, page, place } from './server.ts';
import { told } from './told.ts';
import { underLoad } from './under-load.ts';

/* A security update of PHP, as the distribution would bring it, while sites are asked without a pause. */

const [PHP] = readdirSync('/var/cache/apt/archives').filter((name) => /^php8\.\d+-fpm_/.test(name));
const NAME = PHP?.split('_')[0] ?? '';
const before = versionOf(NAME);

beforeAll(async () => {
  await ready();
  begin();
});
afterAll(forget);

/** The distribution's own package, with another version. */
function newer(): string {
  const [tree, file] = ['/srv/archive/security/.php', `/srv/archive/security/${NAME}_newer_amd64.deb`];
  mkdirSync('/srv/archive/security', { recursive: true });
  must('dpkg-deb', ['--raw-extract', `/var/cache/apt/archives/${PHP ?? ''}`, tree]);
  const control = readFileSync(`${tree}/DEBIAN/control`, 'utf8');
  writeFileSync(`${tree}/DEBIAN/control`, control.replace(/^Version: .*$/m, `Version: ${before}+probe1`));
  must('dpkg-deb', ['--root-owner-group', '--build', tree, file]);
  rmSync(tree, { recursive: true });
  return file;
}

async function site(): Promise<Domain> {
  const domain = await createDomain({ name: `${unique('new')}.example` });
  place(`s-${domain.id}`, `/home/www/${domain.name}/public/index.php`, '<?php echo "page";');
  expect(await page(domain.name)).toEqual([200, 'page']);
  return domain;
}

/** The visitors go on meanwhile. */
function ended(file: string): Promise<number | null> {
  return new Promise((resolve) => spawn(file, { stdio: 'ignore' }).once('close', resolve));
}

function programOf({ id }: Domain): string {
  const pid = must('systemctl', [
    'show',
    '--property=MainPID',
    '--value',
    `sculptor-php@${id}.service`,
  ]).trim();
  return readlinkSync(`/proc/${pid}/exe`);
}

test('after a security update of PHP under load each site runs the new one, and no visitor saw that', async () => {
  const sites = [await site(), await site(), await site()];
  publishFiles('security', SECURITY, [newer()]);
  const loads = await underLoad(
    sites.map(({ name }) => ({ host: name, path: '/', expected: /^200 page$/ })),
    async () => {
      expect(await ended('unattended-upgrade')).toBe(0);
      expect(versionOf(NAME)).toBe(`${before}+probe1`);
      for (const one of sites) while (programOf(one).endsWith('(deleted)')) await pause(200);
    },
  );
  for (const load of loads) expect(load).toEqual({ asked: expect.any(Number) as number, failed: [] });
  await told(new RegExp(`${NAME} \\S+ to \\S+probe1.*Started anew: PHP of \\d+ sites`));
  for (const one of sites) expect(programOf(one)).toMatch(/^\/usr\/sbin\/php-fpm8\.\d+$/);
});

test('processes of the agent whose library was replaced start anew', async () => {
  const pid = () =>
    must('systemctl', ['show', '--property=MainPID', '--value', 'sculptor-api.service']).trim();
  const [, library = ''] =
    / (\/usr\/lib\/\S+\/libstdc\+\+\.so\S*)$/m.exec(readFileSync(`/proc/${pid()}/maps`, 'utf8')) ?? [];
  const first = pid();
  must('cp', ['--archive', library, `${library}.new`]);
  must('mv', [`${library}.new`, library]);
  // What dpkg calls, before and after.
  must('/usr/lib/sculptor/update-hook', ['before']);
  must('/usr/lib/sculptor/update-hook', ['after']);
  while (pid() === first || pid() === '0') await pause(200);
  await ready();
  expect(readFileSync(`/proc/${pid()}/maps`, 'utf8')).not.toContain(`${library} (deleted)`);
});
