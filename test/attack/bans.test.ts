import { ready } from '../machine/agent.ts';
import { converse, newId as newRequest, requestLine, type Way } from '../machine/executor-conversation.ts';
import { refused, type Attempt } from './attempt.ts';
import { CARELESS, endsOf, newId, wakeForged } from './forgery.ts';
import { around, CONTROLS, NGINX, PATHS, SHELL, SQL } from './hostile.ts';
import { API, literal, sqlAs } from './thieves.ts';

/* Rows 1, 3 and 46 with the worker taken, or the API: what would ban many, or be an option of fail2ban's client. */

beforeAll(ready);

const WAYS: readonly Way[] = ['socket', 'sudo'];
const BAN = { address: '198.51.100.7', jails: ['sshd'] };
const EVERYTHING = [...SHELL, ...CONTROLS, ...NGINX, ...SQL, ...PATHS];
const ADDRESSES = [
  ...around(BAN.address, EVERYTHING),
  ...[
    '--all',
    '-h',
    '--help',
    '',
    'localhost',
    'host.example',
    '127.0.0.1',
    '::1',
    '0.0.0.0',
    '127.1',
    '0x7f000001',
  ],
  ...[
    '198.51.100.0/24',
    '0.0.0.0/0',
    '::/0',
    '::ffff:198.51.100.7',
    '198.51.100.007',
    '2001:DB8::7',
    '2001:db8:0::7',
  ],
  ...['fe80::1%eth0', 'ff02::1', '198.51.100.7 198.51.100.8', '198.51.100.7,198.51.100.8', '224.0.0.1'],
].filter((value) => value !== BAN.address);
const JAILS = [...around('sshd', EVERYTHING), '--all', 'recidive', 'all', '', 'SSHD'].filter(
  (value) => value !== 'sshd',
);

/** What is wrong with a wish for a ban, and the wish. */
const WISHES: readonly (readonly [what: string, wishes: readonly object[]])[] = [
  ['an address', ADDRESSES.map((address) => ({ ...BAN, address }))],
  ['a jail', JAILS.map((jail) => ({ ...BAN, jails: [jail] }))],
  [
    'another form',
    [
      ...[{ ...BAN, jails: [] }, { ...BAN, jails: ['sshd', 'sshd'] }, { ...BAN, jails: 'sshd' }, {}],
      ...[
        { ...BAN, address: [BAN.address] },
        { ...BAN, address: 7 },
        { ...BAN, seconds: -1 },
      ],
    ],
  ],
];

test('rows 1, 3 and 46: no address and no jail of a ban is more than that', async () => {
  await refused(
    [1, 3, 46],
    WAYS.flatMap((way) =>
      ['ban.put', 'ban.remove'].flatMap((verb) =>
        WISHES.map(([what, wishes]): Attempt => {
          const act = async () => {
            const lines = wishes.map((wish) => requestLine(verb, { id: newRequest(), ...wish }));
            const answers = await converse(way, lines.join(''));
            const codes = answers.map((answer) => ('error' in answer ? answer.error.code : 'served'));
            return [codes.length, codes.filter((code) => code !== 'invalid_request')];
          };
          const audit = wishes.map(() => ({ event: 'refused' }));
          const of = { refusal: [wishes.length, []], audit, times: wishes.length };
          return { what: `${what} for ${verb}, by ${way}`, act, ...of };
        }),
      ),
    ),
  );
});

type Forged = { readonly operation: string; readonly statements: readonly string[] };

/** What the API asks of an address, written past it. */
function forge(kind: string, wanted: string): Forged {
  const [request, operation] = [newId(), newId(20)];
  const asked = [request, 'address', 'default', 'default', wanted].map(literal);
  const begun = [
    ...[operation, kind, 'address', request, 'forged', 'address:default'].map(literal),
    ...['1', literal('default'), literal('default'), literal('forged')],
  ];
  const statements = [
    `INSERT INTO sculptor.server_request (request_id, type, tenant, server, wanted) VALUES (${asked.join(', ')})`,
    `INSERT INTO sculptor.operation (id, kind, resource_type, resource_id, resource_name, serial_key, generation,
      tenant, server, actor) VALUES (${begun.join(', ')})`,
  ];
  return { operation, statements };
}

test('rows 1, 3 and 46: nor is one that was written past the API, and the executor is not asked', async () => {
  // The columns take ASCII, and each of these has to end: a part of them is enough.
  const wishes = [
    ...['', '[]', 'null', '7', '{', '"198.51.100.7"'],
    ...WISHES.flatMap(([, these]) => these.filter((_, at) => at % 9 === 0)).map((wish) =>
      JSON.stringify(wish),
    ),
  ];
  await refused(
    [1, 3, 46],
    ['address.ban', 'address.unban'].map((kind) => ({
      what: kind,
      act: async () => {
        const forged = wishes.map((wanted) => forge(kind, wanted));
        sqlAs(API, [CARELESS, ...forged.flatMap(({ statements }) => statements)]);
        const operations = forged.map(({ operation }) => operation);
        wakeForged(operations);
        const ends = [...(await endsOf(operations)).values()];
        return [ends.length, ends.filter(({ code }) => code !== 'invalid_request')];
      },
      refusal: [wishes.length, []],
      times: wishes.length,
    })),
  );
});
