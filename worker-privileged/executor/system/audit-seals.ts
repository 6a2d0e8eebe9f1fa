import { z } from 'zod';
import { Hash, type AuditHead } from '../../../contract/audit.ts';
import { FailureError } from '../../../contract/failures.ts';
import type { RootSql } from './root-sql.ts';

/** The seals of the state's audit, as root finds them in MariaDB: who says where they end may have been anybody. */
export type AuditSeals = {
  /** Throws unless there is such a seal, and the chain leads to it from the one that root has noted. */
  readonly requireChain: (known: AuditHead | null, head: AuditHead) => Promise<void>;
};

const Standing = z.strictObject({ known: Hash.nullable(), head: Hash.nullable(), chained: z.int() });

export function createAuditSeals(sql: RootSql): AuditSeals {
  return {
    requireChain: async (known, head) => {
      const [line = ''] = (await sql(standingOf(known?.number ?? head.number, head.number))).split('\n');
      const found = Standing.parse(JSON.parse(line));
      if (found.head !== head.hash) throw another(head.number);
      if (known === null) return;
      const isWhole = found.known === known.hash && found.chained === head.number - known.number;
      if (!isWhole) throw another(known.number);
    },
  };
}

function standingOf(known: number, head: number): string {
  const hashAt = (number: number) =>
    `(SELECT LOWER(HEX(hash)) FROM sculptor.audit_seal WHERE number = ${number})`;
  const made = `CONCAT('["', LOWER(HEX(b.hash)), '",', s.number, ',', s.seq, ',"', LOWER(HEX(s.content)), '"]')`;
  return `SELECT JSON_OBJECT('known', ${hashAt(known)}, 'head', ${hashAt(head)}, 'chained', (SELECT COUNT(*)
    FROM sculptor.audit_seal s JOIN sculptor.audit_seal b ON b.number = s.number - 1
    WHERE s.number > ${known} AND s.number <= ${head} AND LOWER(HEX(s.hash)) = SHA2(${made}, 256)));`;
}

/** Its code is no other refusal's: who asks knows that something was changed. */
export function another(number: number): FailureError {
  return new FailureError(
    'mismatch',
    `The audit that stands there is another than root has noted, or was told of, at its seal ${number}.`,
    'Run sculptorctl audit verify on the server.',
  );
}
