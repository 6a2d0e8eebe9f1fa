import { createTableCheck, type Changed } from '../system/audit-check.ts';
import { auditFiles } from '../system/audit-files.ts';
import { checkLog, type Wrong } from '../system/audit-log-check.ts';
import { readHead } from '../system/audit-log.ts';
import type { AuditTable, Unsealed } from '../system/audit-table.ts';
import { acceptAudit } from './audit-accept.ts';
import {
  choose,
  requireNoWords,
  type AdminAnswer,
  type AdminCommand,
  type AdminRequest,
  type AdminTools,
} from './command.ts';

const WORDS = { verify, accept } as const satisfies Readonly<
  Record<string, (words: readonly string[]) => AdminRequest>
>;

export const audit: AdminCommand = {
  synopsis: 'audit verify|accept',
  summary:
    "Looks whether the audit and root's log are as they were written: none of it changed, missing or in another place. " +
    'accept: after an incident, takes the end that stands there for the one that root has noted.',
  read: (words) => choose(WORDS, words),
};

function verify(words: readonly string[]): AdminRequest {
  requireNoWords(words);
  return { subject: 'verify', act: verifyAll };
}

function accept(words: readonly string[]): AdminRequest {
  requireNoWords(words);
  return { subject: 'accept', act: acceptAudit };
}

async function verifyAll({ system, records }: AdminTools): Promise<AdminAnswer> {
  const { files, now } = await system();
  const { audit: table } = await records();
  // In this order: what stands in the audit of root's log was there when that is read, and what root has noted of the audit
  // is there when the audit is read.
  const newestRow = await table.newestRow();
  const log = await checkLog(auditFiles());
  const check = createTableCheck({ log, head: await readHead(files), newestRow, now: now() });
  await table.seals(check.take);
  const { rows, last, wrong, changed, copiesOnly } = check.end();
  const unsealed = notSealed(await table.unsealed());
  const all = [...log.wrong, ...(await namesOf(table, changed)), ...wrong, ...unsealed];
  const counted = {
    ...{ rows, head: last === null ? null : { number: last.number, hash: last.hash } },
    log: { first: log.first, last: log.last, heads: log.heads.size },
    ...{ copiesOnly, accepted: log.accepted },
  };
  return {
    lines: [...all.map(({ why, sentence }) => `${why}: ${sentence}`), ...summary(counted, all.length === 0)],
    document: { good: all.length === 0, ...counted, wrong: all },
    good: all.length === 0,
  };
}

type Counted = {
  readonly rows: number;
  readonly head: { readonly number: number; readonly hash: string } | null;
  readonly log: { readonly first: number; readonly last: number; readonly heads: number };
  readonly copiesOnly: number;
  readonly accepted: number;
};

function summary({ rows, head, log, copiesOnly, accepted }: Counted, good: boolean): readonly string[] {
  return [
    good ? 'the audit is as it was written' : 'the audit is not as it was written',
    head === null ? 'no row is sealed yet' : `${rows} rows, sealed up to ${head.number} ${head.hash}`,
    `lines ${log.first} to ${log.last} of root's log, with ${log.heads} notes of how far the audit reached`,
    ...(copiesOnly > 0
      ? [`${copiesOnly} rows are copies of lines of root's log that are no longer kept`]
      : []),
    ...(accepted > 0
      ? [`up to seal ${accepted} it was accepted by root as it stood, and is not held against anything`]
      : []),
  ];
}

/** What stands in a row may be what was sealed as another. */
async function namesOf(table: AuditTable, changed: readonly Changed[]): Promise<readonly Wrong[]> {
  return Promise.all(
    changed.map(async ({ seq, number, now }): Promise<Wrong> => {
      const other = await table.sealedAs(now);
      const row = `row ${seq} of the audit (seal ${number})`;
      return other === null
        ? { why: 'changed', sentence: `${row} is not what was sealed` }
        : { why: 'swapped', sentence: `${row} holds what was sealed as ${other}` };
    }),
  );
}

function notSealed({ count, first }: Unsealed): readonly Wrong[] {
  if (first === null) return [];
  const sentence = `${count} rows are not sealed, the first is ${first}: look whether sculptor-worker-privileged runs`;
  return [{ why: 'unsealed', sentence }];
}
