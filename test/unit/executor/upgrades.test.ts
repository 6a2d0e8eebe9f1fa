import { ServerRequestId } from '../../../contract/ids.ts';
import { CommandError } from '../../../worker-privileged/executor/system/command.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { createUpgrades, pendingIn, runIn } from '../../../worker-privileged/executor/system/upgrades.ts';

const ID = ServerRequestId.parse('u00000000001');
const RUN = '1790000000 1790000060 succeeded\n\n';
const LOG =
  '2026-09-21 14:14:00 upgrade nginx:amd64 1.0 1.1\n2026-09-21 14:14:01 status installed nginx:amd64 1.1\n';

function build(texts: Readonly<Record<string, string>>, mode: 'systemd' | 'supervisor' = 'systemd') {
  const started: string[] = [];
  const world = { broken: false };
  const run = ({ file, args }: { readonly file: string; readonly args: readonly string[] }) => {
    started.push([file, ...args].join(' '));
    return world.broken ? Promise.reject(new CommandError(file, 1, '')) : Promise.resolve('');
  };
  const files = { read: (path: string) => Promise.resolve(texts[path] ?? null) };
  const upgrades = createUpgrades({ commands: { run }, files, mode, reboot: () => Promise.resolve(null) });
  return { started, world, upgrades };
}

test('what waits is looked for by a unit that has no network, and read as the contract has it', async () => {
  const security = [{ name: 'nginx', from: '1.0', to: '1.1' }];
  const found = { security, more: 0, heldBack: ['mariadb-server'], others: 3, listsReadAt: 1_790_000_000 };
  const { upgrades, started } = build({ [paths.pendingUpdates]: JSON.stringify(found) });
  expect(await upgrades.pending()).toEqual({ ...found, listsReadAt: '2026-09-21T14:13:20.000Z' });
  expect(started).toEqual(['/usr/bin/systemctl --no-ask-password start -- sculptor-pending-updates.service']);
});

test.each(['', '{}', 'null', '{"security":[],"more":0,"heldBack":["a b"],"others":0,"listsReadAt":1}'])(
  'what is not as it writes it is no answer: %j',
  (text) => expect(() => pendingIn(text)).toThrow(),
);

test('where there is no systemd the program itself looks, and nothing can be asked for', async () => {
  const { upgrades, started } = build({}, 'supervisor');
  expect(await upgrades.pending()).toBeNull();
  expect(started).toEqual(['/usr/lib/sculptor/pending-updates']);
  await expect(upgrades.begin(ID)).rejects.toMatchObject({ failure: { code: 'server_broken' } });
  expect(started).toHaveLength(1);
});

test('the last run is told with what was replaced, and with the words of whoever installed, on one line', () => {
  expect(runIn(RUN, LOG)).toEqual({
    beganAt: '2026-09-21T14:13:20.000Z',
    endedAt: '2026-09-21T14:14:20.000Z',
    ...{ result: 'succeeded', why: null, more: 0 },
    packages: [{ name: 'nginx', from: '1.0', to: '1.1', whole: true }],
  });
  const failed = runIn(`1 2 failed\n\u001b[2J${'x'.repeat(400)}\n`, '');
  expect(failed?.why).toMatch(/^\?\[2Jx+$/);
  expect(failed?.why).toHaveLength(300);
});

test.each(['', '1 2', '1 2 well', 'a b succeeded', '1 99999999999999 succeeded', '-1 2.5 failed'])(
  'what is not as it writes it is not known: %j',
  (text) => expect(runIn(text, '')).toBeNull(),
);

test('it is a unit of its own by the request’s id, which is begun once and waited for by whoever asks again', async () => {
  const { upgrades, started } = build({});
  expect(await upgrades.isOver(ID)).toBe(false);
  await upgrades.begin(ID);
  expect(started).toEqual([
    '/usr/bin/systemctl --no-ask-password start -- sculptor-upgrade@u00000000001.service',
  ]);
  expect(await build({ [paths.askedUpgrade(ID)]: 'read none\n' }).upgrades.isOver(ID)).toBe(true);
});

test('one that is not over after its time says so, and what has begun goes on', async () => {
  const { upgrades, world } = build({});
  world.broken = true;
  await expect(upgrades.begin(ID)).rejects.toMatchObject({
    failure: { code: 'server_broken', hint: expect.stringMatching(/goes on/) as string },
  });
});

const outcome = (asked: string, run = RUN) =>
  build({
    [paths.askedUpgrade(ID)]: asked,
    [paths.updateRun]: run,
    [paths.updateRunLog]: LOG,
  }).upgrades.outcome(ID);

test('it ended well where the archives were read and something was installed since', async () => {
  expect((await outcome(`read noted\n${RUN}`)).packages).toHaveLength(1);
  // Another has been since, whose packages are not this one's.
  expect((await outcome(`read noted\n${RUN}`, '1 2 succeeded\n\n')).packages).toEqual([]);
});

test.each([
  ['read none\n', /^Nothing was installed/],
  ['', /^Nothing was installed/],
  ['read noted\n1 2 failed\nlock is held\n', /^The installing of security updates failed: lock is held$/],
  ['read noted\n1 2 broken-off\n\n', /^It was broken off\.$/],
  [`unread noted\n${RUN}`, /^The archives could not be read anew/],
])('otherwise it did not: %j', async (asked, message) => {
  await expect(outcome(asked)).rejects.toMatchObject({
    failure: { code: 'server_broken', message: expect.stringMatching(message) as string },
  });
});
