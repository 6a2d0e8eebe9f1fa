import fc from 'fast-check';
import type { DomainId } from '../../../contract/ids.ts';
import {
  createRegistry,
  FIRST_UID,
  LAST_UID,
  SiteEntry,
} from '../../../worker-privileged/executor/system/registry.ts';
import type { Account } from '../../../contract/grants.ts';
import { compareGrants } from '../../../contract/grants.ts';
import { createAskPage } from '../../../worker-privileged/probe.ts';
import type { Seen } from '../../../worker-privileged/probe-request.ts';
import { always, alwaysInTime, near } from './chance.ts';

const HASH = `*${'A1'.repeat(20)}`;
const account = {
  name: 'shop_user',
  database: 'shop_one',
  privileges: 'read',
  passwordHash: HASH,
  maxConnections: null,
} as Account;
const user = '`shop_user`@`localhost`';
const LIMIT = ' WITH MAX_USER_CONNECTIONS 30';
const rights = fc.constantFrom(
  'SELECT, SHOW VIEW',
  'SHOW VIEW, SELECT',
  'SELECT',
  'ALL PRIVILEGES',
  'SELECT, SHOW VIEW, FILE',
);
const lines = fc.tuple(
  near(
    fc.constantFrom(
      LIMIT,
      ` IDENTIFIED BY PASSWORD '${HASH}'${LIMIT}`,
      ` IDENTIFIED BY PASSWORD '*${'B2'.repeat(20)}'${LIMIT}`,
    ),
  ).map((how) => `GRANT USAGE ON *.* TO ${user}${how}`),
  near(rights.map((which) => `GRANT ${which} ON \`shop\\_one\`.* TO ${user}`)),
  fc.array(near(fc.constantFrom('GRANT `admin` TO x', `GRANT SELECT ON \`mysql\`.* TO ${user}`)), {
    maxLength: 1,
  }),
);

test('rights are right when they are, letter by letter, those that were meant', () => {
  const own = ['SELECT, SHOW VIEW', 'SHOW VIEW, SELECT'].map(
    (which) => `GRANT ${which} ON \`shop\\_one\`.* TO ${user}`,
  );
  always(lines, ([global, second, more]) => {
    const how = global.slice(`GRANT USAGE ON *.* TO ${user}`.length);
    const at = how.indexOf(' WITH');
    const [login, limit] = at < 0 ? [how, ''] : [how.slice(0, at), how.slice(at)];
    const limited = limit === LIMIT;
    const created = `CREATE USER ${user}${how}`;
    const known =
      login === '' || (login.length === 67 && /^ IDENTIFIED BY PASSWORD '\*[0-9A-F]{40}'$/.test(login));
    expect(compareGrants(account, ['30', created, global, second, ...more])).toMatchObject({
      rights: known && limited && own.includes(second) && more.length === 0,
      password:
        /^ WITH MAX_USER_CONNECTIONS [1-9][0-9]*$/.test(limit) &&
        login === ` IDENTIFIED BY PASSWORD '${HASH}'`,
    });
  });
});

const entry = {
  ...{
    id: 'a1b2c3d4e5f6',
    kind: 'site',
    uid: 66_001,
    gid: 66_001,
    user: 's-a1b2c3d4e5f6',
    name: 'shop.example',
  },
  ...{
    isolation: 'site',
    since: '2026-01-01T00:00:00.000Z',
    removedAt: null,
    generation: 3,
    home: true,
    php: null,
  },
  names: ['shop.example'],
};

function registryWith(text: string) {
  return createRegistry({
    files: {
      read: () => Promise.resolve(text),
      replace: () => Promise.resolve(() => Promise.resolve()),
    } as never,
    folders: { list: () => Promise.resolve([]) },
    locks: { during: (_name, act) => act() },
  });
}

test('an entry of the registry is read whole, or stops what was asked', async () => {
  await alwaysInTime(near(fc.constant(JSON.stringify(entry))), async (text) => {
    const read = await registryWith(text)
      .read(entry.id as DomainId)
      .catch(() => null);
    if (read !== null) expect(SiteEntry.parse(JSON.parse(text))).toEqual(read);
    if (read !== null)
      expect([read.uid >= 1 && read.uid <= LAST_UID, /^(www|s-[a-z0-9]{12})$/.test(read.user)]).toEqual([
        true,
        true,
      ]);
  });
});

test('a number for a site is from the range, or there is none', async () => {
  await alwaysInTime(
    near(fc.integer({ min: 65_990, max: 100_010 }).map((uid) => `${uid}\n`)),
    async (note) => {
      const uid = await registryWith(note)
        .nextUid(() => Promise.resolve(false))
        .catch(() => null);
      if (uid !== null)
        expect([uid >= FIRST_UID, uid <= LAST_UID, `${uid}\n`]).toEqual([
          true,
          true,
          note.replace(/^0+/, ''),
        ]);
    },
  );
});

test('a page fits when its status and its text are those that were expected', async () => {
  const seen: fc.Arbitrary<Seen> = fc.oneof(
    fc.record({
      answer: fc.constant('page' as const),
      status: fc.constantFrom(200, 404, 503),
      body: near(fc.constant('a1b2-77\n')),
    }),
    fc.constantFrom<Seen>({ answer: 'closed' }, { answer: 'silent' }),
  );
  await alwaysInTime(seen, async (answered) => {
    const ask = createAskPage({
      ask: () => Promise.resolve(answered),
      pause: () => Promise.resolve(),
      boundMs: 0,
    });
    const probe = { host: 'shop.example', path: '/', expect: { status: 200, body: 'a1b2-77' } };
    const said = await ask(probe).then(
      () => null,
      (error: unknown) => (error as Error).message,
    );
    const good =
      answered.answer === 'page' &&
      answered.status === 200 &&
      ['a1b2-77', 'a1b2-77\n'].includes(answered.body);
    if (good) expect(said).toBeNull();
    else expect(said).toMatch(/^Asked for through nginx, [ -~]{5,100}$/);
  });
});
