import type { Charset, Collation } from '../contract/collations.ts';
import type { PasswordHash } from '../contract/databases.ts';
import type { Account } from '../contract/grants.ts';
import type { DatabaseId, DatabaseUserId, TenantId } from '../contract/ids.ts';
import type { DatabaseName } from '../contract/names.ts';
import { STILL_HELD } from '../state/tickets.ts';
import type { Ticket } from '../state/tickets.ts';

/** A database as it should stand in MariaDB. */
export interface Schema {
  readonly name: DatabaseName;
  readonly charset: Charset;
  readonly collation: Collation;
  /** For its life. */
  readonly tenant: TenantId;
}

/** What changes something. Everything may throw a FailureError of the procedure's own, or the driver's error. */
export interface DatabaseChanges {
  /** Makes it, or gives one that is there another character set for what is made in it from now on. */
  readonly putDatabase: (id: DatabaseId, schema: Schema) => Promise<void>;
  /** One that holds nothing, and that nobody logs in to. What holds something is the executor's to remove. */
  readonly discardDatabase: (id: DatabaseId) => Promise<void>;
  readonly putUser: (id: DatabaseUserId, databaseId: DatabaseId, account: Account) => Promise<void>;
  readonly putPassword: (id: DatabaseUserId, hash: PasswordHash) => Promise<void>;
  readonly dropUser: (id: DatabaseUserId) => Promise<void>;
}

type Value = string | number | null;

type Procedure = 'put_database' | 'discard_database' | 'put_user' | 'put_password' | 'drop_user';

export interface Statement {
  readonly procedure: Procedure;
  readonly text: string;
  readonly values: readonly Value[];
}

/** By the procedures that `state/procedures.sql` grants; `run` is given a call of one. */
export function changesBy(run: (call: Statement) => Promise<void>): DatabaseChanges {
  const call = (procedure: Procedure, ...values: readonly Value[]) =>
    run({ procedure, text: `CALL sculptor_door.${procedure}(${values.map(() => '?').join(', ')})`, values });
  return {
    putDatabase: (id, { name, charset, collation, tenant }) =>
      call('put_database', id, name, charset, collation, tenant),
    discardDatabase: (id) => call('discard_database', id),
    putUser: (id, databaseId, { name, privileges, passwordHash, maxConnections }) =>
      call('put_user', id, databaseId, name, privileges, passwordHash, maxConnections),
    putPassword: (id, hash) => call('put_password', id, hash),
    dropUser: (id) => call('drop_user', id),
  };
}

export type Claim = Pick<Ticket, 'id' | 'epoch'>;

/** One statement, so that no worker can hang between the question and the deed. */
export function whileHeld({ procedure, text, values }: Statement, { id, epoch }: Claim): Statement {
  return {
    procedure,
    text: `BEGIN NOT ATOMIC
      IF EXISTS (SELECT 1 FROM sculptor.operation WHERE ${STILL_HELD}) THEN ${text};
      ELSE SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'executor_unavailable'; END IF;
    END`,
    values: [id, epoch, ...values],
  };
}
