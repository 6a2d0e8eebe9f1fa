import { writeFileSync } from 'node:fs';
import { begin, forget } from '../../machine/archive.ts';
import type { Scenario } from '../scenario.ts';

/** There is nothing to be installed: without a network the distribution's own archives cannot be read. */
const withoutArchives = {
  set: () => {
    begin();
    // unattended-upgrade makes it where it is not.
    writeFileSync('/etc/apt/sources.list', '');
  },
  takeBack: forget,
};

export const OF_THE_SERVER: readonly Scenario[] = [
  {
    kind: 'update.install',
    prepare: () => Promise.resolve({ method: 'POST', path: '/v1/server/updates/install' }),
    around: withoutArchives,
  },
];
