import { createHash, randomBytes } from 'node:crypto';
import type { OperationKind } from '../../../../contract/operations.ts';
import { sqlInteger, sqlMoment, sqlText } from '../sql.ts';
import { insert, NOW, SERVER } from './rows.ts';

/** What a state knows of a resource: its last version, and what stands of it. */
export type Known = { readonly last: number; readonly status: string | null };

/** What is told of one that the state did not know so, and the statements that tell the state. */
export type Adopted = { readonly what: string; readonly statements: readonly string[] };

/** Versions are counted without a gap: whoever was asked for more often than this is left for a person to look at. */
const MOST_VERSIONS = 10_000;

export type Of = {
  readonly table: string;
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly serialKey: string;
  readonly type?: string;
};

const typeOf = ({ table, type = table }: Of) => type;

/** Between what the state has and what root has, each version is there; only the last is one that was asked for. */
export function filled(
  known: Known | undefined,
  upTo: number,
  version: (generation: number) => string,
): readonly string[] | null {
  const from = (known?.last ?? 0) + 1;
  if (upTo - from > MOST_VERSIONS) return null;
  return Array.from({ length: upTo - from + 1 }, (_, index) => version(from + index));
}

export function tooMany(of: Of): Adopted {
  return { what: `${nameOf(of)} has too many versions to be taken over: look at it by hand`, statements: [] };
}

type Told = {
  readonly kind: OperationKind;
  readonly generation: number;
  readonly statements: readonly string[];
};

/** With an operation of root's that has ended, and what drift shows of it until it is looked at anew. */
export function told(of: Of, known: Known | undefined, { kind, generation, statements }: Told): Adopted {
  const operation = `r${randomBytes(10).toString('hex').slice(0, 19)}`;
  const words = wordsOf(known, kind, generation);
  const { id, name, tenant, serialKey } = of;
  const row = insert('operation', {
    ...{
      id: sqlText(operation),
      kind: sqlText(kind),
      resource_type: sqlText(typeOf(of)),
      resource_id: sqlText(id),
    },
    ...{ resource_name: sqlText(name), serial_key: sqlText(serialKey), generation: sqlInteger(generation) },
    ...{
      tenant: sqlText(tenant),
      server: SERVER,
      actor: "'root'",
      status: "'succeeded'",
      epoch: '1',
      attempt: '1',
    },
    ...{ started_at: NOW, ended_at: NOW },
  });
  return {
    what: `${nameOf(of)} ${words}`,
    statements: [...statements, row, ...(of.table in DRIFTS ? drifted(of, operation, words) : [])],
  };
}

function wordsOf(known: Known | undefined, kind: OperationKind, generation: number): string {
  if (kind.endsWith('.delete')) return 'was removed since the dump';
  if (kind.endsWith('.restore')) return 'was restored since the dump';
  if (known === undefined) return 'is on the server and was not in the dump';
  return `is on the server in version ${generation}, and in the dump in version ${known.last}`;
}

/** What is looked at for drift. */
const DRIFTS = { domain: true, database: true, tenant: true } as const;

function drifted(of: Of, operation: string, words: string): readonly string[] {
  const differences = JSON.stringify([{ step: 'be as the dump of the state has it', words, files: [] }]);
  const digest = createHash('sha256').update(differences).digest('hex');
  return [
    insert('drift', {
      ...{ resource_id: sqlText(of.id), resource_type: sqlText(typeOf(of)), resource_name: sqlText(of.name) },
      ...{
        tenant: sqlText(of.tenant),
        server: SERVER,
        differences: sqlText(differences),
        digest: sqlText(digest),
      },
      ...{ since: NOW, looked_at: NOW },
    }).replace('INSERT', 'REPLACE'),
    insert('drift_kept', {
      ...{ resource_id: sqlText(of.id), operation_id: sqlText(operation) },
      ...{ differences: sqlText(differences), found_at: NOW },
    }),
  ];
}

type Kept = {
  /** Names the resource in its own table and in those of its names. */
  readonly id: string;
  /** What of it is free again, as where an operation removes it. */
  readonly names: readonly string[];
  readonly columns: string;
};

const KEPT: Readonly<Record<string, Kept>> = {
  domain: {
    id: 'domain_id',
    names: ['domain_name', 'site_part_name', 'public_port'],
    columns:
      'domain_id, tenant, server, name, aliases, type, php_version, public_directory, options, php_limits, isolation, enabled',
  },
  tenant: {
    id: 'tenant_id',
    names: [],
    columns: 'tenant_id, tenant, server, name, plan, suspended_reason, suspended_since',
  },
  site_part: {
    id: 'part_id',
    names: ['site_part_name', 'public_port'],
    columns: 'part_id, type, domain_id, tenant, server, name, spec',
  },
  database: {
    id: 'database_id',
    names: ['database_name', 'database_user_name'],
    columns: 'database_id, tenant, server, name, charset, collation',
  },
  database_user: {
    id: 'user_id',
    names: ['database_user_name'],
    columns: 'user_id, database_id, tenant, server, name, privileges, max_connections',
  },
};

/** There is nothing of it any more: as the state knew it last, and removed. */
export function gone(of: Of, known: Known): Adopted {
  const kept = KEPT[of.table];
  if (kept === undefined) throw new Error(`nothing is known of ${of.table}`);
  const { columns, names } = kept;
  const [generation, id] = [known.last + 1, sqlText(of.id)];
  const statements = [
    `INSERT INTO ${of.table}_version (${columns}, generation, deleted) SELECT ${columns}, ${sqlInteger(generation)}, TRUE
      FROM ${of.table}_version WHERE ${kept.id} = ${id} AND generation = ${sqlInteger(known.last)}`,
    ...names.map((table) => `DELETE FROM ${table} WHERE ${kept.id} = ${id}`),
    standing(of.id, { status: 'deleted', generation }),
  ];
  const kind = `${typeOf(of)}.delete` as OperationKind;
  return told(of, known, { kind, generation, statements });
}

type Standing =
  | { readonly status: 'live' | 'deleted'; readonly generation: number }
  | {
      readonly status: 'trashed';
      readonly generation: number;
      readonly since: string;
      readonly graceHours: number;
    };

export function standing(id: string, to: Standing): string {
  const trashed = to.status === 'trashed';
  return insert('resource_state', {
    ...{ resource_id: sqlText(id), status: `'${to.status}'`, generation: sqlInteger(to.generation) },
    trashed_at: trashed ? sqlMoment(to.since) : 'NULL',
    purge_after: trashed
      ? `${sqlMoment(to.since)} + INTERVAL ${sqlInteger(Math.round(to.graceHours * 3600))} SECOND`
      : 'NULL',
    updated_at: NOW,
  }).replace('INSERT', 'REPLACE');
}

const nameOf = (of: Of) => `${typeOf(of)} ${of.name} (${of.id})`;
