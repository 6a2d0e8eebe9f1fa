import type { Step } from '../../ensure.ts';
import { renderAuthorizedKeys, type AuthorizedKey } from '../../render/authorized-keys.ts';
import { paths } from '../../system/paths.ts';
import type { System } from '../../system/system.ts';
import type { PartKind, Placed } from './kind.ts';

/** Files come in by SFTP with it. sshd reads one file for each user; it is root's, in a folder of root's. */
export const KEY: PartKind<'key'> = {
  whileDisabled: true,
  inPool: false,
  letsIn: () => true,
  on: (system, at) => [keyFile(system, at, true)],
  off: (system, at) => [keyFile(system, at, false)],
};

function keyFile(
  { files, parts, ssh }: Pick<System, 'files' | 'parts' | 'ssh'>,
  { site, part }: Placed<'key'>,
  there: boolean,
): Step {
  const path = paths.authorizedKeys(site.user);
  const wanted = async () => {
    // A line that looks like ours, and is no key of the site's, is somebody's who let himself in.
    const known = (await parts.list(site.id)).flatMap(({ id, type }) => (type === 'key' ? [id] : []));
    const others = keysIn(await files.read(path)).filter(({ id }) => id !== part.id && known.includes(id));
    const own = { id: part.id, publicKey: part.spec.publicKey };
    return renderAuthorizedKeys(there ? [...others, own] : others);
  };
  return {
    files: async () => {
      const text = await wanted();
      return [text === '' ? { path, gone: true } : { path, text }];
    },
    name: there ? 'let the key in' : 'let the key in no more',
    look: async () => {
      const text = await wanted();
      if (((await files.read(path)) ?? '') !== text) return 'the keys are others';
      return files.stray(path, 0o644);
    },
    change: async () => {
      if (there) await ssh.requireReady();
      const text = await wanted();
      const undo = await (text === '' ? files.remove(path) : files.replace(path, text, 0o644));
      // Which key a session came by nobody can tell afterwards.
      if (!there) await ssh.endSessions(site.uid);
      return undo;
    },
  };
}

/** As it was written here; a line of anybody else's is not kept. */
function keysIn(text: string | null): AuthorizedKey[] {
  return (text ?? '').split('\n').flatMap((line) => {
    const found = /^restrict (\S+ \S+) ([a-z][a-z0-9]{11})$/.exec(line);
    if (found === null) return [];
    return [{ publicKey: found[1], id: found[2] } as AuthorizedKey];
  });
}
