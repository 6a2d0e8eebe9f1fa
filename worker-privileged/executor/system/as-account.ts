import type { Command } from './command.ts';

type Ids = { readonly uid: number; readonly gid: number };

/** The command as an account runs it: none of our groups, no right that could come back, and of ours those in `kept`. */
export function asAccount({ uid, gid }: Ids, command: Command, kept: readonly string[] = []): Command {
  const capabilities = ['-all', ...kept.map((one) => `+${one}`)].join();
  return {
    ...command,
    file: '/usr/bin/setpriv',
    args: [
      `--reuid=${uid}`,
      `--regid=${gid}`,
      '--clear-groups',
      '--no-new-privs',
      `--inh-caps=${capabilities}`,
      `--ambient-caps=${capabilities}`,
      '--',
      command.file,
      ...command.args,
    ],
  };
}
