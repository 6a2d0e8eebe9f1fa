import { BanAddress } from '../../../contract/bans.ts';
import { bansIn, isInTable } from '../../../worker-privileged/executor/system/ban-words.ts';
import { CommandError } from '../../../worker-privileged/executor/system/command.ts';
import { createFail2ban } from '../../../worker-privileged/executor/system/fail2ban.ts';

const address = BanAddress.parse('203.0.113.7');
const CLIENT = '/usr/bin/fail2ban-client';

function build(
  answers: Readonly<Record<string, string>>,
  more: { mode?: 'supervisor'; there?: boolean } = {},
) {
  const said: string[] = [];
  const fail2ban = createFail2ban({
    commands: {
      run: ({ file, args }) => {
        said.push([file, ...args].join(' '));
        const answer = answers[args.join(' ')];
        return answer === undefined
          ? Promise.reject(new CommandError(file, 255, 'Is fail2ban running?'))
          : Promise.resolve(answer);
      },
    },
    around: { banTable: () => Promise.resolve(table(['203.0.113.7'])) },
    mode: more.mode ?? 'systemd',
    isThere: () => Promise.resolve(more.there ?? true),
  });
  return { said, fail2ban };
}

const rule = (set: string) => ({ rule: { expr: [{ match: { op: '==', right: `@${set}` } }] } });
const set = (name: string, elem?: readonly unknown[]) => ({ set: { name, ...(elem && { elem }) } });
const table = (elem: readonly unknown[], ...more: readonly object[]) =>
  JSON.stringify({
    nftables: [
      { metainfo: { version: '1.0.6' } },
      set('addr-set-sshd', elem),
      rule('addr-set-sshd'),
      ...more,
    ],
  });

test('of the jails that there are the agent’s are told', async () => {
  const status = 'Status\n|- Number of jail:\t3\n`- Jail list:\trecidive, sculptor-api, sshd\n';
  expect(await build({ status }).fail2ban.jails()).toEqual(['sshd', 'sculptor-api']);
  const none = build({}, { there: false });
  expect([await none.fail2ban.jails(), none.said]).toEqual([[], []]);
  const supervised = build({ status }, { mode: 'supervisor' });
  expect([await supervised.fail2ban.jails(), supervised.said]).toEqual([[], []]);
});

test.each([
  ['it does not run', build({}, { there: false }), /does not run/],
  ['a jail is missing', build({ status: '`- Jail list:\tsshd\n' }), /no jail sculptor-api/],
  ['it does not answer', build({}), /did not do as it was asked/],
])('where %s that is said, and nothing else is asked', async (_, { fail2ban, said }, words) => {
  await expect(fail2ban.require(['sshd', 'sculptor-api'])).rejects.toMatchObject({
    failure: { code: 'not_ready', message: expect.stringMatching(words) },
  });
  expect(said.length).toBeLessThan(2);
});

test('its words are these and no others', async () => {
  const { fail2ban, said } = build({
    'set sshd banip 203.0.113.7': '1\n',
    'set sshd unbanip 203.0.113.7': '1\n',
    'get sshd banned 203.0.113.7': '1\n',
    'get sshd action nftables table': 'f2b-table\n',
  });
  await fail2ban.ban('sshd', address);
  await fail2ban.unban('sshd', address);
  expect([await fail2ban.isListed('sshd', address), await fail2ban.isKept('sshd', address)]).toEqual([
    true,
    true,
  ]);
  expect(said).toEqual([
    `${CLIENT} set sshd banip 203.0.113.7`,
    `${CLIENT} set sshd unbanip 203.0.113.7`,
    `${CLIENT} get sshd banned 203.0.113.7`,
    `${CLIENT} get sshd action nftables table`,
  ]);
});

test.each([
  ['iptables-multiport', 'f2b-table'],
  ['nftables-allports', 'f2b-table'],
  ['nftables', 'mine'],
])('at another table than fail2ban’s own nobody looks: %s, %s', async (action, name) => {
  const { fail2ban } = build({
    'get sshd actions': `The jail sshd has the following actions:\nsendmail, ${action}\n`,
    [`get sshd action ${action} table`]: `${name}\n`,
  });
  expect(await fail2ban.isKept('sshd', address)).toBeNull();
});

test('where its action is there and fail2ban does not say by what table, nobody takes its word', async () => {
  const { fail2ban } = build({ 'get sshd actions': 'The jail sshd has the following actions:\nnftables\n' });
  await expect(fail2ban.isKept('sshd', address)).rejects.toMatchObject({ failure: { code: 'not_ready' } });
});

test('whom it never bans is read line by line', async () => {
  const text = 'These IP addresses/networks are ignored:\n|- 127.0.0.0/8\n|- office.example\n`- ::1\n';
  const { fail2ban } = build({ 'get sshd ignoreip': text });
  expect(await fail2ban.ignored('sshd')).toEqual(['127.0.0.0/8', 'office.example', '::1']);
});

test('since and until are this server’s clock, and what does not end has no end', () => {
  const at = (text: string) => new Date(text).toISOString();
  const text = [
    '203.0.113.7 \t2026-01-31 12:00:00 + 3600 = 2026-01-31 13:00:00',
    '2001:db8::7 \t2026-01-31 12:00:00 + -1 = 9999-12-31 23:59:59',
    '198.51.100.0/24 \t2026-01-31 12:00:00 + 60 = 2026-01-31 12:01:00',
    ...['', 'some word \t2026-01-31 12:00:00 + 60 = x', '203.0.113.8 \tyesterday + 60 = x'],
    '203.0.113.9 \t2026-99-31 12:00:00 + 60 = 2026-01-31 12:01:00',
  ].join('\n');
  const since = at('2026-01-31T12:00:00');
  expect(bansIn(text)).toEqual([
    { address: '203.0.113.7', since, until: at('2026-01-31T13:00:00') },
    { address: '2001:db8::7', since, until: null },
    { address: '198.51.100.0/24', since, until: at('2026-01-31T12:01:00') },
  ]);
});

test.each([
  ['the address among others', table(['203.0.113.6', '203.0.113.7']), true],
  ['others alone', table(['203.0.113.70']), false],
  ['nobody', table([]), false],
  ['no such table', '', false],
  ['the address for another jail', table([], set('addr-set-sculptor-api', ['203.0.113.7'])), false],
  [
    'a set that no rule goes by',
    JSON.stringify({ nftables: [set('addr-set-sshd', ['203.0.113.7']), rule('addr-set-sshd2')] }),
    false,
  ],
])('the kernel has %s', (_, text, holds) => expect(isInTable(text, 'sshd', address)).toBe(holds));
