import type { StateDump } from '../system/state-dumps.ts';
import {
  choose,
  requireNoWords,
  type AdminAnswer,
  type AdminCommand,
  type AdminRequest,
  type AdminTools,
} from './command.ts';

const WORDS = { 'state-dumps': list, 'dump-state': dump } as const satisfies Readonly<
  Record<string, (words: readonly string[]) => AdminRequest>
>;

export const system: AdminCommand = {
  synopsis: 'system state-dumps|dump-state',
  summary: "The dumps of the agent's own state: shows them, and makes one now.",
  read: (words) => choose(WORDS, words),
};

function list(words: readonly string[]): AdminRequest {
  requireNoWords(words);
  return { subject: 'state-dumps', act: listDumps };
}

function dump(words: readonly string[]): AdminRequest {
  requireNoWords(words);
  return {
    subject: 'dump-state',
    act: async (tools) => {
      const { name, at, octets } = await (await tools.system()).stateDumps.make();
      return { lines: [`${name}  ${mebibytes(octets)}`], document: { dump: { name, at, octets } } };
    },
  };
}

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

function mebibytes(octets: number): string {
  return `${(octets / 1_048_576).toFixed(1).padStart(8)} MiB`;
}
