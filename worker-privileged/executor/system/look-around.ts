import type { Commands } from './command.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';

/**
 * What the executor, which has no network, does not see: a unit of its own looks, is started by name and takes no word from
 * anybody; see /usr/lib/sculptor/look-around.
 */
export type LookAround = {
  /** The lines of `ss` about what sshd serves. */
  readonly connections: () => Promise<string>;
  /** fail2ban's table in the kernel, as `nft -j` writes it; empty where there is none. */
  readonly banTable: () => Promise<string>;
};

type Tools = { readonly commands: Pick<Commands, 'run'>; readonly files: Pick<Files, 'read'> };

const LOOK_MS = 20_000;

export function createLookAround({ commands, files }: Tools): LookAround {
  const look = async (path: string) => {
    const args = ['--no-ask-password', 'start', '--', 'sculptor-look-around.service'];
    await commands.run({ file: '/usr/bin/systemctl', args, timeoutMs: LOOK_MS });
    const text = await files.read(path);
    if (text === null) throw new Error(`${path} was not written`);
    return text;
  };
  return { connections: () => look(paths.sshConnections), banTable: () => look(paths.banTable) };
}
