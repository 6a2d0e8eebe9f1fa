import { z } from 'zod';
import { readHead, type NotedHead } from '../system/audit-log.ts';
import { createFiles } from '../system/files.ts';
import { warning, wrong, type Check, type Found } from './finding.ts';

const VERIFY = 'Run sculptorctl audit verify.';

const Standing = z.object({
  last: z.number().nullable(),
  /** What stands where root has seen the chain's end. */
  noted: z.string().nullable(),
  unsealed: z.number(),
});
export type AuditStanding = z.infer<typeof Standing>;

/** That the audit is sealed, and ends no sooner and in nothing else than root has seen. All of it: `audit verify`. */
export const audit: Check = async (server) => {
  const head = await readHead(createFiles());
  const [line = ''] = await server.sql(standingAt(head));
  return auditFound(Standing.parse(JSON.parse(line)), head);
};

function standingAt(head: NotedHead | null): string {
  return `SELECT JSON_OBJECT('last', (SELECT MAX(number) FROM sculptor.audit_seal),
    'noted', (SELECT LOWER(HEX(hash)) FROM sculptor.audit_seal WHERE number = ${head?.number ?? 0}),
    'unsealed', (SELECT COUNT(*) FROM sculptor.audit a LEFT JOIN sculptor.audit_seal s ON s.seq = a.seq
      WHERE a.seq > (SELECT GREATEST(MAX(seq), 10000) - 10000 FROM sculptor.audit) AND s.seq IS NULL
        AND a.at < UTC_TIMESTAMP(3) - INTERVAL 2 MINUTE));`;
}

export function auditFound(
  { last, noted, unsealed }: AuditStanding,
  head: NotedHead | null,
): readonly Found[] {
  const found: Found[] = [];
  if (head !== null && (last ?? 0) < head.number)
    found.push(wrong(`Root saw ${head.number} seals of the audit, and there are ${last ?? 0}.`, VERIFY));
  else if (head !== null && noted !== head.hash)
    found.push(
      wrong(`The audit is another than root saw at ${head.at}, up to its seal ${head.number}.`, VERIFY),
    );
  if (unsealed > 0)
    found.push(
      warning(
        `${unsealed} rows of the audit are not sealed, and older than two minutes.`,
        'Look whether sculptor-worker-privileged runs, and what it logs.',
      ),
    );
  return found;
}
