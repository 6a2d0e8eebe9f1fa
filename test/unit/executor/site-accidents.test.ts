import type { SiteSpec } from '../../../contract/domains.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { restoreSite } from '../../../worker-privileged/executor/verbs/site-trash.ts';
import {
  createFakeServer,
  createFakeSystem,
  InjectedError,
  stateOf,
  type Accident,
  type FakeServer,
} from '../../fakes/executor-system.ts';
import { ID, recordedRun, spec } from './sites.ts';

/** Puts a site; with an accident that happens, the error is the accident's. Returns how many changes there were. */
async function put(server: FakeServer, site: SiteSpec, accident?: Accident): Promise<number> {
  const { system, count } = createFakeSystem(server, accident);
  const putting = putSite(system)(site, recordedRun());
  if (accident === undefined) await putting;
  else await expect(putting).rejects.toThrow(InjectedError);
  return count.changes;
}

async function remove(server: FakeServer, accident?: Accident): Promise<number> {
  const { system, count } = createFakeSystem(server, accident);
  const removing = removeSite(system)({ id: ID }, recordedRun());
  if (accident === undefined) await removing;
  else await expect(removing).rejects.toThrow(InjectedError);
  return count.changes;
}

/** Without the note of the next number: numbers are used up. */
function withoutNumber(server: FakeServer): unknown {
  const copy = { ...server, disk: new Map(server.disk) };
  copy.disk.delete(paths.nextUid);
  return stateOf(copy);
}

const sites: readonly [string, SiteSpec][] = [
  ['a PHP site', spec({ aliases: ['a.example', 'b.example'] })],
  ['a site of the pool', spec({ isolation: 'pool' })],
  ['a static site', spec({ type: 'static' })],
  ['a site with a server block of its own', spec({ publicDirectory: 'public/web/root' })],
  ['a site that is switched off', spec({ enabled: false })],
];

test.each(sites)('whatever change fails, of %s that is new only its number is used up', async (_, site) => {
  const all = await put(createFakeServer(), site);
  expect(all).toBeGreaterThan(10);
  for (let at = 1; at <= all; at += 1) {
    const server = createFakeServer();
    await put(server, site, { at, kind: 'tool' });
    expect({ at, state: withoutNumber(server) }).toEqual({ at, state: withoutNumber(createFakeServer()) });
  }
});

test.each(sites)('wherever making %s breaks off, asking again brings it about', async (_, site) => {
  const whole = createFakeServer();
  const all = await put(whole, site);
  for (let at = 1; at <= all; at += 1) {
    const server = createFakeServer();
    await put(server, site, { at, kind: 'crash' });
    await put(server, site);
    expect({ at, state: normal(server) }).toEqual({ at, state: normal(whole) });
  }
});

const updates: readonly [string, Parameters<typeof spec>[0]][] = [
  ['another PHP version', { phpVersion: '8.2' }],
  ['more aliases', { aliases: ['a.example', 'b.example', 'c.example'] }],
  ['a served folder of its own', { publicDirectory: 'public/web', aliases: ['a.example'] }],
  ['the switch', { enabled: false, aliases: ['a.example'] }],
];

test.each(updates)('whatever change fails on the way to %s, the site is as it was', async (_, change) => {
  const before = spec({ aliases: ['a.example'] });
  const after = spec({ generation: 2, aliases: ['a.example'], ...change });
  const whole = createFakeServer();
  await put(whole, before);
  const was = stateOf(whole);
  const all = await put(whole, after);
  for (let at = 1; at <= all; at += 1) {
    const server = createFakeServer();
    await put(server, before);
    await put(server, after, { at, kind: 'tool' });
    expect({ at, state: stateOf(server) }).toEqual({ at, state: was });
  }
});

test.each(sites)(
  'wherever removing %s breaks off, it answers no more, and asking again ends it',
  async (_, site) => {
    const whole = createFakeServer();
    await put(whole, site);
    const all = await remove(whole);
    for (let at = 1; at <= all; at += 1) {
      const server = createFakeServer();
      await put(server, site);
      await remove(server, { at, kind: at % 2 === 0 ? 'crash' : 'tool' });
      if (at > 1) expect(server.disk.has(`/etc/sculptor/sites/${ID}/live`)).toBe(false);
      await remove(server);
      expect({ at, state: stateOf(server) }).toEqual({ at, state: stateOf(whole) });
    }
  },
);

test.each(sites)('wherever making %s breaks off, nothing is left once it is taken away', async (_, site) => {
  const all = await put(createFakeServer(), site);
  for (let at = 1; at <= all; at += 1) {
    const server = createFakeServer();
    await put(server, site, { at, kind: 'crash' });
    // What had come about whole by then is a site, and goes into the trash.
    if (stood(server)) continue;
    // And wherever taking it away breaks off in its turn.
    await remove(server, { at: 1 + (at % 9), kind: 'crash' }).catch(() => undefined);
    await remove(server);
    expect({ at, state: withoutNumber(server) }).toEqual({ at, state: withoutNumber(createFakeServer()) });
  }
});

const stood = ({ disk }: FakeServer) => {
  const entry = disk.get(paths.registered(ID));
  return entry?.kind === 'file' && !entry.text.includes('"settings":null');
};

/** A crash may use up a number: the account's is compared with its folders', and not with the whole's. */
function normal(server: FakeServer): unknown {
  const uid = server.users.get(`s-${ID}`)?.uid ?? 0;
  const text = JSON.stringify(withoutNumber(server));
  return JSON.parse(uid === 0 ? text : text.replaceAll(String(uid), '99')) as unknown;
}

test.each(sites)(
  'wherever bringing %s back breaks off, to remove it leaves it in the trash as before',
  async (_, site) => {
    const trashed = async () => {
      const server = createFakeServer();
      await put(server, site);
      await remove(server);
      return server;
    };
    const restore = async (server: FakeServer, accident?: Accident) => {
      const { system, count } = createFakeSystem(server, accident);
      const restoring = restoreSite(system)({ ...site, generation: 2 }, recordedRun());
      if (accident === undefined) await restoring;
      else await expect(restoring).rejects.toThrow(InjectedError);
      return count.changes;
    };
    // But for the version that was asked for, which only grows, and what its PHP runs: it does not.
    const how = (server: FakeServer) =>
      JSON.stringify(stateOf(server)).replaceAll(
        /(?<=generation\\":)[12]|(?<=php\\":)(?:null|\\"[\w-]+\\")/g,
        'any',
      );
    const asBefore = how(await trashed());
    const all = await restore(await trashed());
    expect(all).toBeGreaterThan(5);
    for (let at = 1; at <= all; at += 1) {
      const server = await trashed();
      await restore(server, { at, kind: 'crash' });
      await remove(server);
      expect({ at, state: how(server) }).toEqual({ at, state: asBefore });
    }
  },
);
