import { z } from 'zod';
import type { AuditEntry } from '../contract/audit.ts';
import type { Sql, SqlValue, State } from './connection.ts';
import { instant } from './row-values.ts';

/** One line of the audit. What is longer than its column is cut. */
export interface AuditLine {
  /** A token's id, or `nobody`. */
  readonly actor: string;
  readonly address: string;
  /** An operation's kind, or a method and a route. */
  readonly action: string;
  /** The resource's id where there is one. */
  readonly resource: string;
  readonly outcome: string;
  readonly detail?: string;
  readonly times?: number;
}

export async function insertAudit(sql: Sql, line: AuditLine): Promise<void> {
  await sql.run(
    'INSERT INTO audit (actor, address, action, resource, outcome, times, detail) VALUES (?, ?, ?, ?, ?, ?, ?)',
    valuesOf(line),
  );
}

/** All of them or none. */
export async function insertAudits(state: State, lines: readonly AuditLine[]): Promise<void> {
  await state.transaction(async (sql) => {
    for (const line of lines) await insertAudit(sql, line);
  });
}

/** The same with the account of the worker, which nobody else can write as. */
export async function insertWorkersAudit(sql: Sql, line: AuditLine): Promise<void> {
  await sql.run(
    `INSERT INTO audit (actor, address, action, resource, outcome, times, detail, source)
     VALUES (?, ?, ?, ?, ?, ?, ?, 'worker')`,
    valuesOf(line),
  );
}

function valuesOf({
  actor,
  address,
  action,
  resource,
  outcome,
  times = 1,
  detail = '',
}: AuditLine): SqlValue[] {
  return [
    ...[actor.slice(0, 40), address.slice(0, 45), action.slice(0, 60), resource.slice(0, 60)],
    ...[outcome.slice(0, 40), times, detail.slice(0, 250)],
  ];
}

const Row = z.object({
  id: z.number(),
  at: instant,
  source: z.enum(['api', 'worker']),
  actor: z.string(),
  address: z.string(),
  action: z.string(),
  resource: z.string(),
  outcome: z.string(),
  times: z.number(),
  detail: z.string(),
  seal: z.number().nullable(),
});

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly resource?: string | undefined;
  /** `refused` is all that was refused, for whatever reason. */
  readonly outcome?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** The id that the page begins after, counting down. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** The newest first. */
export async function listAudit(sql: Sql, filter: AuditFilter): Promise<AuditEntry[]> {
  const { outcome, since, until, before = Number.MAX_SAFE_INTEGER, limit } = filter;
  const asked: [string, SqlValue[]][] = [['a.seq < ?', [before]]];
  for (const column of ['actor', 'action', 'resource'] as const) {
    const value = filter[column];
    if (value !== undefined) asked.push([`a.${column} = ?`, [value]]);
  }
  if (outcome !== undefined)
    asked.push([
      "(a.outcome = ? OR LEFT(a.outcome, ?) = CONCAT(?, ':'))",
      [outcome, outcome.length + 1, outcome],
    ]);
  if (since !== undefined) asked.push(['a.at >= ?', [new Date(since)]]);
  if (until !== undefined) asked.push(['a.at < ?', [new Date(until)]]);
  return sql.rows(
    Row,
    `SELECT a.seq AS id, a.at, a.source, a.actor, a.address, a.action, a.resource, a.outcome, a.times, a.detail,
       s.number AS seal
     FROM audit a LEFT JOIN audit_seal s ON s.seq = a.seq
     WHERE ${asked.map(([text]) => text).join(' AND ')} ORDER BY a.seq DESC LIMIT ?`,
    [...asked.flatMap(([, values]) => values), limit],
  );
}
