import { FailureError } from '../../../contract/failures.ts';
import { listenersIn } from '../doctor/listeners.ts';
import { NO_RULES, renderFirewall } from '../render/firewall.ts';
import type { OpenPort } from '../render/public-ports.ts';
import type { Commands } from '../system/command.ts';
import { isAmong, type FirewallSettings } from '../system/firewall-settings.ts';
import type { SshReach } from '../system/ssh-reach.ts';
import { openPorts } from '../verbs/tenant/public-ports.ts';
import type { AdminAnswer, AdminTools } from './command.ts';

export type Alter = (before: FirewallSettings, ssh: SshReach) => FirewallSettings;

type Outcome = 'unchanged' | 'changed' | 'on trial';

/** For how long, as systemd/units/sculptor-firewall-undo.timer has it. */
const TRIAL_SECONDS = 60;

/** Renders, lets nft check, and puts in force. Who came by ssh has to come once more before it is for good. */
export async function changeFirewall(tools: AdminTools, alter: Alter): Promise<AdminAnswer> {
  const system = await tools.system();
  const { locks, mode, publicPorts } = system;
  requireSystemd(mode);
  const reached = async () => openPorts(system, await publicPorts.list());
  const firewall = await tools.firewall();
  return locks.during('firewall', async () => {
    if (await firewall.onTrial()) throw waiting();
    const ssh = await firewall.ssh();
    const before = await firewall.settings();
    const settings = alter(before, ssh);
    requireWayIn(settings, ssh);
    const text = textFor(settings, ssh);
    const held = (await firewall.text()) === text;
    const wasThere = await firewall.inForce();
    if (held && wasThere === settings.on && isSame(before, settings)) return answerOf('unchanged');
    const closed = settings.on && !wasThere ? await closedBy(tools.commands, settings, await reached()) : [];
    await firewall.check(text);
    // What was confirmed before needs no trial.
    if (held || ssh.sessions.length === 0) {
      await firewall.keep({ settings, text });
      return answerOf('changed', closed);
    }
    await firewall.tryOut({ settings, text });
    return answerOf('on trial', closed);
  });
}

export function requireSystemd(mode: 'systemd' | 'supervisor'): void {
  if (mode === 'systemd') return;
  throw new FailureError(
    'not_ready',
    'Without systemd the agent has no firewall: the network is that of who runs this container.',
    'Close its ports there.',
  );
}

export function textFor(settings: FirewallSettings, { ports }: SshReach): string {
  return settings.on ? renderFirewall({ ...settings, ssh: ports }) : NO_RULES;
}

/** Whoever is here by ssh has to be able to come again, from there and by that port. */
function requireWayIn({ on, sshFrom }: FirewallSettings, { sessions }: SshReach): void {
  if (!on || sshFrom.length === 0) return;
  const shut = sessions.find(({ peer }) => !isAmong(peer, sshFrom));
  if (shut === undefined) return;
  throw new FailureError(
    'config_refused',
    `Somebody is here by ssh from ${shut.peer}, who could not come again.`,
    'Name that address too, or end that session first.',
  );
}

function waiting(): FailureError {
  return new FailureError(
    'not_ready',
    'A change of the firewall is on trial.',
    `Log in anew and run sculptorctl firewall confirm, or wait until it is taken back, ${TRIAL_SECONDS} seconds after it was made.`,
  );
}

function isSame(one: FirewallSettings, other: FirewallSettings): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

export function answerOf(outcome: Outcome, closed: readonly string[] = []): AdminAnswer {
  const told = closed.map((each) => `closed from now on: ${each}`);
  return { lines: [SENTENCES[outcome], ...told], document: { outcome, closed } };
}

const SENTENCES: Readonly<Record<Outcome, string>> = {
  unchanged: 'unchanged: it is so already',
  changed: 'changed',
  'on trial': `on trial: log in anew by ssh and run sculptorctl firewall confirm within ${TRIAL_SECONDS} seconds, or it is taken back`,
};

/** What the network reached so far, of this server's own and of whatever else runs here. */
async function closedBy(
  commands: Pick<Commands, 'run'>,
  settings: FirewallSettings,
  programs: readonly OpenPort[],
): Promise<readonly string[]> {
  const all = listenersIn(await commands.run({ file: '/usr/bin/ss', args: ['-H', '-lntup'] }));
  const stays = new Set([80, 443, ...settings.open]);
  const found = all
    .filter(
      ({ address, program }) => !/^(?:127\.|\[::1\]|\[::ffff:127\.)/.test(address) && program !== 'sshd',
    )
    .filter(({ protocol, port }) => protocol !== 'tcp' || !stays.has(port))
    .filter((each) => !programs.some((one) => one.port === each.port && one.protocol === each.protocol))
    .map(({ program, protocol, port }) => `${program} on ${protocol} ${port}`);
  return [...new Set(found)];
}
