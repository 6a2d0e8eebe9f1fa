import type { Defence } from '../defence.ts';

/** Whom nobody bans, and how many are. */
export const BANS: readonly Defence[] = [
  {
    name: 'the spared are not banned',
    against: 'a stolen token that bans the panel, the server or its administrator',
    change: {
      file: 'worker-privileged/executor/verbs/bans.ts',
      from: '    await spared.refuse(address, jails);\n',
      to: '',
    },
    noticed: {
      file: 'test/unit/executor/bans.test.ts',
      test: 'who is spared is refused before it is counted, and nothing is said to fail2ban',
    },
  },
  {
    name: 'a word that is no network spares everybody',
    against: 'a ban of whom root has named in a way that the agent cannot read',
    change: {
      file: 'worker-privileged/executor/system/spared.ts',
      from: 'if (unreadable !== undefined) throw notKnown(unreadable, of);',
      to: '',
    },
    noticed: {
      file: 'test/unit/executor/spared.test.ts',
      test: /^where a word of .* is no address nobody is banned, for it may be anybody’s$/,
    },
  },
  {
    name: 'a ban is an address',
    against: 'a network, or IPv4 within IPv6, by which many are banned, or whom nobody bans',
    change: {
      file: 'contract/bans.ts',
      from: 'return EXTRAORDINARY_IPV6.test(spelling) ? null : spelling;',
      to: 'return spelling;',
    },
    noticed: {
      file: 'test/unit/contract/bans.test.ts',
      test: /^"::ffff:203\.0\.113\.7" is no address that anybody is banned by$/,
    },
  },
  {
    name: 'bans are counted',
    against: 'a stolen token that keeps the whole world off',
    change: {
      file: 'worker-privileged/executor/verbs/bans.ts',
      from: 'await ((await areSo(steps)) ? bring() : caps.ban(id, bring));',
      to: 'await bring();',
    },
    noticed: {
      file: 'test/unit/executor/bans.test.ts',
      test: 'it is counted by its request, and who is let in again is not counted',
    },
  },
];
