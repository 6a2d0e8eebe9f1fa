import type { DatabaseEntry } from '../../system/database-register.ts';
import type { Managed, Shape, StoredAccount } from '../../system/mariadb.ts';
import { sqlInteger, sqlText } from '../sql.ts';
import { flag, insert, SERVER } from './rows.ts';
import { gone, standing, told, type Adopted, type Known } from './told.ts';

export type AdoptedDatabase = {
  readonly id: string;
  readonly there: Managed;
  readonly shape: Shape | null;
  readonly noted: DatabaseEntry | null;
  readonly accounts: readonly StoredAccount[];
};

/** As the door has it. */
export function adoptDatabase(
  { id, there, shape, noted }: AdoptedDatabase,
  known: Known | undefined,
  graceHours: number,
): Adopted | null {
  const { name, tenant } = there;
  const of = { table: 'database', id, name, tenant, serialKey: `database:${id}` };
  const removedAt = noted?.removedAt ?? null;
  const isTrashed = removedAt !== null && noted?.purgedAt === null;
  const isGone = there.dropped && !isTrashed;
  if (isGone) return known === undefined || known.status === 'deleted' ? null : gone(of, known);
  if (known?.status === (isTrashed ? 'trashed' : 'live')) return null;
  // What failed, or is not begun, goes on by itself.
  if (!isTrashed && known !== undefined && known.status !== 'trashed') return null;
  const generation = (known?.last ?? 0) + 1;
  const statements = [
    insert('database_version', {
      ...{
        database_id: sqlText(id),
        generation: sqlInteger(generation),
        tenant: sqlText(tenant),
        server: SERVER,
      },
      ...{ name: sqlText(name), deleted: flag(isTrashed) },
      ...(shape === null ? {} : { charset: sqlText(shape.charset), collation: sqlText(shape.collation) }),
    }),
    `DELETE FROM database_name WHERE database_id = ${sqlText(id)} OR name = ${sqlText(name)}`,
    insert('database_name', { server: SERVER, name: sqlText(name), database_id: sqlText(id) }),
    standing(
      id,
      isTrashed
        ? { status: 'trashed', generation, since: removedAt, graceHours }
        : { status: 'live', generation },
    ),
  ];
  const kind = isTrashed ? 'database.delete' : known === undefined ? 'database.create' : 'database.restore';
  return told(of, known, { kind, generation, statements });
}
