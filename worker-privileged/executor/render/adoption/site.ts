import { runsPhp } from '../../../../contract/domains.ts';
import type { SiteEntry } from '../../system/registry.ts';
import { sqlInteger, sqlText } from '../sql.ts';
import { flag, insert, json, SERVER, textOrNull } from './rows.ts';
import { filled, gone, standing, told, tooMany, type Adopted, type Known } from './told.ts';

/** Null where the state has it so already, or where nothing of it stands to be told. */
export function adoptSite(entry: SiteEntry, known: Known | undefined, graceHours: number): Adopted | null {
  const { id, name, tenant } = entry;
  const of = { table: 'domain', id, name, tenant, serialKey: `domain:${id}` };
  if (entry.purgedAt !== null || entry.purgingAt !== null)
    return known === undefined || known.status === 'deleted' ? null : gone(of, known);
  const { settings } = entry;
  if (settings === null) return null;
  const version = (generation: number, deleted: boolean) =>
    insert('domain_version', {
      ...{
        domain_id: sqlText(id),
        generation: sqlInteger(generation),
        tenant: sqlText(tenant),
        server: SERVER,
      },
      ...{ name: sqlText(name), aliases: json(entry.names.filter((each) => each !== name)) },
      type: sqlText(settings.type),
      php_version: runsPhp(settings.type) ? textOrNull(settings.phpVersion) : 'NULL',
      public_directory: sqlText(settings.publicDirectory),
      options: json(keptOptions(settings.options, generation)),
      php_limits: json(settings.phpLimits),
      ...{ isolation: sqlText(entry.isolation), enabled: flag(settings.enabled), deleted: flag(deleted) },
    });
  const visitors = (generation: number) =>
    (settings.options.basicAuth?.users ?? []).map((user) =>
      insert('visitor_hash', {
        ...{ domain_id: sqlText(id), generation: sqlInteger(generation) },
        ...{ name: sqlText(user.name), password_hash: sqlText(user.passwordHash) },
      }),
    );
  const names = [...new Set([name, ...entry.names])];
  const held = [
    `DELETE FROM domain_name WHERE domain_id = ${sqlText(id)} OR name IN (${names.map(sqlText).join(', ')})`,
    ...names.map((each) =>
      insert('domain_name', { name: sqlText(each), domain_id: sqlText(id), tenant: sqlText(tenant) }),
    ),
    `UPDATE domain_version SET tenant = ${sqlText(tenant)} WHERE domain_id = ${sqlText(id)}`,
    `UPDATE site_part_version SET tenant = ${sqlText(tenant)} WHERE domain_id = ${sqlText(id)}`,
    ...(entry.protected
      ? [
          `INSERT IGNORE INTO protection (resource_id, resource_type, actor) VALUES (${sqlText(id)}, 'domain', 'root')`,
        ]
      : []),
  ];
  if (entry.removedAt !== null) {
    if (known?.status === 'trashed' || known?.status === 'deleted') return null;
    const generation = Math.max(entry.generation, known?.last ?? 0) + 1;
    const versions = filled(known, generation, (each) => version(each, each === generation));
    const trashed = standing(id, { status: 'trashed', generation, since: entry.removedAt, graceHours });
    return versions === null
      ? tooMany(of)
      : told(of, known, { kind: 'domain.delete', generation, statements: [...versions, ...held, trashed] });
  }
  if (known !== undefined && known.last >= entry.generation) return null;
  const { generation } = entry;
  const versions = filled(known, generation, (each) => version(each, false));
  if (versions === null) return tooMany(of);
  const statements = [
    ...versions,
    ...visitors(generation),
    ...held,
    standing(id, { status: 'live', generation }),
  ];
  return told(of, known, {
    kind: known === undefined ? 'domain.create' : 'domain.update',
    generation,
    statements,
  });
}

/** Without what lets visitors in, which stands in a table of its own. */
function keptOptions(
  { basicAuth, ...options }: NonNullable<SiteEntry['settings']>['options'],
  since: number,
): unknown {
  if (basicAuth === null) return { ...options, basicAuth };
  return {
    ...options,
    basicAuth: { ...basicAuth, users: basicAuth.users.map(({ name }) => ({ name, since })) },
  };
}
