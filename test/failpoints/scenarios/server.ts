import { writeFileSync } from 'node:fs';
import { begin, forget } from '../../machine/archive.ts';
import { setUpFail2ban } from '../../machine/fail2ban-here.ts';
import type { Preparing, Scenario } from '../scenario.ts';

/** There is nothing to be installed: without a network the distribution's own archives cannot be read. */
const withoutArchives = {
  set: () => {
    begin();
    // unattended-upgrade makes it where it is not.
    writeFileSync('/etc/apt/sources.list', '');
  },
  takeBack: forget,
};

const BANS = '/v1/server/bans';
let fail2ban: Promise<void> | undefined;
let count = 0;

/** That nobody else is called by, and no other begins with. */
async function address({ names }: Preparing): Promise<string> {
  await (fail2ban ??= setUpFail2ban(''));
  count += 1;
  const one = `198.18.${100 + Math.floor(count / 100)}.${100 + (count % 100)}`;
  names.add(one);
  return one;
}

export const OF_THE_SERVER: readonly Scenario[] = [
  {
    kind: 'update.install',
    prepare: () => Promise.resolve({ method: 'POST', path: '/v1/server/updates/install' }),
    around: withoutArchives,
  },
  {
    kind: 'address.ban',
    prepare: async (it) => ({ method: 'POST', path: BANS, body: { address: await address(it) } }),
  },
  {
    kind: 'address.unban',
    prepare: async (it) => {
      const banned = await address(it);
      await it.done({ method: 'POST', path: BANS, body: { address: banned } });
      return { method: 'DELETE', path: `${BANS}/${banned}` };
    },
  },
];
