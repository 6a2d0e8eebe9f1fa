// A client of MariaDB that touches what a tenant wrote: it runs as a number which is no user of the server, and logs in
// as an account of MariaDB that has rights on this one database.
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asAccount } from './as-account.ts';
import type { Command, Commands } from './command.ts';
import { draftOf, requireRootsOwn } from './own-path.ts';
import { paths } from './paths.ts';

/** Below the numbers of sites, above those that the system gives. */
const NOBODY = { uid: 65_999, gid: 65_999 };

/** The password is of this hour; letters and digits. */
export type Login = { readonly account: string; readonly password: string };

/** Runs a client of MariaDB as that account: the arguments that say how it logs in are put before its own. */
export type LentClient = (login: Login, command: Command) => Promise<void>;

type Tools = { readonly commands: Pick<Commands, 'run'>; readonly socketPath: string };

export function createLentClient({ commands, socketPath }: Tools): LentClient {
  return async ({ account, password }, command) => {
    const login = await namelessFile(`[client]\nuser=${account}\npassword=${password}\n`);
    const args = [
      '--defaults-file=/proc/self/fd/3',
      '--protocol=socket',
      `--socket=${socketPath}`,
      ...command.args,
    ];
    try {
      await commands.run(asAccount(NOBODY, { ...command, args, descriptor3: login.fd }));
    } finally {
      await login.close();
    }
  };
}

/** A file without a name, for the client alone to read: it is gone when both have let go of it. */
async function namelessFile(text: string): Promise<FileHandle> {
  const path = draftOf(`${paths.locks}/login`);
  await requireRootsOwn(dirname(path));
  const file = await open(path, 'wx', 0o400);
  try {
    await unlink(path);
    await file.writeFile(text);
    await file.chown(NOBODY.uid, NOBODY.gid);
  } catch (cause) {
    await file.close();
    throw cause;
  }
  return file;
}
