import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Domain } from '../../contract/domains.ts';
import { accepted, createDomain, ended, ready, succeeded, unique, updateDomain } from './agent.ts';
import { page, place, run, sculptorctl, visit } from './server.ts';

/* Root's own lines for a site: what no option says. */

beforeAll(ready);

async function made(): Promise<Domain> {
  const domain = await createDomain({ name: `${unique('lines')}.example` });
  place(`s-${domain.id}`, `/home/www/${domain.name}/public/index.php`, '<?php echo "here";');
  return domain;
}

const folder = ({ name }: Domain) => `/etc/sculptor/snippets/${name}`;

function write(domain: Domain, text: string): void {
  mkdirSync(folder(domain), { recursive: true, mode: 0o755 });
  writeFileSync(`${folder(domain)}/10-header.conf`, text, { mode: 0o644 });
}

async function header({ name }: Domain): Promise<unknown> {
  const answer = await visit(name);
  return answer === 'closed' ? answer : answer.headers['x-root'];
}

/** Doctor looks at the whole server, and an operation waits for its end. */
const LONG_MS = 240_000;

test(
  'they are read when root says so, and doctor knows when they are not',
  async () => {
    const domain = await made();
    write(domain, 'add_header X-Root one always;\n');
    expect(await header(domain)).toBeUndefined();
    expect(run('sculptorctl', ['doctor']).out).toContain(`sculptorctl site refresh ${domain.name}`);
    expect(sculptorctl('site', 'refresh', domain.name)).toMatchObject({ code: 0 });
    expect(await header(domain)).toBe('one');
    expect(run('sculptorctl', ['doctor']).out).not.toContain(domain.name);
    rmSync(folder(domain), { recursive: true });
    expect(sculptorctl('site', 'refresh', domain.id)).toMatchObject({ code: 0 });
    expect(await header(domain)).toBeUndefined();
    expect(await page(domain.name)).toEqual([200, 'here']);
  },
  LONG_MS,
);

test(
  'they stay through every change, removal and restoration, and a change reads them anew',
  async () => {
    const domain = await made();
    write(domain, 'add_header X-Root one always;\n');
    await updateDomain(domain.name, { options: { bodyBytes: 4096 } });
    expect(await header(domain)).toBe('one');
    await updateDomain(domain.name, { type: 'static', options: { bodyBytes: 67_108_864 } });
    expect(await header(domain)).toBe('one');
    write(domain, 'add_header X-Root two always;\n');
    await updateDomain(domain.name, { aliases: [`www.${domain.name}`] });
    expect(await header(domain)).toBe('two');
    await succeeded(await accepted('DELETE', `/v1/domains/${domain.id}`));
    expect(existsSync(`/etc/nginx/sculptor/snippets/${domain.id}-10-header.conf`)).toBe(false);
    await succeeded(await accepted('POST', `/v1/domains/${domain.id}/restore`));
    expect(await header(domain)).toBe('two');
  },
  LONG_MS,
);

test(
  'what nginx refuses is named by file and line, and stops neither the site nor another',
  async () => {
    const [domain, other] = [await made(), await made()];
    write(domain, 'add_header X-Root good always;\n');
    sculptorctl('site', 'refresh', domain.name);
    for (const bad of [
      'add_header X-Root bad always;\nno_such_directive on;\n',
      'add_header X-Root bad;\n}\n',
    ]) {
      write(domain, bad);
      const { code, err } = sculptorctl('site', 'refresh', domain.name);
      expect([code, err]).toEqual([1, expect.stringMatching(/config_refused: .*10-header\.conf, line 2\./)]);
      const operation = await ended(
        await accepted('PATCH', `/v1/domains/${domain.id}`, { body: { enabled: true } }),
      );
      expect(operation.error?.message).toMatch(/10-header\.conf, line 2\./);
      expect(await header(domain)).toBe('good');
    }
    await updateDomain(other.name, { options: { bodyBytes: 4096 } });
    expect(run('/usr/sbin/nginx', ['-t', '-q', '-c', '/etc/nginx/sculptor/nginx.conf']).code).toBe(0);
    rmSync(folder(domain), { recursive: true });
    expect(sculptorctl('site', 'refresh', domain.name).code).toBe(0);
  },
  LONG_MS,
);

test(
  'where others than root could have written them they are refused, and doctor says so',
  async () => {
    const domain = await made();
    write(domain, 'add_header X-Root mine always;\n');
    const file = `${folder(domain)}/10-header.conf`;
    const tests = [
      [() => chownSync(file, 66_000, 66_000), () => chownSync(file, 0, 0)],
      [() => chmodSync(file, 0o666), () => chmodSync(file, 0o644)],
      [() => chmodSync(folder(domain), 0o777), () => chmodSync(folder(domain), 0o755)],
    ] as const;
    for (const [spoil, mend] of tests) {
      spoil();
      expect(sculptorctl('site', 'refresh', domain.name)).toMatchObject({ code: 1 });
      expect(run('sculptorctl', ['doctor']).out).toContain(folder(domain));
      expect(await header(domain)).toBeUndefined();
      mend();
    }
    expect(sculptorctl('site', 'refresh', domain.name).code).toBe(0);
    expect(await header(domain)).toBe('mine');
    rmSync(folder(domain), { recursive: true });
    sculptorctl('site', 'refresh', domain.name);
  },
  LONG_MS,
);
