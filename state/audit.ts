import type { Sql } from './connection.ts';

/** One line of the audit, which the API writes and cannot read. */
export interface AuditLine {
  /** The token's id. */
  readonly actor: string;
  readonly address: string;
  /** An operation's kind, or a method and a route. */
  readonly action: string;
  /** The resource's id where there is one. */
  readonly resource: string;
  readonly outcome: string;
}

export async function insertAudit(sql: Sql, line: AuditLine): Promise<void> {
  await sql.run('INSERT INTO audit (actor, address, action, resource, outcome) VALUES (?, ?, ?, ?, ?)', [
    ...[line.actor, line.address, line.action.slice(0, 60), line.resource.slice(0, 60)],
    line.outcome.slice(0, 40),
  ]);
}
