import { z } from 'zod';
import type { DomainId, PartId, ServerId } from '../contract/ids.ts';
import { isDuplicate } from './connection.ts';
import type { Sql } from './connection.ts';
import { looseJson } from './row-values.ts';

export interface HeldPort {
  readonly server: ServerId;
  readonly port: number;
  readonly part: PartId;
  readonly domain: DomainId;
}

/** Takes the number, or says that it is not to be had; then the transaction has to be given up. */
export async function holdPublicPort(
  sql: Sql,
  { server, port, part, domain }: HeldPort,
): Promise<'held' | undefined> {
  if (await isOwn(sql, { server, port, part })) return undefined;
  try {
    const text = 'INSERT INTO public_port (server, port, part_id, domain_id) VALUES (?, ?, ?, ?)';
    await sql.run(text, [server, port, part, domain]);
    return undefined;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return 'held';
  }
}

async function isOwn(
  sql: Sql,
  { server, port, part }: Pick<HeldPort, 'server' | 'port' | 'part'>,
): Promise<boolean> {
  const text = 'SELECT port FROM public_port WHERE server = ? AND port = ? AND part_id = ?';
  return (await sql.rows(Port, text, [server, port, part])).length > 0;
}

const Port = z.object({ port: z.number() });
const Wanted = z.object({
  spec: looseJson.pipe(z.looseObject({ publicPort: Port.nullish() }).catch({ publicPort: null })),
});

/**
 * Frees what a program holds and no longer uses. Used are the ports of its versions since the last operation that
 * succeeded, that one included, without those whose operation was cancelled or superseded.
 */
export async function freeUnusedPublicPorts(sql: Sql, part: string): Promise<void> {
  // The lock first; see the same for names of domains.
  const held = await sql.rows(Port, 'SELECT port FROM public_port WHERE part_id = ? FOR UPDATE', [part]);
  if (held.length === 0) return;
  const versions = await sql.rows(
    Wanted,
    `SELECT v.spec FROM site_part_version v
       WHERE v.part_id = ?
         AND v.generation >= (SELECT COALESCE(MAX(o.generation), 0) FROM operation o
           WHERE o.resource_id = v.part_id AND o.resource_type = 'queue' AND o.status = 'succeeded')
         AND EXISTS (SELECT 1 FROM operation o
           WHERE o.resource_id = v.part_id AND o.resource_type = 'queue' AND o.generation = v.generation
             AND o.status IN ('queued', 'running', 'succeeded', 'failed'))`,
    [part],
  );
  const used = new Set(versions.map(({ spec }) => spec.publicPort?.port));
  for (const { port } of held.filter((one) => !used.has(one.port)))
    await sql.run('DELETE FROM public_port WHERE port = ? AND part_id = ?', [port, part]);
}
