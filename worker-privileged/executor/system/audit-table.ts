import type { Readable } from 'node:stream';
import { z } from 'zod';
import { AuditContent, Hash } from '../../../contract/audit.ts';
import type { Commands } from './command.ts';
import { rootLogin, type RootSql } from './root-sql.ts';

/** A seal of the state's audit, and what stands in the row that it is of; null where there is none. */
export type SealedRow = {
  readonly number: number;
  readonly seq: number;
  readonly content: Hash;
  readonly hash: Hash;
  readonly row: AuditContent | null;
};

/** The audit as it stands in MariaDB, read by root. */
export type AuditTable = {
  /** All seals, in the order of their numbers; one at a time, however many. */
  readonly seals: (take: (sealed: SealedRow) => void) => Promise<void>;
  readonly newestRow: () => Promise<number>;
  /** Rows that came a minute ago or before, and are not sealed. */
  readonly unsealed: () => Promise<Unsealed>;
  /** The number under which such a content was sealed. */
  readonly sealedAs: (content: Hash) => Promise<number | null>;
  /** The worker goes on after this line of root's log, where it is said to be further. */
  readonly copyFrom: (line: number) => Promise<void>;
};

export type Unsealed = z.infer<typeof Unsealed>;
const Unsealed = z.strictObject({ count: z.int(), first: z.int().nullable() });

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly socketPath: string;
  readonly sql: RootSql;
};

const LIMIT_MS = 3_600_000;

/** Text of JSON is one line, whatever stands in a row. */
const SEALS = `SELECT JSON_ARRAY(s.number, s.seq, LOWER(HEX(s.content)), LOWER(HEX(s.hash)), CAST(a.at AS CHAR), a.source,
    a.actor, a.address, a.action, a.resource, a.outcome, a.times, a.detail)
  FROM sculptor.audit_seal s LEFT JOIN sculptor.audit a ON a.seq = s.seq ORDER BY s.number;`;

export const UNSEALED = `SELECT JSON_OBJECT('count', COUNT(*), 'first', MIN(a.seq)) FROM sculptor.audit a
  LEFT JOIN sculptor.audit_seal s ON s.seq = a.seq
  WHERE s.seq IS NULL AND a.at < UTC_TIMESTAMP(3) - INTERVAL 60 SECOND;`;

export function createAuditTable({ commands, socketPath, sql }: Tools): AuditTable {
  return {
    seals: async (take) => {
      const args = [...rootLogin(socketPath), '--default-character-set=utf8mb4', '--quick'];
      await commands.run({
        file: '/usr/bin/mariadb',
        args: [...args, '--batch', '--raw', '--skip-column-names'],
        stdin: `${SEALS}\n`,
        timeoutMs: LIMIT_MS,
        drain: async (output) => {
          for await (const line of linesOf(output)) take(toSealedRow(line));
        },
      });
    },
    newestRow: async () => Number(await sql('SELECT COALESCE(MAX(seq), 0) FROM sculptor.audit;')),
    unsealed: async () => Unsealed.parse(JSON.parse(await sql(UNSEALED))),
    sealedAs: async (content) => {
      const text = `SELECT number FROM sculptor.audit_seal WHERE content = X'${content}' LIMIT 1;`;
      const found = (await sql(text)).trim();
      return found === '' ? null : Number(found);
    },
    copyFrom: async (line) => {
      await sql(`UPDATE sculptor.server_fact SET value = JSON_OBJECT('line', ${line}), updated_at = UTC_TIMESTAMP(3)
        WHERE name = 'root-audit' AND CAST(JSON_VALUE(value, '$.line') AS UNSIGNED) > ${line};`);
    },
  };
}

/** Node's own reader of lines takes U+2028, which may stand in a row, for the end of one. */
async function* linesOf(output: Readable): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const chunk of output.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

function toSealedRow(line: string): SealedRow {
  const [number, seq, content, hash, ...row] = z.array(z.unknown()).parse(JSON.parse(line));
  return {
    number: z.number().parse(number),
    seq: z.number().parse(seq),
    content: Hash.parse(content),
    hash: Hash.parse(hash),
    row: row[0] === null ? null : AuditContent.parse(row),
  };
}
