import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { kill } from 'node:process';
import { MAX_REQUEST_BYTES } from '../../contract/executor.ts';
import {
  ask,
  auditLength,
  auditSince,
  changed,
  converse,
  EXECUTOR,
  expected,
  newId,
  openChannel,
  probe,
  requestLine,
  serverState,
  site,
  SOCKET,
  type Way,
} from './executor-conversation.ts';
import { as, must, place, run } from './server.ts';

const ways: Way[] = existsSync(SOCKET) ? ['sudo', 'socket'] : ['sudo'];
const [way = 'sudo'] = [...ways].reverse();
const LIMITS = '/etc/sculptor/limits.json';
const made: string[] = [];

function aSite(change: Readonly<Record<string, unknown>> = {}) {
  const one = site(change);
  made.push(one.id);
  return one;
}

const put = (args: unknown) => ask(way, 'site.put', args);
const remove = (id: string) => ask(way, 'site.remove', { id });

afterAll(async () => {
  for (const id of made) await remove(id);
});

describe.each(ways)('through %s', (by) => {
  test('a site is made, left alone, changed and taken away, and its probes see each of it', async () => {
    const one = aSite();
    const first = await ask(by, 'site.put', one);
    expect(first.code).toBe('succeeded');
    expect(first.probes.map(probe)).toEqual(first.probes.map(expected));
    expect(first.probes.map(({ path }) => path)).toEqual(['/.sculptor/site', '/.sculptor/ping']);

    const again = await ask(by, 'site.put', one);
    expect([again.code, changed(again)]).toEqual(['succeeded', []]);

    const alias = `www.${one.name}`;
    const more = await ask(by, 'site.put', { ...one, generation: 2, aliases: [alias] });
    expect(changed(more)).toEqual(['register the site', 'hold the names', 'point the names at the site']);
    expect(probe({ host: alias, path: '/.sculptor/site' })).toBe(`${one.id} 200`);
    const less = await ask(by, 'site.put', { ...one, generation: 3 });
    expect(changed(less)).toEqual(['register the site', 'free former names']);
    expect(probe({ host: alias, path: '/.sculptor/site' })).toBe('closed');

    const off = await ask(by, 'site.put', { ...one, generation: 4, enabled: false });
    expect(off.probes.at(-1)).toMatchObject({ path: '/', expect: { status: 503 } });
    expect(probe({ host: one.name, path: '/' })).toMatch(/ 503$/);
    const on = await ask(by, 'site.put', { ...one, generation: 5 });
    expect(on.probes.map(probe)).toEqual(on.probes.map(expected));

    const gone = await ask(by, 'site.remove', { id: one.id });
    expect(gone.probes.map(probe)).toEqual(['closed']);
    expect(existsSync(`/home/www/${one.name}`)).toBe(false);
    expect(readdirSync('/home/www/.trash').filter((folder) => folder.startsWith(one.id))).toHaveLength(1);
    expect(must('getent', ['shadow', `s-${one.id}`])).toMatch(/^s-[^:]+:!.*:1:\n$/);
    const twice = await ask(by, 'site.remove', { id: one.id });
    expect([twice.code, changed(twice)]).toEqual(['succeeded', []]);
    expect((await ask(by, 'site.put', { ...one, generation: 6 })).code).toBe('not_found');
  });

  test('a site that was removed comes back as it was, and is gone for good when its time in the trash is over', async () => {
    const one = aSite();
    const user = `s-${one.id}`;
    const uid = () => run('id', ['-u', user]).out.trim();
    const trashed = () => readdirSync('/home/www/.trash').filter((folder) => folder.startsWith(one.id));
    const purge = () => ask(by, 'site.purge', { id: one.id }).then(({ code }) => code);
    await ask(by, 'site.put', one);
    const before = uid();
    place(user, `/home/www/${one.name}/private/kept`, 'kept');
    expect(await purge()).toBe('invalid_request');

    await ask(by, 'site.remove', { id: one.id });
    expect([await purge(), trashed()]).toEqual(['not_due', [expect.any(String)]]);
    const back = await ask(by, 'site.restore', { ...one, generation: 2 });
    expect([back.code, uid(), trashed()]).toEqual(['succeeded', before, []]);
    expect(back.probes.map(probe)).toEqual(back.probes.map(expected));
    expect(as(user, 'cat', `/home/www/${one.name}/private/kept`).out).toBe('kept');

    await ask(by, 'site.remove', { id: one.id });
    const limits = readFileSync(LIMITS, 'utf8');
    writeFileSync(LIMITS, JSON.stringify({ ...(JSON.parse(limits) as object), graceHours: 0 }));
    expect([await purge(), await purge()]).toEqual(['succeeded', 'succeeded']);
    writeFileSync(LIMITS, limits);
    expect([uid(), trashed()]).toEqual(['', []]);
    const again = await ask(by, 'site.restore', { ...one, generation: 3 });
    expect([again.code, (await ask(by, 'site.put', { ...one, generation: 4 })).code]).toEqual([
      'not_found',
      'not_found',
    ]);
  });

  test('what it knows of the server is what is there', async () => {
    const { result } = await ask(by, 'server.facts', {});
    const versions = readdirSync('/usr/sbin').flatMap((file) => /^php-fpm(\d+\.\d+)$/.exec(file)?.[1] ?? []);
    expect(result).toEqual({
      phpVersions: versions.sort(),
      hostname: must('hostname', []).trim(),
      timeZone: must('cat', ['/etc/timezone']).trim(),
    });
  });

  test('bad requests are each refused and noted, change nothing, and the next is served', async () => {
    const bad = [
      'nonsense',
      '{"request":"r1"',
      '[]',
      requestLine('shell.run', {}).trim(),
      requestLine('constructor', {}).trim(),
      requestLine('server.facts', { path: '/etc' }).trim(),
      requestLine('site.remove', { id: '../../etc' }).trim(),
      requestLine('site.put', { ...site(), user: 'root' }).trim(),
      requestLine('site.put', { ...site(), name: 'a.example\nuser=root' }).trim(),
      requestLine('site.put', { ...site(), name: 'test..com' }).trim(),
      requestLine('site.put', { ...site(), name: 'a.example\u2028' }).trim(),
      requestLine('site.put', { ...site(), aliases: ['a.example\0'] }).trim(),
      requestLine('site.put', { ...site(), publicDirectory: 'public/../../../etc' }).trim(),
      requestLine('site.put', { ...site(), phpVersion: '8.2\nuser=root' }).trim(),
      requestLine('site.put', site()).trim().replace('"args":{', '"args":{"__proto__":{"isolation":"pool"},'),
    ];
    const before = serverState();
    const noted = auditLength();
    const answers = await converse(by, `${bad.join('\n')}\n${requestLine('server.facts', {})}`);
    const codes = answers.map((answer) => ('error' in answer ? answer.error.code : 'served'));
    expect(codes.sort()).toEqual([...bad.map(() => 'invalid_request'), 'served']);
    expect(serverState()).toBe(before);
    const events = auditSince(noted).map(({ event }) => event);
    expect(events.filter((event) => event === 'refused')).toHaveLength(bad.length);
  });

  test.each([
    ['too long', Buffer.alloc(MAX_REQUEST_BYTES + 2, 'x')],
    ['too long by a hundred megabytes', Buffer.alloc(100_000_000, '[')],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22, 0x0a])],
    ['broken off', Buffer.from('{"request":"r1","verb":"server.fa')],
  ])('a line that is %s ends the conversation, and the next caller is served', async (_, bytes) => {
    const noted = auditLength();
    const answers = await converse(by, bytes).catch(() => []);
    expect(answers.every((answer) => 'error' in answer && answer.error.code === 'invalid_request')).toBe(
      true,
    );
    expect(auditSince(noted).filter(({ event }) => event === 'refused')).toHaveLength(1);
    expect((await ask(by, 'server.facts', {})).code).toBe('succeeded');
  });
});

describe('who may ask', () => {
  test('sculptor’s one command takes no argument, from sudo or from anybody', () => {
    for (const argument of ['--help', '/etc/passwd', '-e', '']) {
      expect(as('sculptor', 'sudo', '-n', EXECUTOR, argument).code).not.toBe(0);
      expect(run(EXECUTOR, [argument]).code).toBe(2);
    }
  });

  test('nothing in the environment of the caller gets a say', () => {
    mkdirSync('/tmp/evil', { recursive: true });
    writeFileSync('/tmp/evil/evil.js', 'require("fs").writeFileSync("/tmp/evil/was-here", "")');
    for (const program of ['node', 'env', 'php-fpm', 'systemctl']) {
      writeFileSync(`/tmp/evil/${program}`, '#!/bin/sh\ntouch /tmp/evil/was-here\n', { mode: 0o755 });
    }
    must('chmod', ['-R', 'a+rwX', '/tmp/evil']);
    const evil = [
      'PATH=/tmp/evil:/usr/bin:/bin',
      'NODE_OPTIONS=--require /tmp/evil/evil.js',
      'NODE_PATH=/tmp/evil',
      'LD_PRELOAD=/tmp/evil/evil.so',
      'LD_LIBRARY_PATH=/tmp/evil',
      'BASH_ENV=/tmp/evil/node',
      'ENV=/tmp/evil/node',
      'LISTEN_FDS=1',
      'HOME=/tmp/evil',
    ];
    const line = requestLine('server.facts', {});
    const asSculptor = run(
      'runuser',
      ['-u', 'sculptor', '--', 'env', ...evil, '/usr/bin/sudo', '-n', EXECUTOR],
      line,
    );
    const asRoot = run(
      'env',
      ['-C', '/tmp/evil', ...evil.filter((set) => !set.startsWith('LD_')), EXECUTOR],
      line,
    );
    for (const { code, out } of [asSculptor, asRoot]) {
      expect([code, out.includes('phpVersions')]).toEqual([0, true]);
    }
    expect(existsSync('/tmp/evil/was-here')).toBe(false);
    rmSync('/tmp/evil', { recursive: true });
  });

  test('no limit that sculptor sets for itself breaks a change half-way, or keeps it out of the audit log', () => {
    const one = aSite({ type: 'static' });
    const limits = ['--fsize=100', '--nofile=200', '--core=0'];
    const line = requestLine('site.put', one);
    const before = serverState();
    const noted = auditLength();
    const { code } = run(
      'runuser',
      ['-u', 'sculptor', '--', 'prlimit', ...limits, 'sudo', '-n', EXECUTOR],
      line,
    );
    // 3: where not even root may raise a limit (a container without CAP_SYS_RESOURCE), it does not begin.
    expect([0, 3]).toContain(code);
    if (code === 3) expect(serverState()).toBe(before);
    else
      expect(auditSince(noted)).toMatchObject([{ event: 'begun' }, { event: 'ended', outcome: 'succeeded' }]);
  });

  test.each(['www-data', 'www', 'nginx', 'nobody'])('%s is let in neither way', (user) => {
    expect(as(user, 'sudo', '-n', EXECUTOR).code).not.toBe(0);
    if (!existsSync(SOCKET)) return;
    const script = `require('net').connect('${SOCKET}').on('error', (e) => console.log(e.code)).on('connect', () => { console.log('in'); process.exit(); })`;
    expect(as(user, '/usr/lib/sculptor/node/bin/node', '-e', script).out.trim()).toBe('EACCES');
  });
});

describe('what was there before us', () => {
  test('a folder with the name of a site is not ours, and stays as it is', async () => {
    const one = site();
    mkdirSync(`/home/www/${one.name}`);
    writeFileSync(`/home/www/${one.name}/kept`, 'kept');
    const before = serverState();
    expect((await put(one)).code).toBe('not_ours');
    expect(serverState()).toBe(before);
    rmSync(`/home/www/${one.name}`, { recursive: true });
  });

  test('a user with the name of a site’s is not ours, and stays as it is', async () => {
    const one = site();
    must('useradd', ['--system', '--no-create-home', `s-${one.id}`]);
    const before = serverState();
    expect((await put(one)).code).toBe('not_ours');
    expect(serverState()).toBe(before);
    must('userdel', [`s-${one.id}`]);
  });

  test('a name belongs to one site, whether as its name or as an alias', async () => {
    const one = aSite({ aliases: [`www.${newId()}.example`] });
    await put(one);
    const before = serverState();
    const [alias = ''] = one.aliases;
    const takers = [
      site({ name: one.name }),
      site({ name: alias }),
      site({ aliases: [one.name] }),
      site({ aliases: [alias] }),
    ];
    for (const taker of takers) expect((await put(taker)).code).toBe('name_taken');
    expect(serverState()).toBe(before);
  });

  test('the server’s own name is nobody’s', async () => {
    const { serverName } = JSON.parse(readFileSync('/etc/sculptor/agent.json', 'utf8')) as {
      serverName: string;
    };
    const asked = await put(site({ aliases: [serverName] }));
    expect(['name_taken', 'invalid_request']).toContain(asked.code);
  });

  test('of many who ask for one name at once, one gets it, and nothing is left of the others', async () => {
    const name = `${newId()}.example`;
    const asking = Array.from({ length: 6 }, () => aSite({ name, type: 'static' }));
    const answers = await Promise.all(
      asking.map((one, index) => ask(ways[index % ways.length]!, 'site.put', one)),
    );
    const codes = answers.map(({ code }) => code).sort();
    expect(codes.filter((code) => code === 'succeeded')).toHaveLength(1);
    expect(codes.filter((code) => !['succeeded', 'name_taken', 'not_ours'].includes(code))).toEqual([]);
    const winner = asking[answers.findIndex(({ code }) => code === 'succeeded')]!;
    expect(probe({ host: name, path: '/.sculptor/site' })).toBe(`${winner.id} 200`);
    for (const one of asking.filter(({ id }) => id !== winner.id)) {
      expect(run('getent', ['passwd', `s-${one.id}`]).code).not.toBe(0);
      expect(existsSync(`/etc/sculptor/sites/${one.id}`)).toBe(false);
    }
  });
});

(existsSync(SOCKET) ? describe : describe.skip)('under systemd', () => {
  test('a site is there after a restart of the server without systemd having been told', async () => {
    const one = aSite();
    await put(one);
    const wanted = () =>
      must('systemctl', ['show', '--property=Wants', '--value', 'sockets.target']).trim().split(' ');
    must('systemctl', ['daemon-reload']);
    expect(wanted()).toContain(`sculptor-php@${one.id}.socket`);
    await remove(one.id);
    must('systemctl', ['daemon-reload']);
    expect(wanted()).not.toContain(`sculptor-php@${one.id}.socket`);
  });

  test('a master that is started anew ends the requests that it has begun', async () => {
    const one = aSite();
    await put(one);
    const home = `/home/www/${one.name}`;
    place(
      `s-${one.id}`,
      `${home}/public/slow.php`,
      '<?php touch("../private/begun"); sleep(2); echo "ended";',
    );
    const visitor = spawn('curl', [
      '--silent',
      '--unix-socket',
      '/run/sculptor-probe/http.sock',
      `http://${one.name}/slow.php`,
    ]);
    let body = '';
    visitor.stdout.on('data', (chunk) => (body += String(chunk)));
    while (!existsSync(`${home}/private/begun`)) await new Promise((done) => setTimeout(done, 20));
    must('systemctl', ['try-restart', `sculptor-php@${one.id}.service`]);
    if (visitor.exitCode === null) await new Promise((done) => visitor.once('close', done));
    expect(body).toBe('ended');
  });
});

describe('what a tenant does', () => {
  test('a link in a served folder leads root nowhere', async () => {
    const one = aSite({ type: 'static' });
    await put(one);
    const user = `s-${one.id}`;
    const before = readdirSync('/etc');
    must('runuser', ['-u', user, '--', 'ln', '-s', '/etc', `/home/www/${one.name}/public/web`]);
    const asked = await put({ ...one, generation: 2, publicDirectory: 'public/web/made-here' });
    expect(asked.code).toBe('not_ready');
    expect(readdirSync('/etc')).toEqual(before);
    expect(probe({ host: one.name, path: '/.sculptor/site' })).toBe(`${one.id} 200`);
  });

  test('a served folder of its own is served, and the folder above it is not', async () => {
    const one = aSite({ type: 'static', publicDirectory: 'public/web' });
    expect((await put(one)).code).toBe('succeeded');
    place(`s-${one.id}`, `/home/www/${one.name}/public/source.txt`, 'source');
    place(`s-${one.id}`, `/home/www/${one.name}/public/web/index.html`, 'served');
    expect(probe({ host: one.name, path: '/' })).toBe('served 200');
    expect(probe({ host: one.name, path: '/source.txt' })).toMatch(/ 404$/);
    expect(probe({ host: one.name, path: '/../source.txt' })).toMatch(/ 40[04]$/);
    expect(statSync(`/home/www/${one.name}/public/web`).uid).not.toBe(0);
  });

  test('no process of a removed site is left, however many it makes', async () => {
    const one = aSite();
    await put(one);
    const bomb = spawn(
      'runuser',
      ['-u', `s-${one.id}`, '--', 'sh', '-c', 'while :; do sh -c "sleep 60 & sleep 60 &" ; sleep 0.01; done'],
      {
        stdio: 'ignore',
        detached: true,
      },
    );
    while (Number(run('pgrep', ['--count', '--uid', `s-${one.id}`]).out) < 10)
      await new Promise((done) => setTimeout(done, 20));
    expect((await remove(one.id)).code).toBe('succeeded');
    // 1: none was found.
    expect(run('pgrep', ['--uid', `s-${one.id}`, '--runstates', 'D,R,S,T,t']).code).toBe(1);
    bomb.kill();
  });
});

describe('when something fails', () => {
  test('a new site that its php-fpm refuses leaves nothing behind', async () => {
    writeFileSync('/usr/sbin/php-fpm5.9', '#!/bin/sh\necho "ERROR: secret words" >&2\nexit 78\n', {
      mode: 0o755,
    });
    const before = serverState();
    const asked = await put(site({ phpVersion: '5.9' }));
    rmSync('/usr/sbin/php-fpm5.9');
    expect(asked.code).toBe('config_refused');
    expect(asked.steps.filter(({ status }) => status === 'undone').length).toBeGreaterThan(4);
    expect(serverState()).toBe(before);
  });

  test('a site goes on with its PHP when another version refuses it', async () => {
    const one = aSite();
    await put(one);
    writeFileSync('/usr/sbin/php-fpm5.9', '#!/bin/sh\n[ "$1" = --test ] || exit 1\n', { mode: 0o755 });
    const before = readFileSync(`/etc/sculptor/sites/${one.id}/fpm.conf`, 'utf8');
    probe({ host: one.name, path: '/.sculptor/ping' });
    const asked = await put({ ...one, generation: 2, phpVersion: '5.9' });
    rmSync('/usr/sbin/php-fpm5.9');
    expect(asked.code).toBe('config_refused');
    expect(readFileSync(`/etc/sculptor/sites/${one.id}/fpm.conf`, 'utf8')).toBe(before);
    expect(probe({ host: one.name, path: '/.sculptor/ping' })).toMatch(/ 200$/);
  });

  test('a foreign file that stops nginx is told, and the site stays as it was', async () => {
    const one = aSite({ type: 'static' });
    await put(one);
    writeFileSync(
      '/etc/nginx/sculptor/sites/foreign.conf',
      'server { listen 80; server_name test..com; nonsense; }\n',
    );
    const before = serverState();
    const asked = await put({ ...one, generation: 2, publicDirectory: 'public/web' });
    const after = serverState();
    rmSync('/etc/nginx/sculptor/sites/foreign.conf');
    expect(asked.code).toBe('server_broken');
    expect(after).toBe(before);
    expect((await put({ ...one, generation: 2, publicDirectory: 'public/web' })).code).toBe('succeeded');
  });

  test('an executor that is killed after any step leaves what the next one brings to its end', async () => {
    const one = aSite();
    const steps = (await put(aSite())).steps.length;
    for (let after = 1; after < steps; after += 2) {
      expect(await killedAfter(after, { ...one, generation: after })).not.toContain('"probes"');
      expect((await put({ ...one, generation: after })).code).toBe('succeeded');
      expect(probe({ host: one.name, path: '/.sculptor/site' })).toBe(`${one.id} 200`);
      expect((await remove(one.id)).code).toBe('succeeded');
      Object.assign(one, aSite());
    }
  });

  /** Those that sudo started; the one behind the socket is left alone. */
  function executors(): readonly string[] {
    const all = run('pgrep', ['--full', '--', 'app/worker-privileged/executor/main.js$']).out.split('\n');
    const behindSocket = run('systemctl', ['show', '--property=MainPID', '--value', 'sculptor-executor']).out;
    return all.filter((pid) => pid !== '' && pid !== behindSocket.trim());
  }

  /** Starts an executor of its own, and kills it when it has told of so many steps. Gives what it said. */
  async function killedAfter(steps: number, args: unknown): Promise<string> {
    const channel = openChannel('sudo');
    channel.input.on('error', () => undefined);
    channel.input.write(requestLine('server.facts', {}));
    let pids: readonly string[] = [];
    let told = '';
    for await (const chunk of channel.output.setEncoding('utf8') as AsyncIterable<string>) {
      told += chunk;
      if (pids.length === 0) {
        pids = executors();
        channel.input.write(requestLine('site.put', args));
      }
      if (told.split('\n').length - 2 < steps) continue;
      for (const pid of pids) kill(Number(pid), 'SIGKILL');
    }
    return told;
  }
});
