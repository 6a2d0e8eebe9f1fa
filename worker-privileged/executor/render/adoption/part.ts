import type { OperationKind } from '../../../../contract/operations.ts';
import type { PartEntry } from '../../system/part-register.ts';
import { sqlInteger, sqlText } from '../sql.ts';
import { insert, json, SERVER } from './rows.ts';
import { filled, gone, standing, told, tooMany, type Adopted, type Known } from './told.ts';

/** What belongs to a site. A command that ran once is not told: it is over. */
export function adoptPart(entry: PartEntry, known: Known | undefined, tenant: string): Adopted | null {
  const { id, site, type, name, generation } = entry;
  if (type === 'run') return null;
  const of = { table: 'site_part', id, name, tenant, serialKey: `domain:${site}`, type };
  if (entry.removed) {
    if (known === undefined || known.status === 'deleted') return null;
    return gone(of, known, 'deleted');
  }
  if (known !== undefined && known.last >= generation) return null;
  const versions = filled(known, generation, (each) =>
    insert('site_part_version', {
      ...{
        part_id: sqlText(id),
        generation: sqlInteger(each),
        type: sqlText(type),
        domain_id: sqlText(site),
      },
      ...{ tenant: sqlText(tenant), server: SERVER, name: sqlText(name), spec: json(entry.spec) },
    }),
  );
  if (versions === null) return tooMany(of);
  const statements = [
    ...versions,
    `DELETE FROM site_part_name WHERE domain_id = ${sqlText(site)} AND type = ${sqlText(type)} AND name = ${sqlText(name)}`,
    insert('site_part_name', {
      ...{ domain_id: sqlText(site), type: sqlText(type), name: sqlText(name), part_id: sqlText(id) },
    }),
    standing(id, { status: 'live', generation }),
  ];
  // A key has no update.
  const kind = `${type}.${known === undefined || type === 'key' ? 'create' : 'update'}` as OperationKind;
  return told(of, known, { kind, generation, statements });
}
