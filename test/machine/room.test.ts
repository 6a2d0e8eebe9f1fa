import { setTimeout as pause } from 'node:timers/promises';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  accepted,
  api,
  createDomain,
  ended,
  ready,
  succeeded,
  unique,
  updateDomain,
  type Answer,
} from './agent.ts';
import { must, page } from './server.ts';

/* A server that has hardly any room left. The folders of sites are given a small file system for a while. */

beforeAll(ready);

async function withSmall<T>(place: string, options: string, what: () => Promise<T>): Promise<T> {
  must('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', place]);
  try {
    return await what();
  } finally {
    must('umount', [place]);
  }
}

test.each([
  [
    'the disk',
    'size=8m,mode=0711',
    /^Nothing was begun: the file system of \/home\/www has [0-9]+ MiB left\.$/,
  ],
  [
    'inodes',
    'nr_inodes=200,mode=0711',
    /^Nothing was begun: the file system of \/home\/www has room for [0-9]+ files more\.$/,
  ],
])(
  'where there is too little of %s, a site is refused with that, nothing was made, and then it can be',
  async (_what, options, words) => {
    const name = `${unique('room')}.example`;
    const before = must('getent', ['passwd']);
    await withSmall('/home/www', options, async () => {
      const refused = await ended(await accepted('POST', '/v1/domains', { body: { name } }));
      expect(refused).toMatchObject({ status: 'failed', error: { code: 'server_full' } });
      expect(refused.error?.message).toMatch(words);
      expect(refused.attempt).toBe(1);
      expect(existsSync(`/home/www/${name}`)).toBe(false);
    });
    expect(must('getent', ['passwd'])).toBe(before);
    expect(existsSync(`/etc/sculptor/hosts/${name}`)).toBe(false);
    expect((await createDomain({ name })).status).toBe('live');
  },
);

test('where there is no room a database is refused too, and what switches off or takes away goes on', async () => {
  const site = await createDomain({ name: `${unique('full')}.example`, type: 'static' });
  await withSmall('/var/lib/sculptor-redis', 'size=1m', async () => {
    const refused = await ended(await accepted('POST', '/v1/databases', { body: { name: unique('full') } }));
    expect(refused).toMatchObject({ status: 'failed', error: { code: 'server_full' } });
    await updateDomain(site.id, { enabled: false });
    expect((await page(site.name))[0]).toBe(503);
    await succeeded(await accepted('DELETE', `/v1/domains/${site.id}`));
  });
});

test('where as many operations wait as may, the next is refused for now with 429, and later it is taken', async () => {
  const config = readFileSync('/etc/sculptor/agent.json', 'utf8');
  const setting = { ...(JSON.parse(config) as object), waitingOperations: 3 };
  writeFileSync('/etc/sculptor/agent.json', JSON.stringify(setting));
  must('systemctl', ['stop', 'sculptor-worker-privileged']);
  try {
    must('systemctl', ['restart', 'sculptor-api']);
    const ask = () =>
      api('POST', '/v1/domains', { body: { name: `${unique('deep')}.example`, type: 'static' } });
    const answers = [await asked(ask), await ask(), await ask()];
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    const refused = await ask();
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '30' } });
    expect(refused.json['type']).toContain('queue-full');
    must('systemctl', ['start', 'sculptor-worker-privileged']);
    for (const answer of answers) await succeeded(answer);
    await succeeded(await ask());
  } finally {
    writeFileSync('/etc/sculptor/agent.json', config);
    must('systemctl', ['start', 'sculptor-worker-privileged']);
    must('systemctl', ['restart', 'sculptor-api']);
    await ready();
  }
});

/** The API may still be about to listen. */
async function asked(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    await pause(50);
  }
}
