import { existsSync, readFileSync } from 'node:fs';
import type { Domain } from '../../contract/domains.ts';
import { DEFAULT_OPTIONS, type ChangedOptions } from '../../contract/site-options.ts';
import { createDomain, ready, unique, updateDomain } from './agent.ts';
import { page, place, run, sculptorctl, visit } from './server.ts';

beforeAll(ready);

async function made(options: object, body: object = {}): Promise<Domain> {
  return createDomain({ name: `${unique('options')}.example`, options, ...body });
}

function put(domain: Domain, path: string, content: string): void {
  place(`s-${domain.id}`, `/home/www/${domain.name}/public/${path}`, content);
}

async function status(host: string, path = '/', form?: Record<string, string>): Promise<number> {
  const answer = await visit(host, path, form ? { form } : {});
  return answer === 'closed' ? 0 : answer.status;
}

function ownBlock({ id }: Domain): string | null {
  const path = `/etc/nginx/sculptor/sites/${id}.conf`;
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

test('a file of the index is served before the usual ones, and these where it is not there', async () => {
  const domain = await made({ index: ['start.php', 'home.html'] });
  put(domain, 'index.html', 'usual');
  expect(await page(domain.name)).toEqual([200, 'usual']);
  put(domain, 'home.html', 'home');
  expect(await page(domain.name)).toEqual([200, 'home']);
  put(domain, 'start.php', '<?php echo 1 + 1;');
  expect(await page(domain.name)).toEqual([200, '2']);
});

test('a body as large as the option says is taken, a larger one is refused', async () => {
  const domain = await made({ bodyBytes: 2048 });
  put(domain, 'index.php', '<?php echo strlen($_POST["x"]);');
  const usual = await made({});
  put(usual, 'index.php', '<?php echo strlen($_POST["x"]);');
  expect(await status(domain.name, '/', { x: 'a'.repeat(2046) })).toBe(200);
  expect(await status(domain.name, '/', { x: 'a'.repeat(2047) })).toBe(413);
  expect(await status(usual.name, '/', { x: 'a'.repeat(2047) })).toBe(200);
});

test('PHP that says nothing for longer than the option says is answered for', async () => {
  const domain = await made({ timeoutSeconds: 1 });
  put(domain, 'slow.php', '<?php sleep(4); echo "late";');
  put(domain, 'quick.php', '<?php echo "quick";');
  expect(await status(domain.name, '/slow.php')).toBe(504);
  expect(await page(domain.name, '/quick.php')).toEqual([200, 'quick']);
});

test('who is not in the list of addresses gets nothing, PHP included, until the list is empty again', async () => {
  const domain = await made({ allowedAddresses: ['203.0.113.0/24', '2001:db8::/32'] });
  put(domain, 'index.php', '<?php echo "in";');
  put(domain, 'a.txt', 'in');
  for (const path of ['/', '/a.txt', '/index.php', '/nowhere'])
    expect(await status(domain.name, path)).toBe(403);
  await updateDomain(domain.name, { options: { allowedAddresses: ['127.0.0.1'] } });
  expect(await page(domain.name)).toEqual([200, 'in']);
  await updateDomain(domain.name, { options: { allowedAddresses: [] } });
  expect(ownBlock(domain)).toBeNull();
  expect(await page(domain.name)).toEqual([200, 'in']);
});

test('a visit is written into the access log, unless the option says no', async () => {
  const [quiet, usual] = [await made({ accessLog: false }), await made({})];
  for (const { name } of [quiet, usual]) await page(name, '/seen');
  const log = readFileSync('/var/log/sculptor/nginx/access.log', 'utf8');
  expect(log).toContain(`"host":"${usual.name}"`);
  expect(log).not.toContain(quiet.name);
});

test('every option at once, on a name of 253 octets, an internationalised one and forty aliases, serves on all', async () => {
  const label = (letter: string) => letter.repeat(63);
  const long = `${unique('l')}${'l'.repeat(20)}.${label('m')}.${label('n')}.${label('o')}`;
  const name = `${long}.${'p'.repeat(252 - long.length)}`;
  const international = `${unique('mü')}ller.example`;
  const aliases = [...Array.from({ length: 40 }, () => `${unique('alias')}.example`), international];
  const options: ChangedOptions = {
    ...{ index: ['home.html'], bodyBytes: 1024, timeoutSeconds: 1, accessLog: false },
    allowedAddresses: ['127.0.0.0/8', '::1'] as never,
  };
  expect(Object.keys(options).sort()).toEqual(Object.keys(DEFAULT_OPTIONS).sort());
  const domain = await createDomain({ name, aliases, options });
  expect(domain.name).toHaveLength(253);
  put(domain, 'home.html', 'home');
  expect(domain.aliases).toHaveLength(41);
  for (const host of [domain.name, ...domain.aliases]) expect(await page(host)).toEqual([200, 'home']);
});

test('a change of options under load fails no request, here and at a neighbour', async () => {
  const [domain, neighbour] = [await made({}), await made({})];
  for (const one of [domain, neighbour]) put(one, 'index.php', '<?php echo "here";');
  let over = false;
  const failed: unknown[] = [];
  let asked = 0;
  const load = [domain, neighbour].map(async ({ name }) => {
    while (!over) {
      const [got, text] = await page(name);
      asked += 1;
      if (got !== 200 || text !== 'here') failed.push([name, got, text]);
    }
  });
  for (const bodyBytes of [4096, 8192, DEFAULT_OPTIONS.bodyBytes])
    await updateDomain(domain.name, { options: { bodyBytes } });
  await updateDomain(domain.name, { aliases: [`${unique('alias')}.example`] });
  await updateDomain(domain.name, { aliases: [] });
  over = true;
  await Promise.all(load);
  expect(failed).toEqual([]);
  expect(asked).toBeGreaterThan(20);
});

test('sculptorctl sets an option, shows it, and doctor finds the server block as it should be', async () => {
  const domain = await made({});
  expect(sculptorctl('domain', 'update', domain.name, '--option', 'bodyBytes=4096')).toMatchObject({
    code: 0,
  });
  expect(sculptorctl('domain', 'show', domain.name).out).toMatch(/option bodyBytes +4096/);
  expect(ownBlock(domain)).toContain('client_max_body_size 4096;');
  expect(run('sculptorctl', ['doctor']).out).not.toContain(domain.id);
});
