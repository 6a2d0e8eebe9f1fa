import { event, EVENTS, operation, OPERATION_ID } from './samples.ts';
import { sculptorctl } from './sculptorctl.ts';

const AT = '2026-01-02T03:04:05.678Z';
const STANDS = {
  pending: {
    security: [{ name: 'nginx', from: '1.22.1-9', to: '1.22.1-9+deb12u1' }],
    ...{ more: 2, heldBack: ['mariadb-server'], others: 4, listsReadAt: AT },
  },
  last: {
    ...{ beganAt: AT, endedAt: AT, result: 'failed', why: 'Lock could not be acquired', more: 0 },
    packages: [{ name: 'libssl3', from: '1', to: '2', whole: true }],
  },
  ...{ reboot: ['linux-image-amd64'], installing: null, lookedAt: AT },
};
const GET = 'GET /v1/server/updates';

test('what waits, how it went last and whether to reboot is told, and what waits by name', async () => {
  const { code, out } = await sculptorctl(['system', 'updates'], { [GET]: [{ status: 200, body: STANDS }] });
  expect(out.split('\n')).toEqual([
    'security updates  3 wait',
    'held back         mariadb-server',
    'other updates     4 wait for a person',
    `lists read        ${AT}`,
    `last run          failed at ${AT}, 1 package was replaced: Lock could not be acquired`,
    'reboot needed     yes: linux-image-amd64',
    'under way         no',
    `looked at         ${AT}`,
    '',
    'WAITS  FROM      TO',
    'nginx  1.22.1-9  1.22.1-9+deb12u1',
    '',
  ]);
  expect(code).toBe(0);
});

test('what is not known is not told as if all were well', async () => {
  const nothing = { pending: null, last: null, reboot: null, installing: OPERATION_ID, lookedAt: AT };
  const { out } = await sculptorctl(['system', 'updates'], { [GET]: [{ status: 200, body: nothing }] });
  expect(out).toMatch(/^security updates +not known$/m);
  expect(out).toMatch(/^last run +not known$/m);
  expect(out).toMatch(new RegExp(`^under way +${OPERATION_ID}$`, 'm'));
});

test('that it be installed now is waited for, and how it stands then is told', async () => {
  const doing = {
    kind: 'update.install',
    resource: { type: 'update', id: 'u00000000001', name: 'server.example' },
    steps: [],
  } as const;
  const answers = {
    'POST /v1/server/updates/install': [
      { status: 202, body: { operation: operation({ ...doing, status: 'queued' }) } },
    ],
    [EVENTS]: [{ events: [event(operation(doing))] }],
    [GET]: [{ status: 200, body: STANDS }],
  };
  const { code, out } = await sculptorctl(['system', 'updates', '--install'], answers);
  expect(out).toMatch(/^update\.install server\.example: succeeded\nsecurity updates +3 wait$/m);
  const json = await sculptorctl(['system', 'updates', '--install', '--json'], answers);
  expect(JSON.parse(json.out)).toMatchObject({ operation: { status: 'succeeded' }, updates: STANDS });
  expect([code, json.code]).toEqual([0, 0]);
});
