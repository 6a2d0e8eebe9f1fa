import type { StoredAccount } from '../../system/mariadb.ts';
import { sqlInteger, sqlText } from '../sql.ts';
import type { AdoptedDatabase } from './database.ts';
import { insert, SERVER, textOrNull } from './rows.ts';
import { gone, standing, told, type Adopted, type Known } from './told.ts';

type Asked = {
  readonly privileges: string;
  readonly maxConnections: number | null;
  readonly passwordHash: string | null;
};

/** `asked`: by its last version; `stands`: by the one that was carried out. */
export type KnownAccount = Known & {
  readonly id: string;
  readonly name: string;
  readonly database: string;
  readonly tenant: string;
  readonly asked: Asked;
  readonly stands: Asked | null;
};

/**
 * As the door lets it in. Left to drift, whoever repairs that would give it its former rights again, and a password that was
 * perhaps changed because somebody knew it.
 */
export function adoptAccount(
  account: StoredAccount,
  { id: database, there }: Pick<AdoptedDatabase, 'id' | 'there'>,
  known: KnownAccount | undefined,
): Adopted | null {
  if (known !== undefined && !isBeyond(account, known)) return null;
  const { id, name } = account;
  const of = ofAccount({ id, name, database, tenant: there.tenant });
  const generation = (known?.last ?? 0) + 1;
  const statements = [
    insert('database_user_version', {
      ...{
        user_id: sqlText(id),
        generation: sqlInteger(generation),
        database_id: sqlText(database),
        tenant: sqlText(there.tenant),
      },
      ...{ server: SERVER, name: sqlText(name), privileges: sqlText(account.privileges) },
      max_connections: account.maxConnections === null ? 'NULL' : sqlInteger(account.maxConnections),
      password_hash: textOrNull(account.passwordHash),
    }),
    `DELETE FROM database_user_name WHERE user_id = ${sqlText(id)} OR name = ${sqlText(name)}`,
    insert('database_user_name', {
      ...{ server: SERVER, name: sqlText(name), user_id: sqlText(id), database_id: sqlText(database) },
    }),
    standing(id, { status: 'live', generation }),
  ];
  return told(of, known, { kind: kindOf(account, known), generation, statements });
}

/** One that is as it stood waits for what the dump has of it; one that is as was asked for last has had that. */
function isBeyond(account: StoredAccount, { status, asked, stands }: KnownAccount): boolean {
  if (status !== 'live' && status !== null) return false;
  return ![asked, stands].some((each) => each !== null && isAs(account, each));
}

/** A password that is none of ours is left to drift. */
function isAs({ privileges, maxConnections, passwordHash }: StoredAccount, asked: Asked): boolean {
  return (
    privileges === asked.privileges &&
    maxConnections === asked.maxConnections &&
    (passwordHash === null || passwordHash === asked.passwordHash)
  );
}

function kindOf({ passwordHash }: StoredAccount, known: KnownAccount | undefined) {
  if (known === undefined) return 'databaseUser.create';
  const isRotated = passwordHash !== null && passwordHash !== known.asked.passwordHash;
  return isRotated ? 'databaseUser.rotate' : 'databaseUser.update';
}

/** `isThere`: the door has it, or its database lies in the trash, which it comes back from with its accounts. */
export function adoptGoneAccount(known: KnownAccount, isThere: boolean): Adopted | null {
  return known.status === 'live' && !isThere ? gone(ofAccount(known), known) : null;
}

function ofAccount({
  id,
  name,
  database,
  tenant,
}: Pick<KnownAccount, 'id' | 'name' | 'database' | 'tenant'>) {
  return {
    ...{ table: 'database_user', id, name, tenant },
    ...{ serialKey: `database:${database}`, type: 'databaseUser' },
  };
}
