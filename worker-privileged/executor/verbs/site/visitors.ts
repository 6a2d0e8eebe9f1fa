import type { DomainId } from '../../../../contract/ids.ts';
import type { Step } from '../../ensure.ts';
import { lookAtFiles } from '../../look-at-files.ts';
import type { WantedFile } from '../../wanted-files.ts';
import { renderVisitors } from '../../render/visitors.ts';
import { visitorsFile } from '../../system/paths.ts';
import type { System } from '../../system/system.ts';
import type { Story } from './story.ts';

/** nginx looks them up at each request: no reload is needed, and where the file is not there nobody comes in. */
export function visitors({ system: { files }, spec }: Story): readonly Step[] {
  const { basicAuth } = spec.options;
  if (basicAuth === null) return [];
  const path = visitorsFile(spec.id);
  const text = renderVisitors(basicAuth);
  const wanted: readonly WantedFile[] = [{ path, text, mode: 0o640, secret: true }];
  return [
    {
      name: 'write down who may visit',
      files: () => Promise.resolve(wanted),
      look: () => lookAtFiles(files, wanted, 'others are written down'),
      change: () => files.replace(path, text, 0o640),
    },
  ];
}

/** Once nothing asks for them any more. */
export function noVisitors({ files }: Pick<System, 'files'>, id: DomainId): Step {
  const path = visitorsFile(id);
  return {
    name: 'forget who may visit',
    files: () => Promise.resolve([{ path, gone: true, secret: true }]),
    look: async () => ((await files.read(path)) === null ? null : 'somebody is written down'),
    change: () => files.remove(path),
  };
}
