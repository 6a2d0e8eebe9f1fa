// A transaction that a session has prepared (XA PREPARE) outlives that session, and holds the tables that it changed, for as
// long as MariaDB runs and beyond. MariaDB does not know whose it is, and lets any account end it: XA RECOVER names all of
// the server's. (MySQL asks for a right that tenants have not; there root looks by hand.) So those without a session are taken back where, and only where, one keeps a database from being dropped.
import { FailureError } from '../../../contract/failures.ts';
import type { DatabaseServer } from '../../../contract/databases.ts';
import type { DatabaseId } from '../../../contract/ids.ts';
import type { DoorSql } from './door-sql.ts';
import type { RootSql } from './root-sql.ts';

type Tools = { readonly sql: RootSql; readonly server: DatabaseServer } & Pick<DoorSql, 'call'>;

/** Drops a database with its accounts for good. What is half dropped goes on where it was when it is asked for again. */
export function createRemoval({ sql, call, server }: Tools) {
  return async (id: DatabaseId): Promise<void> => {
    const drop = () => call('remove_database', [id]);
    await drop().catch(async (failure: unknown) => {
      if (server !== 'mariadb' || !isHeld(failure)) throw failure;
      await endPrepared(sql);
      await drop();
    });
  };
}

/** The procedure's own word for a table that somebody holds; a server that cannot be asked has a cause. */
function isHeld(failure: unknown): boolean {
  if (!(failure instanceof FailureError) || failure.cause !== undefined) return false;
  return failure.failure.code === 'database_unavailable';
}

/** As MariaDB writes it: what holds a quote, a backslash or no character of ASCII stands there in hexadecimal. */
const PART = String.raw`(?:'[^'\\]*'|X'[0-9A-F]*')`;
const XID = new RegExp(`^${PART}(?:,${PART}(?:,\\d{1,10})?)?$`, 'i');

/** One of a session that is there cannot be ended from another, and stays. */
async function endPrepared(sql: RootSql): Promise<void> {
  const lines = (await sql("XA RECOVER FORMAT = 'SQL';")).split('\n');
  for (const line of lines) {
    const xid = line.split('\t')[3] ?? '';
    if (XID.test(xid)) await sql(`XA ROLLBACK ${xid};`).catch(() => undefined);
  }
}
