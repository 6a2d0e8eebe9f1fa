import { CHECKS } from '../doctor/checks.ts';
import { examine } from '../doctor/examine.ts';
import { report } from '../doctor/report.ts';
import { createServer } from '../doctor/server.ts';
import { requireNoWords, type AdminCommand } from './command.ts';

export const doctor: AdminCommand = {
  synopsis: 'doctor',
  summary:
    'Looks whether this server is as the agent needs it, says what is not and how to mend it. Changes nothing.',
  read: (words) => {
    requireNoWords(words);
    return {
      act: async ({ commands }) => report(await examine(CHECKS, createServer(commands))),
    };
  },
};
