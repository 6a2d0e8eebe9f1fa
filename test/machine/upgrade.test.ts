import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { api, createDomain, ended, ready, unique, type Answer } from './agent.ts';
import { must, page, rootSql, run, sculptorctl } from './server.ts';

/* A newer tree, and an older one, on a server that is at work. The newer trees are copies of this one. */

const TREE = process.cwd();
const NEWER = '/var/tmp/newer-tree';
const APP = '/usr/lib/sculptor/app';
const MIGRATION = '9998-newer.sql';
const BROKEN = '9999-broken.sql';

beforeAll(async () => {
  await ready();
  must('sh', [
    '-c',
    `mkdir ${NEWER} && tar -C ${TREE} --exclude=./node_modules --exclude=./.git -cf - . | tar -C ${NEWER} -xf -`,
  ]);
  appendFileSync(`${NEWER}/worker-privileged/main.ts`, '\n// Newer.\n');
});

afterAll(async () => {
  // As if the newer one had never been: this tree is put back, and knows its state.
  rootSql(`DELETE FROM sculptor.migration WHERE name IN ('${MIGRATION}', '${BROKEN}')`);
  rootSql('ALTER TABLE sculptor.operation DROP COLUMN IF EXISTS newer');
  rmSync(`${APP}/state/migrations/${MIGRATION}`, { force: true });
  must(`${TREE}/scripts/install.sh`, ['--yes']);
  rmSync(NEWER, { recursive: true, force: true });
  await ready();
});

type Installed = { readonly code: number; readonly out: string; readonly err: string };

function install(tree: string): Promise<Installed> {
  return new Promise((resolve) => {
    execFile(`${tree}/scripts/install.sh`, ['--yes'], (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

const digest = () => readFileSync(`${APP}/.digest`, 'utf8');
const pidOf = (unit: string) => must('systemctl', ['show', '--property=MainPID', '--value', unit]).trim();
// An installation compiles, and restarts what it replaces.
jest.setTimeout(900_000);

const UNITS = ['sculptor-api', 'sculptor-worker-privileged', 'sculptor-worker-unprivileged'];
const pids = () => UNITS.map(pidOf);

/** As a panel does it: while the API is restarted it asks again, with the same key. */
async function ask(name: string): Promise<Answer> {
  const key = randomUUID();
  for (;;) {
    const answer = await api('POST', '/v1/domains', {
      body: { name, type: 'static' },
      headers: { 'idempotency-key': key },
    }).catch(() => undefined);
    if (answer?.status === 202) return answer;
    if (answer !== undefined && answer.status < 500) throw new Error(JSON.stringify(answer.json));
    await pause(100);
  }
}

/** Asks for sites until it is told to stop, two at a time. */
function asking(): { readonly stop: () => Promise<readonly (readonly [string, Answer])[]> } {
  const asked: [string, Answer][] = [];
  let stopped = false;
  const one = async () => {
    while (!stopped) {
      const name = `${unique('upgrade')}.example`;
      asked.push([name, await ask(name)]);
      await pause(1000);
    }
  };
  const all = Promise.all([one(), one()]);
  return {
    stop: async () => {
      stopped = true;
      await all;
      return asked;
    },
  };
}

async function allCameAbout(asked: readonly (readonly [string, Answer])[]): Promise<void> {
  for (const [name, answer] of asked) {
    expect(await ended(answer)).toMatchObject({ status: 'succeeded' });
    expect((await page(name))[0]).not.toBe(503);
  }
  expect(asked.length).toBeGreaterThan(3);
}

test('a newer tree whose migration fails is not put in place, and the version from before goes on', async () => {
  writeFileSync(
    `${NEWER}/state/migrations/${BROKEN}`,
    'ALTER TABLE operation ADD COLUMN newer NO_SUCH_TYPE;\n',
  );
  const before = [digest(), ...pids()];
  const work = asking();
  const refused = await install(NEWER);
  rmSync(`${NEWER}/state/migrations/${BROKEN}`);
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.err).toContain(`migrations/${BROKEN} was refused`);
  expect(refused.err).toContain('What runs is the version from before, and it goes on.');
  expect([digest(), ...pids()]).toEqual(before);
  await allCameAbout(await work.stop());
});

function wrong(): readonly string[] {
  return sculptorctl('doctor')
    .out.split('\n')
    .filter((line) => line.startsWith('WRONG'));
}

test('a newer tree migrates and restarts while sites are made, and each of them comes about, once', async () => {
  writeFileSync(
    `${NEWER}/state/migrations/${MIGRATION}`,
    'ALTER TABLE operation ADD COLUMN IF NOT EXISTS newer INT NULL;\n',
  );
  // Other tests have changed things by hand on this server.
  const [before, former, wrongBefore] = [digest(), pids(), wrong()];
  const work = asking();
  const installed = await install(NEWER);
  expect(installed).toMatchObject({ code: 0, err: '' });
  expect(installed.out).toContain(`created    migration ${MIGRATION}`);
  const asked = await work.stop();
  expect(digest()).not.toBe(before);
  expect(pids().filter((pid, at) => pid === former[at] || pid === '0')).toEqual([]);
  await allCameAbout(asked);
  const names = asked.map(([name]) => `'${name}'`).join(',');
  expect(rootSql(`SELECT COUNT(*) FROM sculptor.domain_name WHERE name IN (${names})`).trim()).toBe(
    String(asked.length),
  );
  expect(rootSql("SELECT COUNT(*) FROM sculptor.operation WHERE status = 'running'").trim()).toBe('0');
  expect(wrong().filter((line) => !wrongBefore.includes(line))).toEqual([]);
});

test('the tree from before is refused with the reason, and nothing is changed', async () => {
  const before = [digest(), ...pids()];
  const refused = await install(TREE);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain(`has brought the state to ${MIGRATION}`);
  expect([digest(), ...pids()]).toEqual(before);
  expect(existsSync(`${APP}.new`)).toBe(false);
});

test('a tree with the same state goes back, and sites go on being made', async () => {
  const before = digest();
  must('sh', ['-c', `cp ${TREE}/worker-privileged/main.ts ${NEWER}/worker-privileged/main.ts`]);
  const work = asking();
  const installed = await install(NEWER);
  expect(installed).toMatchObject({ code: 0, err: '' });
  await allCameAbout(await work.stop());
  expect(digest()).not.toBe(before);
  expect((await createDomain({ name: `${unique('after')}.example` })).status).toBe('live');
  expect(run('systemctl', ['is-failed', ...UNITS]).code).not.toBe(0);
});
