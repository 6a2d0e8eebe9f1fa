import { FailureError } from '../../../contract/failures.ts';
import { CommandError, type Commands } from './command.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';

/** The OpenSSH server, as far as sites take files by it. */
export type Ssh = {
  /** Throws `server_broken` where it would not let a site's key in, or would let it do more than it should. */
  readonly requireReady: () => Promise<void>;
  /** Ends what was let in before, however it keeps itself busy. */
  readonly endSessions: (uid: number) => Promise<void>;
};

type Tools = { readonly files: Pick<Files, 'read'>; readonly commands: Pick<Commands, 'run'> };

export function createSsh({ files, commands }: Tools): Ssh {
  return {
    requireReady: async () => {
      if ((await files.read(paths.sshdPart)) !== null) return;
      throw new FailureError(
        'server_broken',
        'This server takes no files by SFTP.',
        'Install an OpenSSH server (openssh-server) on it, then run the installation of the agent again.',
      );
    },
    endSessions: async (uid) => {
      // Newer ones have a program of its own for each session. A site may call its own programs so, and lose them.
      const sessions = '^sshd(-session)?$';
      await commands
        .run({ file: '/usr/bin/pkill', args: ['-KILL', '--uid', String(uid), '--', sessions] })
        .catch((cause: unknown) => {
          if (!(cause instanceof CommandError) || cause.exitCode !== 1) throw cause;
        });
    },
  };
}
