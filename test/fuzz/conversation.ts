import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { VERBS, type Verb } from '../../contract/executor.ts';
import type { AuditEvent } from '../../worker-privileged/executor/server/audit.ts';
import { createDispatch } from '../../worker-privileged/executor/server/dispatch.ts';
import { serveLines } from '../../worker-privileged/executor/server/lines.ts';
import type { VerbTable } from '../../worker-privileged/executor/verbs/table.ts';
import { arbitraryOf } from './arbitrary-of.ts';
import type { Call } from './meant.ts';
import { NO_FENCE } from '../unit/executor/no-fence.ts';

/** All that the caller, the verbs and the audit log have of it. */
export interface Seen {
  readonly calls: readonly Call[];
  readonly answers: readonly string[];
  readonly events: readonly AuditEvent[];
}

/** The whole way in, from bytes to verbs, which are noted and do nothing. */
export async function converse(bytes: Buffer, cut: number): Promise<Seen> {
  const calls: Call[] = [];
  const events: AuditEvent[] = [];
  const audit = (event: AuditEvent) => void events.push(event);
  const dispatch = createDispatch({
    verbs: verbsThat((call) => void calls.push(call)),
    planning: { verbs: verbsThat((call) => void calls.push({ ...call, plan: true })), files: NO_FILES },
    locks: { during: (_name, act) => act() },
    fence: NO_FENCE,
    requireRoom: () => Promise.resolve(),
    halt: new AbortController().signal,
    audit,
    log: () => undefined,
  });
  const input = new PassThrough({ highWaterMark: 1 << 22 });
  const output = new PassThrough({ highWaterMark: 1 << 22 });
  const over = serveLines({ input, output }, { dispatch, audit, stop: new AbortController().signal });
  for (let at = 0; at < bytes.length; at += cut) input.write(bytes.subarray(at, at + cut));
  input.end();
  await over;
  const said = String(output.read() ?? '');
  return { calls, answers: said.split('\n').slice(0, -1), events };
}

const NO_FILES = {
  read: () => Promise.resolve(null),
  readLink: () => Promise.resolve(null),
  stray: () => Promise.resolve(null),
  isClosed: () => Promise.resolve(false),
};

const RESULTS = Object.fromEntries(
  (Object.keys(VERBS) as Verb[]).map((verb) => [
    verb,
    fc.sample(arbitraryOf(VERBS[verb].result), { numRuns: 1, seed: 1 })[0],
  ]),
);

function verbsThat(note: (call: Call) => void): VerbTable {
  const handler = (verb: string) => (args: unknown) => {
    note({ verb, args });
    return Promise.resolve(RESULTS[verb]);
  };
  return Object.fromEntries(Object.keys(VERBS).map((verb) => [verb, handler(verb)])) as unknown as VerbTable;
}
