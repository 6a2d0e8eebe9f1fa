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
    return gone(of, known);
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
    ...heldPort(entry),
    standing(id, { status: 'live', generation }),
  ];
  // A key has no update.
  const kind = `${type}.${known === undefined || type === 'key' ? 'create' : 'update'}` as OperationKind;
  return told(of, known, { kind, generation, statements });
}

/** A number is held like a name: by whom root has it. */
function heldPort({ id, site, ...part }: PartEntry): readonly string[] {
  if (part.type !== 'queue') return [];
  const free = `DELETE FROM public_port WHERE part_id = ${sqlText(id)}`;
  const { publicPort } = part.spec;
  if (publicPort === null) return [free];
  const port = sqlInteger(publicPort.port);
  return [
    `${free} OR (server = ${SERVER} AND port = ${port})`,
    insert('public_port', { server: SERVER, port, part_id: sqlText(id), domain_id: sqlText(site) }),
  ];
}
