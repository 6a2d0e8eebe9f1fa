import { z } from 'zod';
import { Generation } from '../contract/ids.ts';
import type { OperationId } from '../contract/ids.ts';
import type { State } from './connection.ts';
import { stillStanding } from './drift.ts';
import type { Looked } from './drift.ts';
import { insertOperation } from './operations.ts';

/** In the place of a token: who asks for what the server does by itself. */
const BY_ITSELF = 'server';
/** What drifts again and again is told, and not fought over. */
const AGAIN_HOURS = 20;

/** The operation that makes it as it was; undefined where something is under way, or it was repaired lately. */
export async function askForRepair(state: State, looked: Looked): Promise<OperationId | undefined> {
  const { type, id, name, tenant, server, generation } = looked;
  return state.transaction(async (sql) => {
    const version = `SELECT generation FROM ${type}_version WHERE ${type}_id = ? AND generation = 1 FOR UPDATE`;
    await sql.rows(z.object({ generation: z.number() }), version, [id]);
    if (!(await stillStanding(sql, looked))) return undefined;
    const lately = `SELECT id FROM operation WHERE resource_id = ? AND kind = ?
      AND created_at > UTC_TIMESTAMP(3) - INTERVAL ? HOUR LIMIT 1`;
    const found = await sql.rows(z.object({ id: z.string() }), lately, [id, `${type}.repair`, AGAIN_HOURS]);
    if (found.length > 0) return undefined;
    return insertOperation(sql, {
      ...{ kind: `${type}.repair`, resource: { id, name }, serialKey: `${type}:${id}` },
      ...{ generation: Generation.parse(generation), tenant, server, actor: BY_ITSELF },
    });
  });
}
