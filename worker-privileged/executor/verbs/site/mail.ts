import { FailureError } from '../../../../contract/failures.ts';
import type { DomainId } from '../../../../contract/ids.ts';
import { staying, type Step } from '../../ensure.ts';
import type { Folder } from '../../system/folders.ts';
import { paths } from '../../system/paths.ts';
import type { System } from '../../system/system.ts';
import { wordsOf } from './home.ts';
import { entryOf } from './story.ts';

type Site = { readonly id: DomainId };
type Tools = Pick<System, 'folders' | 'erase'>;

const MAILER = 'sculptor-mail';
const CLOSED: Folder = { uid: 0, gid: 0, mode: 0o700 };

/**
 * The site's way to the mailer: a folder in which the mailer, whose it is, makes a socket, and which only the site's
 * group may enter. Neither of them can put anything in its place, for the folder that it lies in is root's.
 */
export function mailOpen(story: { readonly system: System; readonly spec: Site }): Step {
  const { system, spec } = story;
  const { folders } = system;
  const path = paths.mailFolder(spec.id);
  const wanted = async (): Promise<Folder> => ({
    uid: await mailerOf(system),
    gid: (await entryOf(story)).gid,
    mode: 0o2750,
  });
  return {
    name: 'let it send mail',
    look: async () => {
      if ((await system.registry.read(spec.id)) === null) return 'there is no account';
      const [found, should] = [await folders.look(path), await wanted()];
      if (found === null) return 'there is no way to the mailer';
      return wordsOf(path, found, should);
    },
    change: async () => {
      const before = await folders.look(path);
      const undo = await folders.ensure(path, await wanted());
      return before === null ? () => close(system, spec.id) : undo;
    },
  };
}

/** What of its mail waits, waits on. */
export function mailClosed({ folders, erase }: Tools, { id }: Site): Step {
  const path = paths.mailFolder(id);
  return {
    name: 'let it send no mail',
    look: async () => ((await folders.look(path)) === null ? null : 'there is a way to the mailer'),
    // Taken back first, so that neither the site nor the mailer changes anything in it while it is removed.
    change: async () => {
      const before = await folders.look(path);
      const undo = await folders.ensure(path, CLOSED);
      await erase(path).catch(async (cause: unknown) => {
        await undo();
        throw cause;
      });
      return async () => {
        if (before !== null) await folders.ensure(path, before);
      };
    },
  };
}

/** The same of a site that goes. */
export function mailRemoved(system: Tools, site: Site): Step {
  const step = mailClosed(system, site);
  return staying(step);
}

/** A new one, in which the mailer may have made its socket already. */
async function close({ folders, erase }: Tools, id: DomainId): Promise<void> {
  const path = paths.mailFolder(id);
  if ((await folders.look(path)) === null) return;
  await folders.ensure(path, CLOSED);
  await erase(path);
}

async function mailerOf({ accounts }: Pick<System, 'accounts'>): Promise<number> {
  const account = await accounts.find(MAILER);
  if (account !== null) return account.uid;
  throw new FailureError(
    'server_broken',
    `The user ${MAILER} is not there.`,
    'Run the installation on the server again: it makes what is missing.',
  );
}
