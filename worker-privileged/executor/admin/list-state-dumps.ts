import type { StateDump } from '../system/state-dump-reading.ts';
import type { AdminAnswer, AdminTools } from './command.ts';

export async function listDumps({ system: open }: AdminTools): Promise<AdminAnswer> {
  const dumps = await (await open()).stateDumps.list();
  return {
    lines: dumps.length === 0 ? ['there is no dump yet'] : dumps.map(lineOf),
    document: { items: dumps.map(documentOf) },
  };
}

function lineOf(dump: StateDump): string {
  const { name, about } = dump;
  if (about === null) return `${name.padEnd(24)}  not whole`;
  return `${name.padEnd(24)}  ${mebibytes(octetsOf(about))}  version ${about.version}, ${about.migrations.at(-1) ?? 'no migration'}`;
}

function documentOf({ name, about }: StateDump) {
  if (about === null) return { name, whole: false };
  const { at, version, migrations } = about;
  return { name, whole: true, at, version, migration: migrations.at(-1) ?? null, octets: octetsOf(about) };
}

function octetsOf({ state, door }: NonNullable<StateDump['about']>): number {
  return state.octets + (door?.octets ?? 0);
}

export function mebibytes(octets: number): string {
  return `${(octets / 1_048_576).toFixed(1).padStart(8)} MiB`;
}
