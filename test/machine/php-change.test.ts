import { copyFileSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Domain } from '../../contract/domains.ts';
import {
  accepted,
  api,
  createDomain,
  ended,
  readDomain,
  ready,
  succeeded,
  unique,
  updateDomain,
} from './agent.ts';
import { must, page, place, run } from './server.ts';
import { underLoad } from './under-load.ts';

/* A site's PHP changes while it is asked without a pause, and so is its neighbour. */

const installed = must('sh', ['-c', 'ls /usr/sbin | sed -n s/^php-fpm//p']).trim();
/** The archive has one version: a copy of its programs is another to the agent, and runs as well. */
const OTHER = '8.99';
const MIB = 1024 ** 2;
const PROGRAMS = [`/usr/sbin/php-fpm`, '/usr/bin/php'];

const versions = async () => (await api('GET', '/v1/server')).json['phpVersions'] as string[];
/** The worker looks once a minute, and when it starts. */
const offered = async (version: string, there: boolean) => {
  must('systemctl', ['restart', 'sculptor-worker-privileged']);
  while ((await versions()).includes(version) !== there) await pause(200);
  await ready();
};

beforeAll(async () => {
  await ready();
  for (const program of PROGRAMS) copyFileSync(program + installed, program + OTHER);
  await offered(OTHER, true);
});
afterAll(() => {
  for (const program of PROGRAMS) rmSync(program + OTHER, { force: true });
});

/** Answers with the program that it runs in; and after eight seconds of work. */
const WHO = '<?php echo readlink("/proc/self/exe");';
const WORK = '<?php $end = microtime(true) + 8; while (microtime(true) < $end) usleep(10000); echo "worked";';

async function site(): Promise<Domain> {
  const domain = await createDomain({ name: `${unique('ver')}.example`, phpVersion: installed });
  place(`s-${domain.id}`, `/home/www/${domain.name}/public/index.php`, WHO);
  place(`s-${domain.id}`, `/home/www/${domain.name}/public/work.php`, WORK);
  return domain;
}

const asked = ({ name }: Domain, expected: RegExp) => ({ host: name, path: '/', expected });
const none = { asked: expect.any(Number) as number, failed: [] };

test('a site changes its version and back, and no request to it or its neighbour fails', async () => {
  const [mine, other] = [await site(), await site()];
  const working = async (at: { work: boolean }) => {
    expect(await page(mine.name, '/work.php')).toEqual([200, 'worked']);
    at.work = false;
  };
  const loads = await underLoad(
    [asked(mine, /^200 \/usr\/sbin\/php-fpm8\.\d+$/), asked(other, /^200 \/usr\/sbin\/php-fpm8\.\d+$/)],
    async () => {
      for (const version of [OTHER, installed, OTHER]) {
        const at = { work: true };
        const slow = working(at);
        // It is at work by then, in the old version.
        await pause(500);
        const changed = updateDomain(mine.id, { phpVersion: version });
        while ((await page(mine.name))[1] !== `/usr/sbin/php-fpm${version}`) await pause(50);
        expect(at.work).toBe(true);
        await changed;
        await slow;
      }
    },
  );
  expect(loads).toEqual([none, none]);
  const { out } = run('systemctl', ['list-units', '--plain', '--no-legend', 'sculptor-php*-next@*']);
  expect(out).toBe('');
});

test('a configuration that php-fpm cannot start from leaves the old one at work', async () => {
  const mine = await site();
  expect((await page(mine.name))[0]).toBe(200);
  // It takes the file and does not start.
  must('sh', [
    '-c',
    `printf '#!/bin/sh\\ncase "$*" in *--test*) exit 0 ;; esac\\nexit 78\\n' > /usr/sbin/php-fpm8.98 && chmod 755 /usr/sbin/php-fpm8.98`,
  ]);
  try {
    await offered('8.98', true);
    const loads = await underLoad(
      [asked(mine, new RegExp(`^200 /usr/sbin/php-fpm${installed}$`))],
      async () => {
        const answer = await accepted('PATCH', `/v1/domains/${mine.id}`, { body: { phpVersion: '8.98' } });
        expect(await ended(answer)).toMatchObject({ status: 'failed', error: { code: 'config_refused' } });
      },
    );
    expect(loads).toEqual([none]);
  } finally {
    rmSync('/usr/sbin/php-fpm8.98');
  }
});

test('a version that is taken off the server is offered no more, and who asks for it is told', async () => {
  const mine = await site();
  await updateDomain(mine.id, { phpVersion: OTHER });
  for (const program of PROGRAMS) rmSync(program + OTHER);
  await offered(OTHER, false);
  const refused = await api('PATCH', `/v1/domains/${mine.id}`, { body: { phpVersion: OTHER } });
  expect(refused.status).toBe(422);
  expect(refused.json['errors']).toMatchObject([{ field: 'phpVersion', expected: `one of ${installed}` }]);
  expect(run('sculptorctl', ['doctor']).out).toContain(
    `${mine.name} runs on PHP ${OTHER}, which is not installed`,
  );
  await succeeded(await accepted('PATCH', `/v1/domains/${mine.id}`, { body: { phpVersion: installed } }));
  expect((await page(mine.name))[1]).toBe(`/usr/sbin/php-fpm${installed}`);
});

const INI =
  '<?php echo ini_get("memory_limit"), " ", ini_get("max_execution_time"), " ", @ini_set("memory_limit", "2G") === false ? "kept" : "raised";';
const TAKEN = '<?php echo isset($_FILES["file"]) ? $_FILES["file"]["size"] : "none";';

test('what a site may take of PHP holds, cannot be raised by what runs there, and goes to other numbers under load', async () => {
  const [mine, other] = [await site(), await site()];
  const put = (path: string, text: string) =>
    place(`s-${mine.id}`, `/home/www/${mine.name}/public/${path}`, text);
  put('ini.php', INI);
  put('upload.php', TAKEN);
  const phpLimits = { memoryBytes: 96 * MIB, seconds: 20, uploadBytes: 80 * MIB, processes: 3 };
  const loads = await underLoad([asked(mine, /^200 /), asked(other, /^200 /)], async () => {
    await updateDomain(mine.id, { phpLimits, options: { bodyBytes: 100 * MIB } });
    await updateDomain(mine.id, { phpLimits: { processes: null } });
  });
  expect(loads).toEqual([none, none]);
  expect((await readDomain(mine.id)).phpLimits).toEqual({ ...phpLimits, processes: null });
  expect(await page(mine.name, '/ini.php')).toEqual([200, `${96 * MIB} 20 kept`]);
  expect([uploaded(mine.name, 70), uploaded(mine.name, 82)]).toEqual([`200 ${70 * MIB}`, '200 none']);

  await updateDomain(mine.id, { phpLimits: { memoryBytes: null, seconds: null, uploadBytes: null } });
  expect(uploaded(mine.name, 70)).toBe('200 none');
  expect(run('sculptorctl', ['doctor']).out).not.toContain(mine.name);
});

test('a request that outstays its seconds is ended by PHP, or cut where it does not let itself be', async () => {
  const mine = await site();
  const path = `/home/www/${mine.name}/public`;
  place(`s-${mine.id}`, `${path}/busy.php`, '<?php for (;;) hash("sha256", "x");');
  place(`s-${mine.id}`, `${path}/idle.php`, '<?php for (;;) sleep(1);');
  await updateDomain(mine.id, { phpLimits: { seconds: 1 } });
  expect((await page(mine.name, '/busy.php'))[0]).toBe(500);
  expect((await page(mine.name, '/idle.php'))[0]).toBe(502);
});

/** The answer, with the beginning of what it says, to a form with a file of so many mebibytes. */
function uploaded(host: string, mebibytes: number): string {
  const script = `head -c ${mebibytes * MIB} /dev/zero | curl --silent --max-time 60 --form file=@- \
    --header 'Host: ${host}' --output /tmp/uploaded --write-out '%{http_code} ' http://127.0.0.1/upload.php`;
  const code = must('sh', ['-c', script]);
  return code + (code === '200 ' ? must('cat', ['/tmp/uploaded']) : '');
}
