import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { ready } from '../machine/agent.ts';
import { ask, newId, site, type Way } from '../machine/executor-conversation.ts';
import { must, run } from '../machine/server.ts';
import { accepted, refused, type Attempt } from './attempt.ts';

/* Row 30: whose number, whose name. The worker is taken: it asks the executor for whatever it likes. */

const ROOT = '/var/lib/sculptor-root';
const WAYS: readonly Way[] = ['socket', 'sudo'];
const made: string[] = [];

beforeAll(ready);
afterAll(async () => {
  for (const id of made) await ask('socket', 'site.remove', { id });
});

const put = async (id: string, change: object = {}) =>
  (await ask('socket', 'site.put', { ...site(), type: 'static', ...change, id, name: `${id}.example` })).code;
const remove = async (id: string) => (await ask('socket', 'site.remove', { id })).code;
const uidOf = (id: string) =>
  (JSON.parse(readFileSync(`${ROOT}/registry/${id}.json`, 'utf8')) as { uid: number }).uid;

async function make(id = newId()): Promise<string> {
  expect(await put(id)).toBe('succeeded');
  made.push(id);
  return id;
}

test('row 30: no number and no id is given twice, whether its site was removed, brought back or purged', async () => {
  const first = [await make(), await make(), await make()];
  const numbers = first.map(uidOf);
  for (const id of first) expect(await remove(id)).toBe('succeeded');
  const [purged = '', restored = '', trashed = ''] = first;
  must('sculptorctl', ['purge', 'domain', purged, '--yes']);
  expect(
    (
      await ask('socket', 'site.restore', {
        ...site(),
        type: 'static',
        id: restored,
        name: `${restored}.example`,
        generation: 2,
      })
    ).code,
  ).toBe('succeeded');
  expect(run('id', [`s-${purged}`]).code).not.toBe(0);
  // The purged number is free to the system: it is not to the agent.
  const next = await Promise.all([make(), make(), make(), make()]);
  const all = [...numbers, ...next.map(uidOf)];
  expect(new Set(all).size).toBe(all.length);
  expect(Math.min(...next.map(uidOf))).toBeGreaterThan(Math.max(...numbers));
  expect(Number(must('id', ['-u', `s-${restored}`]))).toBe(numbers[1]);
  const again: readonly Attempt[] = [purged, trashed].flatMap((id) =>
    WAYS.map((way) => ({
      what: `another site of the id of one that is gone, by ${way}`,
      act: async () =>
        (await ask(way, 'site.put', { ...site(), type: 'static', id, name: `${newId()}.example` })).code,
      refusal: 'not_found',
      audit: [
        { event: 'begun', id },
        { event: 'ended', id, outcome: 'not_found' },
      ],
    })),
  );
  await refused(30, [
    ...again,
    {
      what: 'to bring back what was purged',
      act: async () =>
        (
          await ask('sudo', 'site.restore', {
            ...site(),
            id: purged,
            name: `${purged}.example`,
            generation: 9,
          })
        ).code,
      refusal: 'not_found',
      audit: [{ event: 'begun' }, { event: 'ended', outcome: 'not_found' }],
    },
  ]);
});

test('row 30: a number that the system, or root, gave to somebody is passed over', async () => {
  const next = Number(readFileSync(`${ROOT}/next-uid`, 'utf8'));
  must('useradd', ['--no-create-home', '--uid', String(next), 'somebody']);
  must('groupadd', ['--gid', String(next + 1), 'someone']);
  const id = await make();
  expect(uidOf(id)).toBe(next + 2);
  expect(must('id', ['-u', `s-${id}`]).trim()).toBe(String(next + 2));
  must('userdel', ['somebody']);
  must('groupdel', ['someone']);
});

test('row 30: a user, a group or a folder that was there is nobody’s site', async () => {
  const [user, group, folder] = [newId(), newId(), newId()];
  must('useradd', ['--system', '--no-create-home', `s-${user}`]);
  must('groupadd', [`s-${group}`]);
  must('mkdir', [`/home/www/${folder}.example`]);
  const wanted = [user, group, folder];
  await refused(
    30,
    wanted.map((id) => ({
      what: `a site ${id}`,
      act: () => put(id),
      refusal: 'not_ours',
      audit: [
        { event: 'begun', id },
        { event: 'ended', id, outcome: 'not_ours' },
      ],
    })),
  );
  expect(must('id', ['-u', `s-${user}`]).trim()).not.toBe('0');
  expect(run('id', [`s-${group}`]).code).not.toBe(0);
  must('userdel', [`s-${user}`]);
  run('groupdel', [`s-${user}`]);
  must('groupdel', [`s-${group}`]);
  rmSync(`/home/www/${folder}.example`, { recursive: true });
});

test('row 30: names of the system’s own users are no ids, and sites are no users of it', async () => {
  const names = must('cut', ['-d:', '-f1', '/etc/passwd']).split('\n').filter(Boolean);
  const ids = [
    ...names.filter((name) => !/^s-/.test(name)),
    '0',
    '33',
    's-abcdefghijkl',
    'root00000000 ',
    'ROOT00000000',
  ];
  await refused(
    30,
    ids.flatMap((id) =>
      (['site.remove', 'site.purge'] as const).map((verb) => ({
        what: `${verb} ${id}`,
        act: async () => (await ask('sudo', verb, { id })).code,
        refusal: 'invalid_request',
        audit: [{ event: 'refused' }],
      })),
    ),
  );
});

test('row 30: past the last number there is no further site, and nothing is begun anew', async () => {
  const file = `${ROOT}/next-uid`;
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, '100000\n');
  const id = newId();
  try {
    await refused(30, [
      {
        what: 'one more site',
        act: () => put(id),
        refusal: 'uids_exhausted',
        audit: [{ event: 'begun' }, { event: 'ended', outcome: 'uids_exhausted' }],
      },
    ]);
    for (const spoilt of ['', '0\n', '-1\n', '65999\n', '66000', 'root\n', '66000\n66000\n']) {
      writeFileSync(file, spoilt);
      expect(await put(id)).not.toBe('succeeded');
    }
  } finally {
    // Without it no test after this one makes a site.
    writeFileSync(file, before, { mode: 0o600 });
  }
  expect(existsSync(`${ROOT}/registry/${id}.json`)).toBe(false);
  expect(readdirSync('/home/www')).not.toContain(`${id}.example`);
  await make();
});

test('row 30: ids in any order and alike but for one letter are different sites', async () => {
  const base = newId().slice(0, 11);
  const ids = ['z', 'a', '9', '0'].map((last) => base + last);
  for (const id of ids) await make(id);
  expect(new Set(ids.map(uidOf)).size).toBe(4);
  // By design: whoever has the worker chooses ids. They are names of its own things and of nothing else.
  accepted(30);
});
