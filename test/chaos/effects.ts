import { existsSync, readFileSync } from 'node:fs';
import { Cron, Run } from '../../contract/site-parts.ts';
import { api } from '../machine/agent.ts';
import type { OperationRow, Truth } from './history.ts';
import { standingOf } from './truths.ts';

/** What can be counted: each command and each cron leaves a line when it begins, so that a second time shows. */
export async function countEffects(operations: readonly OperationRow[]): Promise<readonly Truth[]> {
  const sites = new Set(
    operations.filter(({ kind }) => kind === 'domain.create').map(({ resource }) => resource),
  );
  const truths: Truth[] = [];
  for (const id of sites) {
    const rows = operations.filter(({ resource }) => resource === id);
    const { standing, last } = standingOf(rows);
    if (standing !== 'there' || last === null) continue;
    const around = { folder: `/home/www/${last.name}/private`, headers: { 'sculptor-tenant': last.tenant } };
    truths.push(...(await runs(id, around)), ...(await crons(id, { ...around, operations })));
  }
  return truths;
}

type Around = { readonly folder: string; readonly headers: Readonly<Record<string, string>> };

async function itemsOf(path: string, { headers }: Around): Promise<readonly unknown[]> {
  const { status, json } = await api('GET', `${path}?limit=200`, { headers });
  return status === 200 ? (json['items'] as unknown[]) : [];
}

async function runs(id: string, around: Around): Promise<Truth[]> {
  return (await itemsOf(`/v1/domains/${id}/runs`, around)).map((item) => {
    const { id: about, status, result, command } = Run.parse(item);
    const seen = count(around.folder, command);
    // One that failed was begun, too, and found the disk full.
    const leftItsLine = status === 'ended' && result?.exitCode === 0;
    return {
      about: `command ${about}, ${status}: how often it was begun`,
      expected: leftItsLine ? '1' : String(Math.min(seen, 1)),
      seen: String(seen),
    };
  });
}

async function crons(
  id: string,
  { operations, ...around }: Around & { readonly operations: readonly OperationRow[] },
): Promise<Truth[]> {
  return (await itemsOf(`/v1/domains/${id}/crons`, around)).map((item) => {
    const cron = Cron.parse(item);
    const most = operations.filter(
      ({ kind, resource, attempt }) => kind === 'cron.run' && resource === cron.id && attempt > 0,
    ).length;
    const seen = count(around.folder, cron.command);
    return {
      about: `cron ${cron.id}: how often it was begun, for ${most} wishes`,
      expected: String(Math.min(seen, most)),
      seen: String(seen),
    };
  });
}

function count(folder: string, command: readonly string[]): number {
  const path = `${folder}/${command.at(-1)?.split(' ').at(-1) ?? ''}`;
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}
