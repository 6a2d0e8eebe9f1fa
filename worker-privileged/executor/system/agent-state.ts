import type { DatabaseId, DomainId } from '../../../contract/ids.ts';
import { sqlInteger, sqlText } from '../render/sql.ts';
import type { RootSql } from './root-sql.ts';

/**
 * What root's own commands change beside an operation, told to the state, so that the API says what is. All of it
 * can be told again.
 */
export type AgentState = {
  /** Throws where it cannot be told: asked before what cannot be taken back. */
  readonly ask: () => Promise<void>;
  readonly sitePurged: (id: DomainId) => Promise<void>;
  readonly databasePurged: (id: DatabaseId) => Promise<void>;
  readonly unprotected: (id: string) => Promise<void>;
  /** When what lies in the trash is purged, by the hours that root has set. */
  readonly graceSet: (hours: number) => Promise<void>;
  /** What the door lets through in an hour. */
  readonly doorSet: (limit: DoorLimit, value: number) => Promise<void>;
};

export type DoorLimit = 'let_in_per_hour' | 'destroy_per_hour' | 'connections_per_account';

/** The door is where tenants' databases are, which may be another server than the state's. */
export function createAgentState(sql: RootSql, doorSql: RootSql = sql): AgentState {
  const tell = async (...statements: readonly string[]) => {
    await sql(['START TRANSACTION', ...statements, 'COMMIT'].map((each) => `${each};`).join('\n'));
  };
  return {
    ask: async () => {
      await sql('SELECT 1 FROM sculptor.resource_state LIMIT 1;');
    },
    sitePurged: (id) =>
      tell(
        markDeleted(id),
        `DELETE FROM sculptor.domain_name WHERE domain_id = ${sqlText(id)}`,
        `DELETE FROM sculptor.public_port WHERE domain_id = ${sqlText(id)}`,
      ),
    databasePurged: (id) =>
      tell(
        markDeleted(id),
        `UPDATE sculptor.resource_state s JOIN sculptor.database_user_version v ON v.user_id = s.resource_id
          SET s.status = 'deleted', s.updated_at = UTC_TIMESTAMP(3) WHERE v.database_id = ${sqlText(id)}`,
        `DELETE FROM sculptor.database_name WHERE database_id = ${sqlText(id)}`,
        `DELETE FROM sculptor.database_user_name WHERE database_id = ${sqlText(id)}`,
      ),
    unprotected: (id) => tell(`DELETE FROM sculptor.protection WHERE resource_id = ${sqlText(id)}`),
    graceSet: (hours) =>
      tell(`UPDATE sculptor.resource_state
        SET purge_after = trashed_at + INTERVAL ${sqlInteger(Math.round(hours * 3600))} SECOND
        WHERE status = 'trashed' AND trashed_at IS NOT NULL`),
    doorSet: async (limit, value) => {
      await doorSql(`CALL sculptor_door.set_limit(${sqlText(limit)}, ${sqlInteger(value)});`);
    },
  };
}

/** The API's word for what was purged; an operation that still waits for it ends as failed. */
function markDeleted(id: string): string {
  return `UPDATE sculptor.resource_state SET status = 'deleted', trashed_at = NULL, purge_after = NULL,
    updated_at = UTC_TIMESTAMP(3) WHERE resource_id = ${sqlText(id)}`;
}
