import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, rootSql } from '../machine/server.ts';
import { SECOND_WORKER } from './checker-calls.ts';
import { WORKER } from './ground.ts';
import type { Call, Finish, OperationRow } from './history.ts';

export const AUDIT_LOG = '/var/lib/sculptor-root/audit.log';

/** Every row of the state that says what was asked for and how it ended. */
export function readOperations(): readonly OperationRow[] {
  const ms = (column: string) =>
    `CAST(ROUND(1000 * TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${column}) / 1000000) AS INT)`;
  const fields = {
    ...{ seq: 'seq', id: 'id', kind: 'kind', resourceType: 'resource_type', resource: 'resource_id' },
    ...{ name: 'resource_name', tenant: 'tenant', serialKey: 'serial_key', generation: 'generation' },
    ...{ status: 'status', attempt: 'attempt', error: 'error_code' },
    ...{ startedAt: ms('started_at'), endedAt: ms('ended_at') },
  };
  const pairs = Object.entries(fields).map(([name, column]) => `'${name}', ${column}`);
  return lines(rootSql(`SELECT JSON_OBJECT(${pairs.join(', ')}) FROM sculptor.operation ORDER BY seq`)).map(
    (line) => JSON.parse(line) as OperationRow,
  );
}

type AuditLine = Omit<Call, 'endedAt' | 'waitedMs'> & {
  readonly time: string;
  readonly event: string;
  readonly waitedMs?: number;
};
type Ended = Partial<AuditLine> & Pick<AuditLine, 'time' | 'event' | 'outcome' | 'durationMs'>;

/** What root's side carried out, in the order in which it ended. */
export function readCalls(): readonly Call[] {
  return lines(readFileSync(AUDIT_LOG, 'utf8')).flatMap((line) => {
    // One that was being written when the disk was full, or its writer killed, is half a line.
    const audit = whole(line) as Ended | null;
    if (audit?.event !== 'ended' || audit.verb === undefined) return [];
    const { operation = null, verb, id = null, outcome, durationMs, waitedMs = null } = audit;
    return [{ endedAt: Date.parse(audit.time), operation, verb, id, outcome, durationMs, waitedMs }];
  });
}

type Logged = { readonly msg?: string; readonly operationId?: string; readonly attempt?: number };

/** What the workers say that they have ended; in the journal, whose times no process makes up. */
export function readFinishes(): readonly Finish[] {
  const words = ['--output=json', '--no-pager', `--unit=${WORKER}`, `--unit=${SECOND_WORKER}`];
  return lines(must('journalctl', words)).flatMap((line) => {
    const entry = JSON.parse(line) as Record<string, string>;
    const said = whole(String(entry['MESSAGE'])) as Logged | null;
    if (said?.msg !== 'operation finished' || said.operationId === undefined) return [];
    const at = Math.round(Number(entry['__REALTIME_TIMESTAMP']) / 1000);
    const { operationId: operation, attempt = 0 } = said;
    return [{ at, unit: entry['_SYSTEMD_UNIT'] ?? '', operation, attempt }];
  });
}

/** What the agent's processes had to complain of where they name one of the operations that a text names. */
export function readComplaints(text: string): readonly string[] {
  const operations = text.match(/\b[a-z0-9]{20}\b/g) ?? [];
  return lines(must('journalctl', ['--no-pager', '--output=cat', '--unit=sculptor-*'])).filter(
    (line) => /"level":"(?:warn|error)"/.test(line) && operations.some((id) => line.includes(id)),
  );
}

/** The codes that an operator finds explained. */
export function readDocumented(): readonly string[] {
  const text = readFileSync(join(__dirname, '../../docs/operating.md'), 'utf8');
  return Array.from(text.matchAll(/^\| `([a-z_]+)` \|/gm), ([, code]) => code ?? '');
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}

function whole(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
