import { BanAddress, type BanJail } from '../../../contract/bans.ts';
import { FailureError } from '../../../contract/failures.ts';
import { ServerRequestId } from '../../../contract/ids.ts';
import type { Run } from '../../../worker-privileged/executor/ensure.ts';
import type { Cap } from '../../../worker-privileged/executor/system/caps.ts';
import type { System } from '../../../worker-privileged/executor/system/system.ts';
import { lookAtBans, putBan, removeBan } from '../../../worker-privileged/executor/verbs/bans.ts';

const id = ServerRequestId.parse('b00000000001');
const address = BanAddress.parse('203.0.113.7');
const BOTH: BanJail[] = ['sshd', 'sculptor-api'];

/** fail2ban, and the kernel's table beside it, each with what `jail address` it has. */
function world() {
  const it = {
    ...{
      listed: new Set<string>(),
      kernel: new Set<string>(),
      spared: false,
      broken: '',
      counted: [] as string[],
    },
    ...{ said: [] as string[], byNftables: true, late: false, stuck: false, there: BOTH },
  };
  const name = (jail: string) => `${jail} ${address}`;
  const fail2ban: System['fail2ban'] = {
    jails: () => Promise.resolve(it.there),
    require: () => (it.there.length > 0 ? Promise.resolve() : Promise.reject(new Error('no jail'))),
    bans: (jail) =>
      Promise.resolve(
        it.listed.has(name(jail)) ? [{ address, since: '2026-01-01T00:00:00.000Z', until: null }] : [],
      ),
    isListed: (jail) => Promise.resolve(it.listed.has(name(jail))),
    isKept: (jail) => Promise.resolve(it.byNftables ? it.kernel.has(name(jail)) : null),
    ban: (jail) => {
      it.said.push(`ban ${jail}`);
      // Whom it has on its list it does not hand over again, as fail2ban does.
      if (!it.listed.has(name(jail)) && it.broken !== jail) it.kernel.add(name(jail));
      it.listed.add(name(jail));
      return it.late ? Promise.reject(new Error('late')) : Promise.resolve();
    },
    unban: (jail) => {
      it.said.push(`unban ${jail}`);
      // Whom it has not on its list it does not take from the kernel, as fail2ban does.
      if (it.listed.delete(name(jail)) && !it.stuck) it.kernel.delete(name(jail));
      return Promise.resolve();
    },
    ignored: () => Promise.resolve([]),
  };
  const spared: System['spared'] = {
    refuse: () => (it.spared ? Promise.reject(new FailureError('protected', 'no', '')) : Promise.resolve()),
  };
  const count: Cap = (key, act) => {
    it.counted.push(key);
    return act();
  };
  const caps = { ban: count } as unknown as System['caps'];
  const told: [string, string, boolean][] = [];
  const run: Run = {
    report: ({ name: step, status, changed }) => void told.push([step, status, changed]),
    signal: new AbortController().signal,
    warn: () => undefined,
  };
  const put = (jails: BanJail[] = BOTH) => putBan({ fail2ban, spared, caps })({ id, address, jails }, run);
  const remove = (jails: BanJail[] = BOTH) => removeBan({ fail2ban })({ id, address, jails }, run);
  return { it, told, put, remove, look: () => lookAtBans({ fail2ban })({}, run) };
}

test('a ban is there when fail2ban lists it and the kernel has it; a second one finds it so', async () => {
  const { it, told, put } = world();
  await put();
  expect([...it.kernel]).toEqual(BOTH.map((jail) => `${jail} ${address}`));
  await put();
  expect(told.map(([, , changed]) => changed)).toEqual([true, true, false, false]);
  expect(it.said).toEqual(['ban sshd', 'ban sculptor-api']);
});

test('what fail2ban lists and the kernel has forgotten is put there anew', async () => {
  const { it, put } = world();
  await put(['sshd']);
  it.kernel.clear();
  await put(['sshd']);
  expect(it.kernel.size).toBe(1);
  expect(it.said).toEqual(['ban sshd', 'unban sshd', 'ban sshd']);
});

test('where the kernel does not take it the ban fails, and what the other jail had done is undone', async () => {
  const { it, told, put } = world();
  it.broken = 'sculptor-api';
  await expect(put()).rejects.toMatchObject({ failure: { code: 'mismatch' } });
  expect([it.listed.size, it.kernel.size]).toEqual([0, 0]);
  expect(told.map(([, status]) => status)).toEqual(['succeeded', 'failed', 'undone', 'undone']);
});

test('where fail2ban keeps them off by other means its own word is taken', async () => {
  const { it, put } = world();
  it.byNftables = false;
  await put();
  expect(it.listed.size).toBe(2);
});

test('who is spared is refused before it is counted, and nothing is said to fail2ban', async () => {
  const { it, put } = world();
  it.spared = true;
  await expect(put()).rejects.toMatchObject({ failure: { code: 'protected' } });
  expect([it.said, it.counted]).toEqual([[], []]);
});

test('what is so already is not counted, whoever asks for it', async () => {
  const { it, put } = world();
  await put(['sshd']);
  await put(['sshd']);
  expect(it.counted).toEqual([id]);
});

test('where fail2ban is late with its answer what it may have done meanwhile is taken back', async () => {
  const { it, put } = world();
  it.late = true;
  await expect(put(['sshd'])).rejects.toThrow('late');
  expect([it.listed.size, it.kernel.size]).toEqual([0, 0]);
});

test('it is counted by its request, and who is let in again is not counted', async () => {
  const { it, put, remove } = world();
  await put();
  await remove();
  expect(it.counted).toEqual([id]);
  expect([it.listed.size, it.kernel.size]).toEqual([0, 0]);
});

test('whom the kernel keeps off though fail2ban has forgotten it is let in', async () => {
  const { it, remove } = world();
  it.kernel.add(`sshd ${address}`);
  await remove(['sshd']);
  expect([it.listed.size, it.kernel.size]).toEqual([0, 0]);
  expect(it.said).toEqual(['ban sshd', 'unban sshd']);
});

test('that somebody was let in whom the kernel still keeps off is not said', async () => {
  const { it, put, remove } = world();
  await put(['sshd']);
  it.stuck = true;
  await expect(remove(['sshd'])).rejects.toMatchObject({ failure: { code: 'mismatch' } });
});

test('where one of the jails is not there the other lets in; where none is, that is said', async () => {
  const { it, put, remove } = world();
  await put();
  it.there = ['sshd'];
  await remove();
  expect([...it.kernel]).toEqual([`sculptor-api ${address}`]);
  it.there = [];
  await expect(remove()).rejects.toThrow('no jail');
});

test('who is banned is listed by jail', async () => {
  const { put, look } = world();
  await put(['sshd']);
  const since = '2026-01-01T00:00:00.000Z';
  expect(await look()).toEqual({
    ...{ jails: BOTH, more: 0 },
    bans: [{ address, jail: 'sshd', since, until: null }],
  });
});
