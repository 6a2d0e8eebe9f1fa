import { PassThrough, Readable } from 'node:stream';
import type { TokenId } from '../../contract/ids.ts';
import type { Notice } from '../../contract/mail-notices.ts';
import type { Records } from '../../worker-privileged/executor/admin/command.ts';
import { runAdmin } from '../../worker-privileged/executor/admin/run.ts';
import { ADMIN_COMMANDS } from '../../worker-privileged/executor/admin/table.ts';
import type { AuditEvent } from '../../worker-privileged/executor/server/audit.ts';
import type { Administrator } from '../../worker-privileged/executor/system/administrators.ts';
import { createFakeSystem, type FakeServer } from './executor-system.ts';
import { createFakeNetfilter, firewallOf, type FakeNetfilter } from './firewall.ts';

/** The state and the tokens as MariaDB would hold them, what they were told in order, and standard input. */
export type FakeRecords = {
  readonly told: string[];
  administrators: Administrator[];
  away: boolean;
  input: string;
  readonly netfilter: FakeNetfilter;
  /** What the mailer was told of. */
  readonly noticed: Notice[];
};

export function createFakeRecords(): FakeRecords {
  return {
    told: [],
    administrators: [],
    away: false,
    input: '',
    netfilter: createFakeNetfilter(),
    noticed: [],
  };
}

/** What `sculptorctl` does with words of root's, on a server in memory. */
export async function adminTerminal(server: FakeServer, records: FakeRecords, words: readonly string[]) {
  const said = { out: '', err: '' };
  const events: AuditEvent[] = [];
  const unused = () => {
    throw new Error('no program is started');
  };
  const code = await runAdmin({
    words,
    isRoot: true,
    commands: ADMIN_COMMANDS,
    tools: {
      // What listens, where somebody asks: nothing.
      commands: {
        run: ({ file }) => (file === '/usr/bin/ss' ? Promise.resolve('') : unused()),
        hold: unused,
      },
      log: (level, message) => void (said.err += `${level} ${message}\n`),
      terminal: {
        ...{ input: Readable.from([]), output: new PassThrough(), errors: new PassThrough() },
        interactive: false,
      },
      input: () => Promise.resolve(records.input),
      system: () => Promise.resolve(createFakeSystem(server).system),
      mailer: {
        tell: (notice) => {
          records.noticed.push(notice);
          return Promise.resolve({ letters: 1, repeated: 0 });
        },
      },
      firewall: () => Promise.resolve(firewallOf(records.netfilter)),
      records: () => Promise.resolve(recordsOf(records)),
    },
    audit: (event) => void events.push(event),
    log: (level, message) => void (said.err += `${level} ${message}\n`),
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
  });
  return { code, ...said, events };
}

function recordsOf(records: FakeRecords): Records {
  const tell = (what: string) => {
    if (records.away) return Promise.reject(new Error('MariaDB is away'));
    records.told.push(what);
    return Promise.resolve();
  };
  return {
    state: {
      ask: () => (records.away ? Promise.reject(new Error('MariaDB is away')) : Promise.resolve()),
      sitePurged: (id) => tell(`purged ${id}`),
      databasePurged: (id) => tell(`purged ${id}`),
      unprotected: (id) => tell(`unprotected ${id}`),
      graceSet: (hours) => tell(`grace ${hours}`),
      doorSet: (limit, value) => tell(`door ${limit} ${value}`),
    },
    administrators: {
      create: async (name) => {
        await tell(`create ${name}`);
        return { id: 'tabcdefghij1' as TokenId, text: `sculptor_${'x'.repeat(43)}` };
      },
      list: () => Promise.resolve(records.administrators),
      revoke: async (id) => {
        await tell(`revoke ${id}`);
        return { id, name: 'panel', createdAt: '2026-01-01T00:00:00Z', lastUsedAt: null, revoked: false };
      },
    },
    stateRestore: {
      has: () => Promise.resolve(false),
      youngerThan: () => Promise.resolve({ operations: 0, resources: 0, tokens: 0 }),
      revoked: () => Promise.resolve([]),
      lock: () => tell('lock'),
      unlock: () => tell('unlock'),
      playBack: (name, schema) => tell(`play ${schema} back from ${name}`),
      bringUp: () => Promise.resolve([]),
      migrations: () => Promise.resolve([]),
      revoke: () => tell('revoke tokens'),
      revokeAllBut: () => Promise.resolve(0),
      leaveNumbers: () => tell('leave numbers'),
    },
    adopt: () => Promise.resolve([]),
    audit: {
      seals: () => Promise.resolve(),
      newestRow: () => Promise.resolve(0),
      unsealed: () => Promise.resolve({ count: 0, first: null }),
      copyFrom: () => Promise.resolve(),
      sealedAs: () => Promise.resolve(null),
    },
  };
}
