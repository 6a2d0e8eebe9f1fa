import { createFiles } from '../system/files.ts';
import { readFirewallSettings } from '../system/firewall-settings.ts';
import { paths } from '../system/paths.ts';
import { readSshReach } from '../system/ssh-reach.ts';
import { note, warning, wrong, type Check, type Found } from './finding.ts';
import type { Server } from './server.ts';

const NFT = '/usr/sbin/nft';
const LIST = ['list', 'table', 'inet', 'sculptor'];
const AGAIN = 'Run sculptorctl firewall renew.';

/** The kernel has the rules that the file says, and they let ssh in where sshd is. */
export const firewall: Check = async (server) => {
  if ((await server.config()).mode !== 'systemd') return [];
  const files = createFiles();
  if (!(await readFirewallSettings(files)).on)
    return [note('The firewall is off: what listens on this server is reached by the network.')];
  if (!(await canFilter(server)))
    return [warning(`No firewall: ${LACKS}.`, 'Close its ports where its network is made.')];
  if ((await files.read(paths.firewallRules)) === null)
    return [
      wrong(`There is no ${paths.firewallRules}: nothing is closed to the network after the next start.`),
    ];
  const [is, should] = [await inForce(server), await asWritten(server)];
  return [...standing(is, should, await isOnTrial(server)), ...(await waysIn(server, should))];
};

const LACKS =
  'nft can do nothing here, where this server is a container of somebody else’s or its kernel lacks it';

function canFilter({ run }: Server): Promise<boolean> {
  return run(NFT, ['list', 'tables']).then(
    () => true,
    () => false,
  );
}

/** What a trial has left, where the server was started anew meanwhile, is none. */
function isOnTrial({ run }: Server): Promise<boolean> {
  const args = ['is-active', '--quiet', '--', 'sculptor-firewall-undo.timer'];
  return run('/usr/bin/systemctl', args).then(
    () => true,
    () => false,
  );
}

async function inForce({ run }: Server): Promise<string | null> {
  return run(NFT, ['-s', ...LIST]).catch(() => null);
}

/** As nft shows it: the file is read into a network of its own, which is gone at once. */
function asWritten({ run }: Server): Promise<string> {
  const lines = [`include "${paths.firewallRules}"`, LIST.join(' '), ''];
  return run('/usr/bin/unshare', ['--net', '--', NFT, '-s', '-i'], lines.join('\n'));
}

export function standing(is: string | null, should: string, tried: boolean): readonly Found[] {
  if (is === null)
    return [wrong('The kernel has no table sculptor: nothing is closed to the network.', AGAIN)];
  if (is.trim() === should.trim()) return [];
  return tried
    ? [warning('Rules of the firewall are on trial.', 'Run sculptorctl firewall confirm, or wait a minute.')]
    : [wrong(`The table sculptor in the kernel is not as ${paths.firewallRules} says.`, AGAIN)];
}

async function waysIn({ run }: Server, should: string): Promise<readonly Found[]> {
  const commands = {
    run: ({ file, args }: { file: `/${string}`; args: readonly string[] }) => run(file, args),
  };
  const { ports } = await readSshReach({ commands });
  const open = portsIn(should, 'ssh');
  return ports
    .filter((port) => !open.includes(port))
    .map((port) => wrong(`sshd is on port ${port}, and the firewall lets nobody in there.`, AGAIN));
}

/** The elements of a set of ports, as nft lists it. */
export function portsIn(listing: string, set: string): readonly number[] {
  const elements = new RegExp(`set ${set} \\{[^}]*elements = \\{([^}]*)\\}`).exec(listing)?.[1] ?? '';
  return Array.from(elements.matchAll(/[0-9]+/g), ([number]) => Number(number));
}
