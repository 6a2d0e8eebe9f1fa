import { lineOf, type AuditHead } from '../../../contract/audit.ts';
import { auditFiles } from '../system/audit-files.ts';
import { checkLog, type CheckedLog } from '../system/audit-log-check.ts';
import { readHead, type NotedHead } from '../system/audit-log.ts';
import type { AuditTable } from '../system/audit-table.ts';
import type { AdminAnswer, AdminTools } from './command.ts';

/** After an incident: what root has noted of the audit is given up for what stands there. */
export async function acceptAudit({ system, records }: AdminTools): Promise<AdminAnswer> {
  const { files, auditLog } = await system();
  const { audit: table } = await records();
  const log = await checkLog(auditFiles());
  const { last, gone, copied } = await standing(table, log, await readHead(files));
  await auditLog.acceptHead(last);
  // Who wrote that it is further has kept lines from being copied.
  await table.copyFrom(Math.max(copied, log.first - 1));
  return {
    lines: [
      ...givenUp(gone),
      last === null ? 'the audit is empty' : `it ends at seal ${last.number} ${last.hash}`,
    ],
    document: { head: last, givenUp: gone },
  };
}

type Standing = {
  readonly last: AuditHead | null;
  readonly gone: readonly NotedHead[];
  /** The last line of root's log of which there is a copy. */
  readonly copied: number;
};

async function standing(table: AuditTable, log: CheckedLog, head: NotedHead | null): Promise<Standing> {
  const noted = new Map(log.heads);
  if (head !== null) noted.set(head.number, head);
  let last: AuditHead | null = null;
  let [first, copied] = [0, 0];
  await table.seals(({ number, hash, row }) => {
    first ||= number;
    if (noted.get(number)?.hash === hash) noted.delete(number);
    last = { number, hash };
    const line = row?.[1] === 'worker' ? (lineOf(row[8])?.line ?? 0) : 0;
    if (row !== null && line > copied && log.lines.copied(line, row) === 'right') copied = line;
  });
  return { last, copied, gone: [...noted.values()].filter(({ number }) => number >= first) };
}

function givenUp(gone: readonly NotedHead[]): readonly string[] {
  const [newest] = gone.toSorted((one, other) => other.at.localeCompare(one.at));
  if (newest === undefined) return ['nothing is given up: all that root has noted of it stands there'];
  return [
    `given up: ${gone.length} of root's notes, the newest of seal ${newest.number} at ${newest.at}`,
    'what was changed, or taken off the end, before now is found by nobody any more but by who has kept these notes elsewhere',
  ];
}
