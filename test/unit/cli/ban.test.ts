import { event, EVENTS, operation } from './samples.ts';
import { sculptorctl } from './sculptorctl.ts';

const AT = '2026-01-02T03:04:05.678Z';
const GET = 'GET /v1/server/bans';
const seen = (bans: readonly object[], more = 0, jails = ['sshd', 'sculptor-api']) => ({
  ...{ [GET]: [{ status: 200, body: { jails, bans, more, seenAt: AT } }] },
});

test('who is banned is listed with the jail, and since and until when', async () => {
  const bans = [
    { address: '203.0.113.7', jail: 'sshd', since: AT, until: AT },
    { address: '2001:db8::7', jail: 'sculptor-api', since: AT, until: null },
  ];
  const { code, out } = await sculptorctl(['ban', 'list'], seen(bans, 3));
  expect(out.split('\n')).toEqual([
    'ADDRESS      JAIL          SINCE                     UNTIL',
    `203.0.113.7  sshd          ${AT}  ${AT}`,
    `2001:db8::7  sculptor-api  ${AT}  for good`,
    'and 3 more',
    `in sshd and sculptor-api; seen at ${AT}`,
    '',
  ]);
  expect(code).toBe(0);
});

test('that nobody is banned is another thing than that nobody would be', async () => {
  expect((await sculptorctl(['ban', 'list'], seen([]))).out).toMatch(/^nobody is banned in sshd and/);
  expect((await sculptorctl(['ban', 'list'], seen([], 0, []))).out).toMatch(/^fail2ban does not run/);
});

const doing = (kind: 'address.ban' | 'address.unban') => {
  const of = {
    kind,
    resource: { type: 'address', id: 'b00000000001', name: '2001:db8::7' },
    steps: [],
  } as const;
  return {
    accepted: [{ status: 202, body: { operation: operation({ ...of, status: 'queued' }) } }],
    events: [{ events: [event(operation(of))] }],
  };
};

test('an address is banned from both, or from one, and let in again', async () => {
  const { accepted, events } = doing('address.ban');
  const answers = { 'POST /v1/server/bans': accepted, [EVENTS]: events };
  const both = await sculptorctl(['ban', 'create', '2001:db8::7'], answers);
  expect([both.code, both.out]).toEqual([0, expect.stringMatching(/^address\.ban 2001:db8::7: succeeded$/m)]);
  expect(both.asked[0]).toMatchObject({ method: 'POST', body: { address: '2001:db8::7' } });
  const one = await sculptorctl(['ban', 'create', '2001:db8::7', '--jail', 'sshd'], answers);
  expect(one.asked[0]).toMatchObject({ body: { address: '2001:db8::7', jails: ['sshd'] } });
  const lifted = doing('address.unban');
  const path = '/v1/server/bans/2001%3Adb8%3A%3A7';
  const out = await sculptorctl(['ban', 'delete', '2001:db8::7'], {
    ...{ [`DELETE ${path}`]: lifted.accepted, [EVENTS]: lifted.events },
  });
  expect([out.code, out.asked[0]]).toMatchObject([0, { method: 'DELETE', path }]);
});

test('another jail is used wrongly', async () => {
  const { code, err } = await sculptorctl(['ban', 'create', '203.0.113.7', '--jail', 'recidive']);
  expect([code, err]).toEqual([2, expect.stringContaining('Allowed choices')]);
});
