import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { BanAddress, type BanJail } from '../../../contract/bans.ts';
import { FailureError } from '../../../contract/failures.ts';
import type { Fail2ban } from './fail2ban.ts';
import type { Files } from './files.ts';
import { isAmong, Network } from './firewall-settings.ts';
import type { LookAround } from './look-around.ts';
import { ownAddresses } from './own-addresses.ts';
import { paths } from './paths.ts';
import { administratorsIn, type Session } from './ssh-reach.ts';

/** Whom nobody bans by asking for it: fail2ban itself, told to ban somebody, goes by no `ignoreip`. */
export type Spared = {
  /** Throws where the address is one of theirs, or where it is not known whether it is. */
  readonly refuse: (address: BanAddress, jails: readonly BanJail[]) => Promise<void>;
};

type Tools = {
  readonly files: Pick<Files, 'read'>;
  readonly fail2ban: Pick<Fail2ban, 'ignored'>;
  readonly around: Pick<LookAround, 'connections'>;
  /** As the first process of this server sees it: the executor's own network is empty. */
  readonly readOwn?: () => Promise<readonly string[]>;
  readonly administrators?: (text: string) => Promise<readonly Session[]>;
};

export function createSpared({
  files,
  fail2ban,
  around,
  readOwn = readOwnAddresses,
  administrators = administratorsIn,
}: Tools): Spared {
  const refuseAmong = (address: BanAddress, words: readonly string[], of: Whose) => {
    const unreadable = words.find((word) => !Network.safeParse(word).success);
    if (unreadable !== undefined) throw notKnown(unreadable, of);
    if (isAmong(address, words)) throw spared(address, of);
  };
  return {
    refuse: async (address, jails) => {
      refuseAmong(address, await readOwn(), OWN);
      refuseAmong(address, await panelIn(files), THE_PANELS);
      for (const jail of jails)
        refuseAmong(address, await fail2ban.ignored(jail), { ...IGNORED, where: jail });
      const peers = (await administrators(await around.connections())).map(({ peer }) => peer);
      // With a zone it is of one cable, and was cut to what may be several: no such address is banned at all.
      const ordinary = peers.flatMap((peer) => BanAddress.safeParse(peer).data ?? []);
      refuseAmong(address, ordinary, AN_ADMINISTRATORS);
    },
  };
}

type Whose = { readonly whose: string; readonly where: string };
const OWN: Whose = { whose: 'this server’s own', where: 'this server' };
const THE_PANELS: Whose = { whose: 'the panel’s', where: 'panelAddresses of /etc/sculptor/agent.json' };
const IGNORED: Whose = { whose: 'one that root’s ignoreip names', where: '' };
const AN_ADMINISTRATORS: Whose = { whose: 'that of somebody who is on this server by ssh now', where: 'ssh' };

const Panel = z.object({ panelAddresses: z.string().default('') });

/** Read anew each time: root may have written another there since. */
async function panelIn(files: Pick<Files, 'read'>): Promise<readonly string[]> {
  const text = await files.read(paths.agentConfig);
  return Panel.parse(JSON.parse(text ?? '{}'))
    .panelAddresses.split(' ')
    .filter(Boolean);
}

async function readOwnAddresses(): Promise<readonly string[]> {
  const [trie, six] = await Promise.all([
    readFile('/proc/1/net/fib_trie', 'utf8'),
    // Where there is no IPv6 there is no such file.
    readFile('/proc/1/net/if_inet6', 'utf8').catch(() => ''),
  ]);
  return ownAddresses(trie, six);
}

function spared(address: BanAddress, { whose }: Whose): FailureError {
  return new FailureError(
    'protected',
    `${address} is ${whose}, and is not banned.`,
    'Nothing was changed. Root on the server says who is never banned: panelAddresses in /etc/sculptor/agent.json, ignoreip of fail2ban.',
  );
}

function notKnown(word: string, { where }: Whose): FailureError {
  return new FailureError(
    'server_broken',
    `It is not known whom ${where} never bans: ${word.slice(0, 60)} is neither an address nor a network.`,
    'Nothing was changed. On the server, write its address there in the place of its name.',
  );
}
