import { choose, requireNoWords, type AdminCommand, type AdminRequest } from './command.ts';
import { listDumps, mebibytes } from './list-state-dumps.ts';
import { restoreState } from './restore-state.ts';

const WORDS = {
  'state-dumps': list,
  'dump-state': dump,
  'restore-state': restoreState,
} as const satisfies Readonly<Record<string, (words: readonly string[]) => AdminRequest>>;

export const system: AdminCommand = {
  synopsis:
    'system state-dumps | dump-state | restore-state [NAME] [--yes] [--keep-tokens] [--without-keeping]',
  summary:
    "The dumps of the agent's own state: shows them, makes one now, puts one back. Without --yes it says what that would " +
    'mean and changes nothing; what is on the server stays as it is.',
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
