import type { PhpVersion } from '../../../../contract/names.ts';
import type { Step } from '../../ensure.ts';
import { paths } from '../../system/paths.ts';
import { inTurn } from '../../in-turn.ts';
import type { Story } from './story.ts';

/** `php`, as the site's programs find it: the version of the site, in a folder that comes first in their PATH. */
export function phpCommand({ system: { files, folders }, spec }: Story, version: PhpVersion): Step {
  const link = paths.siteFile(spec.id, 'bin/php');
  return {
    name: 'choose the PHP of its programs',
    files: () => Promise.resolve([{ path: link, link: paths.phpProgram(version) }]),
    look: async () => {
      if ((await folders.look(paths.siteFile(spec.id, 'bin'))) === null) return 'there is no folder for it';
      return (await files.readLink(link)) === paths.phpProgram(version) ? null : 'the version is another';
    },
    change: () =>
      inTurn([
        () => folders.ensure(paths.siteFile(spec.id, 'bin'), { uid: 0, gid: 0, mode: 0o755 }),
        () => files.link(link, paths.phpProgram(version)),
      ]),
  };
}
