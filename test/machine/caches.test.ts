import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { accepted, ended, ready, succeeded, updateDomain } from './agent.ts';
import { closeAll, connect, type CacheLogin } from './cache-client.ts';
import { changeCache, createCachedSite, noCaches, readCache, type CachedSite } from './caches-of.ts';
import { must, page, place, run, sculptorctl } from './server.ts';

/* The sites' caches as a site finds them: through its own PHP, and over the socket as whoever has its password. */

const UNITS = ['sculptor-cache.service', 'sculptor-cache-keeper.service'];
const running = () => UNITS.map((unit) => run('systemctl', ['is-active', unit]).out.trim());
const SOCKET = '/run/sculptor-cache/redis.sock';

beforeAll(async () => {
  await ready();
  await noCaches();
});

afterAll(closeAll);

async function until(what: string, done: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error(`it did not come about: ${what}`);
    await pause(200);
  }
}

const letsIn = async (login: CacheLogin) =>
  connect(login).then(
    (client) => {
      client.close();
      return true;
    },
    () => false,
  );

/** A page of the site whose PHP speaks with the cache by the extension, and says what came of it. */
async function php({ name, user, login }: CachedSite, code: string): Promise<string> {
  const source = `<?php
    try {
      $redis = new Redis();
      $redis->connect('${SOCKET}');
      $redis->auth(['${login.username}', '${login.password}']);
      $redis->setOption(Redis::OPT_PREFIX, '${login.prefix}');
      ${code}
    } catch (RedisException $e) { echo get_class($e), ': ', $e->getMessage(); }`;
  place(user, `/home/www/${name}/public/cache.php`, source);
  const [status, text] = await page(name, '/cache.php');
  expect(status).toBe(200);
  return text;
}

test('a server where no site has a cache runs nothing for it; the first starts it, the last takes it along', async () => {
  expect(running()).toEqual(['inactive', 'inactive']);
  const site = await createCachedSite();
  await until('both run', () => running().join() === 'active,active');
  await changeCache('DELETE', `${site.name}/cache`);
  expect(running()).toEqual(['inactive', 'inactive']);
  expect(existsSync(SOCKET)).toBe(false);
});

describe('a site with a cache', () => {
  let site: CachedSite;
  let neighbour: CachedSite;
  beforeAll(async () => {
    site = await createCachedSite();
    neighbour = await createCachedSite();
  });

  test('its PHP writes and reads by the extension of the distribution, from inside its sandbox', async () => {
    expect(await php(site, `$redis->set('greeting', 'hello', 60); echo $redis->get('greeting');`)).toBe(
      'hello',
    );
    expect(
      await php(
        site,
        `echo $redis->hSet('h', 'f', 'v'), $redis->hGet('h', 'f'), $redis->rPush('l', 'a', 'b');`,
      ),
    ).toBe('1v2');
  });

  test("PHP's own sessions can lie in it", async () => {
    const source = `<?php
      ini_set('session.save_handler', 'redis');
      ini_set('session.save_path', 'unix://${SOCKET}?auth[user]=${site.login.username}&auth[pass]=${site.login.password}&prefix=${site.login.prefix}');
      session_id('abc'); session_start();
      echo $_SESSION['count'] = ($_SESSION['count'] ?? 0) + 1;`;
    place(site.user, `/home/www/${site.name}/public/session.php`, source);
    expect(await page(site.name, '/session.php')).toEqual([200, '1']);
    expect(await page(site.name, '/session.php')).toEqual([200, '2']);
  });

  test("a neighbour's PHP reads none of its keys, and lists none", async () => {
    await php(site, `$redis->set('secret', 'of-the-neighbour');`);
    const said = await php(
      neighbour,
      `$redis->setOption(Redis::OPT_PREFIX, '');
       foreach ([fn() => $redis->get('${site.login.prefix}secret'), fn() => $redis->keys('*'), fn() => $redis->dbSize(),
         fn() => $redis->flushAll(), fn() => $redis->rawCommand('SCAN', '0')] as $try)
         try { echo json_encode($try()), $redis->getLastError(), "\\n"; $redis->clearLastError(); }
         catch (RedisException $e) { echo $e->getMessage(), "\\n"; }`,
    );
    expect(said.trim().split('\n')).toHaveLength(5);
    for (const line of said.trim().split('\n')) expect(line).toContain('NOPERM');
    expect(said).not.toContain('of-the-neighbour');
  });

  test('what it holds is measured, and shown by the API and the command with the time of that', async () => {
    await php(site, `$redis->set('large', str_repeat('x', 500000));`);
    await until('it is measured', async () => ((await readCache(site.name)).usage?.bytes ?? 0) > 500_000);
    const shown = sculptorctl('cache', 'show', site.name).out;
    expect(shown).toMatch(/^holds +\d{6} bytes in \d+ keys$/m);
    expect(shown).toMatch(/^writes +taken$/m);
    expect(shown).toMatch(/^measured +20/m);
  });

  test('another password ends the connections of the former, and no others', async () => {
    const [own, other] = [await connect(site.login), await connect(neighbour.login)];
    const answer = await changeCache('POST', `${site.name}/cache/rotate-password`);
    const rotated = { ...site.login, password: String(answer.json['password']) };
    expect(await own.call('PING')).toMatch(/^gone/);
    expect(await other.call('PING')).toBe('PONG');
    expect([await letsIn(site.login), await letsIn(rotated)]).toEqual([false, true]);
    site = { ...site, login: rotated };
    expect(await php(site, `echo $redis->get('greeting');`)).toBe('hello');
  });

  test('a restart of its Redis, or of the server, empties it and keeps who may log in', async () => {
    must('systemctl', ['restart', 'sculptor-cache.service']);
    await until('it lets in', () => letsIn(site.login));
    await until('it is measured again', () => running().join() === 'active,active');
    expect(await php(site, `echo json_encode($redis->get('greeting'));`)).toBe('false');
    expect(run('systemctl', ['is-enabled', 'sculptor-cache.service']).out.trim()).toMatch(/^enabled/);
  });

  test('it is closed while the site is switched off, and in the trash; what it held is there when that is over', async () => {
    await php(site, `$redis->set('kept', 'yes');`);
    const open = await connect(site.login);
    await updateDomain(site.name, { enabled: false });
    expect([await letsIn(site.login), await open.call('PING')]).toEqual([
      false,
      expect.stringMatching(/^gone/),
    ]);
    await updateDomain(site.name, { enabled: true });
    expect(await php(site, `echo $redis->get('kept');`)).toBe('yes');
    const { domain } = await readCache(site.name);
    await succeeded(await accepted('DELETE', `/v1/domains/${site.name}`));
    expect([await letsIn(site.login), await letsIn(neighbour.login)]).toEqual([false, true]);
    await succeeded(await accepted('POST', `/v1/domains/${domain}/restore`));
    expect(await php(site, `echo $redis->get('kept');`)).toBe('yes');
  });

  test('purged with its site, nothing of it is left', async () => {
    const gone = await createCachedSite();
    const { domain } = await readCache(gone.name);
    await php(gone, `$redis->set('kept', 'yes');`);
    await succeeded(await accepted('DELETE', `/v1/domains/${gone.name}`));
    must('sculptorctl', ['purge', 'domain', domain, '--yes']);
    for (const file of ['accounts.acl', 'shares.json'])
      expect(must('cat', [`/etc/sculptor/cache/${file}`])).not.toContain(domain);
    expect(await letsIn(gone.login)).toBe(false);
  });

  test('more than root gives is refused with the limit, and what stood stands', async () => {
    const answer = await accepted('PATCH', `/v1/domains/${site.name}/cache`, {
      body: { memoryBytes: 1_073_741_824 },
    });
    expect((await ended(answer)).error).toMatchObject({
      code: 'invalid_request',
      message: 'The caches of this server may be given 256 MiB in all, and less than this is left.',
    });
    expect(await letsIn(site.login)).toBe(true);
    expect(must('cat', ['/etc/sculptor/cache/shares.json'])).not.toContain('1073741824');
  });

  test('a site whose cache is full loses keys of its own, least used first, and its neighbour none', async () => {
    await changeCache('PATCH', `${site.name}/cache`, { memoryBytes: 4_194_304 });
    const [own, other] = [await connect(site.login), await connect(neighbour.login)];
    for (let at = 0; at < 20; at += 1)
      await other.call('SET', `${neighbour.login.prefix}k${at}`, 'x'.repeat(1000));
    let refused = 0;
    for (let at = 0; at < 200; at += 1) {
      const said = await own.call('SET', `${site.login.prefix}full${at}`, 'x'.repeat(50_000));
      if (said !== 'OK') refused += 1;
      await own.call('GET', `${site.login.prefix}full0`);
      await pause(25);
    }
    expect(refused).toBe(0);
    await until('some were dropped', async () => ((await readCache(site.name)).usage?.dropped ?? 0) > 0);
    const left = await Promise.all(
      Array.from({ length: 20 }, (_, at) => other.call('GET', `${neighbour.login.prefix}k${at}`)),
    );
    expect(left).toEqual(Array.from({ length: 20 }, () => 'x'.repeat(1000)));
    expect((await readCache(site.name)).usage?.bytes).toBeLessThan(8_388_608);
    expect((await readCache(neighbour.name)).usage?.dropped).toBe(0);
  });

  test('doctor is content with it, and the agent’s own Redis knows nobody of it', async () => {
    expect(sculptorctl('doctor').out).toMatch(/^ok +caches$/m);
    await expect(connect(site.login, '/run/sculptor-redis/redis.sock')).rejects.toThrow(/WRONGPASS/);
    const reached = run('runuser', [
      '-u',
      site.user,
      '--',
      'redis-cli',
      '-s',
      '/run/sculptor-redis/redis.sock',
      'PING',
    ]);
    expect(reached.out + reached.err).toContain('Permission denied');
  });
});
