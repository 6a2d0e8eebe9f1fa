import { setTimeout as pause } from 'node:timers/promises';
import { Tenant } from '../../contract/tenants.ts';
import { ENDED, Operation } from '../../contract/operations.ts';
import { accepted, api, operationId, ready, succeeded, unique } from './agent.ts';
import { ask, newId } from './executor-conversation.ts';
import { must, page, place, run } from './server.ts';

/* What a plan says of memory and of requests at once holds on a real server, for sites that exist. */

beforeAll(ready);

const MIB = 1024 ** 2;
const HOG = '<?php ini_set("memory_limit", "-1"); echo strlen(str_repeat("x", 400 * 1048576));';
const SLOW = '<?php sleep(2); echo getmypid();';

async function siteOf(plan: object): Promise<{ tenant: string; site: string; name: string }> {
  const made = await accepted('POST', '/v1/tenants', { body: { name: unique('lim'), plan } });
  await succeeded(made);
  return siteFor(Tenant.parse(made.json['tenant']).id);
}

async function siteFor(tenant: string): Promise<{ tenant: string; site: string; name: string }> {
  const name = `${unique('lim')}.example`;
  const headers = { 'sculptor-tenant': tenant };
  const asked = await accepted('POST', '/v1/domains', { headers, body: { name } });
  for (let ended = false; !ended;) {
    const found = await api('GET', `/v1/operations/${operationId(asked)}`, { headers });
    const { status, error } = Operation.parse(found.json);
    if ((ended = ENDED.has(status))) expect([status, error]).toEqual(['succeeded', null]);
  }
  const { id: site } = asked.json['domain'] as { id: string };
  place(`s-${site}`, `/home/www/${name}/public/hog.php`, HOG);
  place(`s-${site}`, `/home/www/${name}/public/slow.php`, SLOW);
  return { tenant, site, name };
}

const most = (site: string) =>
  must('systemctl', ['show', '--property=MemoryMax', '--value', `sculptor-${site}.slice`]).trim();

async function plan(tenant: string, limits: object): Promise<void> {
  await succeeded(await accepted('PATCH', `/v1/tenants/${tenant}`, { body: { plan: limits } }));
}

test('a site that takes more memory than its plan is ended in its slice, and its neighbour answers', async () => {
  const small = await siteOf({ phpMemoryBytes: 128 * MIB });
  const large = await siteOf({});
  expect([most(small.site), most(large.site)]).toEqual([String(128 * MIB), String(1024 * MIB)]);
  const [hog, neighbour] = await Promise.all([page(small.name, '/hog.php'), page(large.name, '/hog.php')]);
  expect(hog[0]).toBe(502);
  expect(neighbour).toEqual([200, String(400 * MIB)]);

  await plan(small.tenant, { phpMemoryBytes: 900 * MIB });
  expect(most(small.site)).toBe(String(900 * MIB));
  expect(await page(small.name, '/hog.php')).toEqual([200, String(400 * MIB)]);
  await plan(small.tenant, { phpMemoryBytes: 96 * MIB });
  expect((await page(small.name, '/hog.php'))[0]).toBe(502);
  const kept = `/etc/systemd/system.control/sculptor-${small.site}.slice.d`;
  expect(must('cat', [`${kept}/50-MemoryMax.conf`])).toContain(`MemoryMax=${96 * MIB}`);

  await plan(small.tenant, { phpMemoryBytes: null });
  expect(most(small.site)).toBe(String(1024 * MIB));
});

test('a site works on as many requests at once as its plan says, from a change on', async () => {
  const { tenant, name } = await siteOf({ phpProcesses: 2 });
  const atOnce = async () => {
    // One after the other: php-fpm that sleeps starts one process for what comes in one moment.
    const each = Array.from({ length: 6 }, (_, index) =>
      pause(index * 200).then(() => page(name, '/slow.php')),
    );
    const answers = await Promise.all(each);
    expect(answers.map(([status]) => status)).toEqual(Array.from({ length: 6 }, () => 200));
    return new Set(answers.map(([, text]) => text)).size;
  };
  expect(await atOnce()).toBe(2);
  await plan(tenant, { phpProcesses: 3 });
  expect(await atOnce()).toBe(3);
  expect(run('sculptorctl', ['doctor']).out).not.toContain(name);
});

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const COMMAND = { command: ['/usr/bin/true'], workingDirectory: '', environment: {} };
const QUEUE = {
  ...{ ...COMMAND, processes: 1, stopSignal: 'TERM', stopSeconds: 1, startOnBoot: false },
  ...{ memoryMb: null, cpuPercent: null, running: false },
};

test.each([
  ['keys', 'key.put', { publicKey: KEY }],
  ['crons', 'cron.put', { ...COMMAND, schedule: '@yearly' }],
  ['queues', 'queue.put', QUEUE],
] as const)(
  'ten %s that root is asked for at once, past the API, by both ways and on two sites, end with the three of the plan',
  async (kind, verb, spec) => {
    const first = await siteOf({ [kind]: 3 });
    const sites = [first, await siteFor(first.tenant)];
    const asked = Array.from({ length: 10 }, (_, n) =>
      ask(n % 4 < 2 ? 'sudo' : 'socket', verb, {
        ...{ id: newId(), site: sites[n % 2]?.site, generation: 1, name: `many${n}`, spec },
      }),
    );
    const codes = (await Promise.all(asked)).map(({ code }) => code).sort();
    expect(codes).toEqual([...Array<string>(7).fill('plan_limit'), ...Array<string>(3).fill('succeeded')]);
  },
);
