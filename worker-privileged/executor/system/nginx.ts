import { FailureError } from '../../../contract/failures.ts';
import type { DomainId } from '../../../contract/ids.ts';
import type { Undo } from '../ensure.ts';
import { createBatch } from './batch.ts';
import { because } from './because.ts';
import { CommandError, type Commands } from './command.ts';
import type { Files } from './files.ts';
import type { Locks } from './locks.ts';
import { drained, reload } from './nginx-master.ts';
import type { Changing, Unread } from './unread.ts';

const CONF = '/etc/nginx/sculptor/nginx.conf';
/** How nginx names a place in one of root's files for a site. */
const IN_SNIPPET = /\/etc\/nginx\/sculptor\/snippets\/[a-z0-9]{12}-([A-Za-z0-9_.-]+\.conf):([0-9]+)/;

export type Nginx = {
  /**
   * Makes a change to nginx's files of a site, asks nginx about all of them, and returns when new workers serve it. Where
   * nginx refuses, the change is undone: `config_refused`, or `server_broken` where it was not the change.
   */
  readonly apply: (files: FilesOf, change: () => Promise<Undo>) => Promise<Undo>;
  /**
   * When those that read former files have ended, but for requests that take long: they may have accepted a visitor whose
   * request they have not read yet, and answer it by the files that they know.
   */
  readonly drained: () => Promise<void>;
  /** Whether an executor died of changing the site's files: nobody knows whether nginx has read them. */
  readonly isUnread: (site: DomainId) => Promise<boolean>;
  /** Puts back what an executor that died was about to change. */
  readonly putBack: () => Promise<void>;
};

type FilesOf = { readonly site: DomainId; readonly changing: readonly Changing[] };

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Pick<Files, 'read'>;
  readonly locks: Locks;
  readonly unread: Unread;
};

export function createNginx({ commands, files, locks, unread }: Tools): Nginx {
  // What changes in the same moment is served by one reload: each reload costs every site's connections a little.
  const sharedReload = createBatch<null>(() => reload(files));

  // Under a lock, so that what is refused is the fault of the one change that was made.
  const checked = (change: () => Promise<Undo>, forget: () => Promise<void>) =>
    locks.during('nginx', async () => {
      const undo = await change().catch(async (failed: unknown) => {
        await forget();
        throw failed;
      });
      try {
        await check(commands);
      } catch (refused) {
        await undo();
        await forget();
        throw await blame(refused, () => check(commands));
      }
      return undo;
    });

  const applied = async (change: () => Promise<Undo>, forget: () => Promise<void>) => {
    const undo = await checked(change, forget);
    const undoLive = async () => {
      await locks.during('nginx', undo);
      await sharedReload(null);
    };
    try {
      await sharedReload(null);
    } catch (failed) {
      await locks.during('nginx', undo);
      await forget();
      throw failed;
    }
    await forget();
    return undoLive;
  };

  return {
    apply: async ({ site, changing }, change) => {
      const forget = await unread.note(site, changing);
      // One that stays is seen when the files are looked at again, which is then tried again.
      return applied(change, () => forget().catch(() => undefined));
    },
    drained: () => drained(files),
    isUnread: unread.isNoted,
    putBack: () => locks.during('nginx', unread.putBack),
  };
}

async function check(commands: Tools['commands']): Promise<void> {
  await commands.run({ file: '/usr/sbin/nginx', args: ['-t', '-q', '-c', CONF] });
}

/** How nginx ends what it has to say of a file: a path without the words of whoever wrote it. */
const PLACE = / in (\/[A-Za-z0-9._/-]{1,300}:[0-9]{1,7})$/m;

function placeIn(failure: unknown): string {
  const place = failure instanceof CommandError ? PLACE.exec(failure.stderr)?.[1] : undefined;
  return place === undefined ? '' : ` in ${place}`;
}

/** Whose fault a refusal was: asked again without the change. */
async function blame(refused: unknown, askAgain: () => Promise<void>): Promise<unknown> {
  if (!(refused instanceof CommandError)) return refused;
  try {
    await askAgain();
  } catch (still) {
    return because(
      still,
      new FailureError(
        'server_broken',
        `nginx refuses its configuration${placeIn(still)}, and not because of this site.`,
        `On the server, nginx -t -c ${CONF} says what is wrong; ask again when it is mended.`,
      ),
    );
  }
  const [, snippet, line] = IN_SNIPPET.exec(refused.stderr) ?? [];
  if (snippet !== undefined) {
    return because(
      refused,
      new FailureError(
        'config_refused',
        `nginx does not take root's own lines for this site: ${snippet}, line ${line ?? '?'}.`,
        'What it served before serves on. On the server, nginx -t of these lines, and the log, say what is wrong.',
      ),
    );
  }
  return because(
    refused,
    new FailureError(
      'config_refused',
      "nginx does not take the site's server block.",
      'The old one is back. The log on the server has what nginx said.',
    ),
  );
}
