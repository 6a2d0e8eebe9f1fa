import { FailureError } from '../../../../contract/failures.ts';
import type { Step } from '../../ensure.ts';
import { because } from '../../system/because.ts';
import { CommandError } from '../../system/command.ts';
import { paths } from '../../system/paths.ts';
import { accountOf, type Story } from './story.ts';

/**
 * A served folder below `public` is the site's own to change, so it is looked at and made as the site's user:
 * where a link leads out of it, it leads to what that user may do anyway.
 */
export function publicDirectory(story: Story): Step {
  const { system, spec } = story;
  const home = paths.home(spec.name);
  const asSite = async (file: `/${string}`, ...args: readonly string[]) =>
    system.accounts.runAs(await accountOf(story), { file, args });
  const isThere = (folder: string) =>
    asSite('/usr/bin/test', '-d', `${home}/${folder}`).then(
      () => true,
      () => false,
    );
  return {
    name: 'make the served folder',
    look: async () => {
      if (spec.publicDirectory === 'public') return null;
      if ((await system.registry.read(spec.id)) === null) return 'there is no account';
      return (await isThere(spec.publicDirectory)) ? null : 'there is no served folder';
    },
    change: async () => {
      const made: string[] = [];
      const undo = async () => {
        for (const folder of made.reverse()) await asSite('/usr/bin/rmdir', '--', `${home}/${folder}`);
      };
      try {
        for (const folder of levelsOf(spec.publicDirectory)) {
          if (await isThere(folder)) continue;
          await asSite('/usr/bin/mkdir', '--', `${home}/${folder}`);
          made.push(folder);
        }
      } catch (cause) {
        // Where the tenant has moved it meanwhile, it is the tenant's to clear away.
        await undo().catch(() => undefined);
        throw cause instanceof CommandError ? because(cause, inTheWay(spec.publicDirectory)) : cause;
      }
      return undo;
    },
  };
}

/** `public/a/b`: `public/a`, then `public/a/b`. */
function levelsOf(folder: string): readonly string[] {
  const parts = folder.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 2).join('/'));
}

function inTheWay(folder: string): FailureError {
  return new FailureError(
    'not_ready',
    `The site's folder ${folder} cannot be made: something else is in the way.`,
    'Remove or rename what lies there in the site, then ask again.',
  );
}
