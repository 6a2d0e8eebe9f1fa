import { warning, type Check } from './finding.ts';

/** What a server lacks where PID 1 is not systemd, and what is left of it. */
export const LACKS: readonly string[] = [
  'No sandbox around the API and the workers: they see every folder that their user may, and the network.',
  'The executor is started by sudo, so the privileged worker can gain privileges; sudo lets it run that one program alone.',
  'No sandbox around the PHP and the programs of sites: a site sees the processes of others, and shares /tmp with them.',
  'No share of memory, processor and disk for a site: the memory of each of its processes is bound, not that of all together, and a share of the processor is a priority.',
  'What a program of a site leaves running is ended by a mark that it has: what hides that runs on until its site is switched off.',
  'No watchdog: a process of the agent that hangs is not ended.',
  'Secrets are read from their files: no LoadCredential keeps them for one process alone.',
  'The PHP of a site runs always; with systemd it starts when it is first asked for.',
  'A site is answered by its own program only where the package systemd is installed, which need not run: its relay is of it.',
  'No sandbox around certbot: it is a child of the executor, as a user of its own.',
  'No firewall: the network is that of who runs this container.',
  'Whether the clock is synchronised is not known.',
];

export const withoutSystemd: Check = async (server) => {
  if ((await server.config()).mode === 'systemd') return [];
  const mend = 'Only a server whose first process is systemd has it.';
  return LACKS.map((sentence) => warning(sentence, mend));
};
