import { readFileSync } from 'node:fs';
import type { Differences } from '../../contract/drift.ts';
import { accepted, createDomain, ready, succeeded, unique } from './agent.ts';
import { plan, serverState, site } from './executor-conversation.ts';
import { must } from './server.ts';

/* What the real executor would do, of a site that is to be made, changed and taken away; and does not. */

beforeAll(ready);

const files = (differences: Differences) =>
  new Map(differences.flatMap((one) => one.files.map((file) => [file.path, file] as const)));

/** The same, and the counters that a change would count in. */
const state = () =>
  [
    serverState(),
    must('bash', [
      '-c',
      'cat /var/lib/sculptor-root/{next-uid,{destroyed,let-in,repaired}.json} 2>/dev/null || true',
    ]),
    must('bash', ['-c', 'ls /var/lib/sculptor-root/registry /etc/cron.d /etc/sculptor/programs']),
  ].join('\n');

test('a site that is not there yet is shown file by file, and none of it is made', async () => {
  const before = state();
  const wanted = site({ options: { bodyBytes: 1_048_576 } });
  const found = await plan('socket', 'site.put', wanted);
  expect(state()).toBe(before);
  const all = files(found);
  expect(all.get(`/etc/sculptor/sites/${wanted.id}/fpm.conf`)?.diff).toContain(`+[${wanted.id}]`);
  expect(all.get(`/etc/nginx/sculptor/sites/${wanted.id}.conf`)?.diff).toContain('+++ ');
  expect(found.map(({ step }) => step)).toEqual(
    expect.arrayContaining(['make the account', 'make the folder', 'turn PHP on']),
  );
});

test('of a site that stands, a change is a diff of what it changes, and a removal names what would go', async () => {
  const { id, name } = await createDomain({ name: `${unique('plan')}.example` });
  const cron = {
    name: 'nightly',
    schedule: '@daily',
    command: ['true'],
    environment: { SECRET: 'of-the-site' },
  };
  await succeeded(await accepted('POST', `/v1/domains/${name}/crons`, { body: cron }));
  const before = state();
  const phpLimits = { memoryBytes: 268_435_456, processes: null, seconds: null, uploadBytes: null };
  const change = await plan('socket', 'site.put', site({ id, name, generation: 2, phpLimits }));
  const removal = await plan('socket', 'site.remove', { id });
  expect(state()).toBe(before);
  expect([...files(change).keys()]).toEqual([`/etc/sculptor/sites/${id}/fpm.conf`]);
  expect(files(change).get(`/etc/sculptor/sites/${id}/fpm.conf`)?.diff).toMatch(
    /^\+php_admin_value\[memory_limit\] = 268435456$/m,
  );
  expect(removal.map(({ step }) => step)).toEqual(
    expect.arrayContaining(['let it answer no more', 'take it from cron', 'move the files to the trash']),
  );
  expect(JSON.stringify(removal)).not.toContain('of-the-site');
  expect(readFileSync('/etc/passwd', 'utf8')).toContain(`s-${id}:`);
});
