import { appendFileSync, closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import { AuditHead, NOTHING_BEFORE } from '../../../contract/audit.ts';
import { FailureError } from '../../../contract/failures.ts';
import { appendAside, asideIsTaken, takeAside } from './audit-aside.ts';
import { CHAIN_BEGINS, chain, endOfChain, type ChainEnd } from './audit-chain.ts';
import { another } from './audit-seals.ts';
import { codeOf } from './own-path.ts';
import type { Files } from './files.ts';
import type { Locks } from './locks.ts';
import { paths } from './paths.ts';

/** Root's log of what it was asked, by all executors and by root's own commands: each line chained to the one before. */
export type AuditLog = {
  /** Throws where it cannot be written. */
  readonly append: (facts: object) => Promise<void>;
  /**
   * Notes how far the sealed audit of the state reaches, which is kept from whoever may write there. Throws where it
   * would go back, and what `requireChain` throws of what is noted already.
   */
  readonly noteHead: (head: AuditHead, requireChain: RequireChain) => Promise<void>;
  /** From now on this is where it ends, null for nowhere, whatever was noted before. */
  readonly acceptHead: (head: AuditHead | null) => Promise<void>;
};
export type RequireChain = (known: AuditHead | null, head: AuditHead) => Promise<void>;

export type NotedHead = z.infer<typeof NotedHead>;
export const NotedHead = z.strictObject({ ...AuditHead.shape, at: z.iso.datetime() });

const LOCK = 'audit-log';
/** Taken before the other, where both are. */
const HEAD_LOCK = 'audit-head';
/** Each request waits for it. */
const WAIT_SECONDS = 2;
const TAIL_BYTES = 65_536;

type Tools = {
  readonly files: Pick<Files, 'read' | 'replace' | 'remove'>;
  readonly locks: Locks;
  readonly now: () => Date;
};
type Waiting = {
  readonly facts: object;
  readonly written: () => void;
  readonly failed: (cause: unknown) => void;
};

export function createAuditLog({ files, locks, now }: Tools): AuditLog {
  const keepHead = (head: NotedHead) => files.replace(paths.auditHead, `${JSON.stringify(head)}\n`, 0o600);
  let waiting: Waiting[] = [];
  let flushing = false;

  /** What comes while the lock is waited for is written with it. */
  async function flush(): Promise<void> {
    flushing = true;
    while (waiting.length > 0) {
      let taken: readonly Waiting[] = [];
      const write = (append: (all: readonly object[]) => void) => {
        if (taken.length === 0) [taken, waiting] = [waiting, []];
        append(taken.map(({ facts }) => facts));
        return Promise.resolve();
      };
      try {
        await locks
          .during(LOCK, () => write(appendWithAside), WAIT_SECONDS)
          .catch((cause: unknown) => {
            if (codeOf(cause) === 'ENOSPC') throw cause;
            // Who has the lock may be writing: it goes to a file of its own, and from there to its number later.
            return write(appendAside);
          });
        for (const one of taken) one.written();
      } catch (cause) {
        for (const one of taken) one.failed(cause);
      }
    }
    flushing = false;
  }

  return {
    append: (facts) =>
      new Promise((written, failed) => {
        waiting.push({ facts, written, failed });
        if (!flushing) void flush();
      }),
    // One at a time: however many are asked at once, root has one client at MariaDB for them.
    noteHead: (head, requireChain) =>
      locks.during(HEAD_LOCK, async () => {
        const { number, hash } = head;
        const before = await readHead(files);
        // MariaDB is not waited for under the lock that every request takes.
        if (before === null || before.number < number) await requireChain(before, head);
        await locks.during(
          LOCK,
          async () => {
            const known = await readHead(files);
            if (known?.number === number && known.hash === hash) return;
            if (known !== null && known.number >= number) throw another(known.number);
            if (known?.number !== before?.number) throw notedMeanwhile();
            const at = now().toISOString();
            appendChained([{ time: at, event: 'head', sealed: number, seal: hash }]);
            await keepHead({ number, hash, at });
          },
          WAIT_SECONDS,
        );
      }),
    acceptHead: (head) =>
      locks.during(LOCK, async () => {
        const at = now().toISOString();
        const { number = 0, hash = NOTHING_BEFORE } = head ?? {};
        const who = { command: 'audit', subject: 'accept' };
        appendChained([{ time: at, event: 'accepted', ...who, sealed: number, seal: hash }]);
        if (head === null) await files.remove(paths.auditHead);
        else await keepHead({ number, hash, at });
      }),
  };
}

export async function readHead(files: Pick<Files, 'read'>): Promise<NotedHead | null> {
  const text = await files.read(paths.auditHead);
  return text === null ? null : NotedHead.parse(JSON.parse(text));
}

function appendChained(all: readonly object[]): void {
  appendFileSync(paths.auditLog, chain(lastOfAll(paths.auditLog), all).text, {
    mode: 0o600,
    encoding: 'latin1',
  });
}

/** Under the lock: first what was written without it. A line twice, where this breaks off, is no harm. */
function appendWithAside(all: readonly object[]): void {
  appendChained([...takeAside(), ...all]);
  asideIsTaken();
}

/** The number of the last line that is chained; 0 where there is none. */
export function lastNumber(log: string): number {
  return lastOfAll(log).number;
}

/** logrotate has put the lines before the first of a file into the next older one. */
function lastOfAll(log: string): ChainEnd {
  const here = endOf(log);
  if ('hash' in here) return here;
  const before = endOf(`${log}.1`);
  return 'hash' in before ? { ...before, rest: before.rest + here.rest } : CHAIN_BEGINS;
}

function endOf(path: string): ChainEnd | { readonly rest: string } {
  const end = tailOf(path, TAIL_BYTES);
  const found = endOfChain(end.text, end.whole);
  if (found !== null || end.whole) return found ?? { rest: end.text };
  const { text } = tailOf(path, Infinity);
  return endOfChain(text, true) ?? { rest: text };
}

function tailOf(path: string, most: number): { readonly text: string; readonly whole: boolean } {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return { text: '', whole: true };
    throw cause;
  }
  try {
    const { size } = fstatSync(file);
    const length = Math.min(size, most);
    const bytes = Buffer.alloc(length);
    const read = readSync(file, bytes, 0, length, size - length);
    return { text: bytes.toString('latin1', 0, read), whole: length === size };
  } finally {
    closeSync(file);
  }
}

function notedMeanwhile(): FailureError {
  return new FailureError(
    'executor_unavailable',
    'Another request has noted where the audit ends meanwhile.',
    'Ask again.',
  );
}
