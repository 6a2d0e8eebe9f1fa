import { FailureError } from '../../../contract/failures.ts';
import { NO_RULES } from '../render/firewall.ts';
import { because } from './because.ts';
import { CommandError, type Commands } from './command.ts';
import type { Files } from './files.ts';
import { readFirewallSettings, type FirewallSettings } from './firewall-settings.ts';
import { paths } from './paths.ts';
import { readSshReach, type SshReach } from './ssh-reach.ts';

export type Rules = { readonly settings: FirewallSettings; readonly text: string };

/**
 * The table of rules that is this agent's. Two files: what holds, from the start of the server on, and beside it what is
 * on trial, which the kernel has and the next start has not.
 */
export type Firewall = {
  readonly settings: () => Promise<FirewallSettings>;
  /** What holds; no rules where nothing was ever put there. */
  readonly text: () => Promise<string>;
  /** Whether the kernel has the table. */
  readonly inForce: () => Promise<boolean>;
  readonly ssh: () => Promise<SshReach>;
  /** Throws where nft would not take it. */
  readonly check: (text: string) => Promise<void>;
  /** From now on, and after the next start. */
  readonly keep: (rules: Rules) => Promise<void>;
  /** From now on, for as long as the unit that takes it back says, unless it is confirmed. */
  readonly tryOut: (rules: Rules) => Promise<void>;
  readonly onTrial: () => Promise<boolean>;
  /** Has what is on trial stay. False where nothing is. */
  readonly confirm: () => Promise<boolean>;
};

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Pick<Files, 'read' | 'replace' | 'remove'>;
};

const NFT = '/usr/sbin/nft';
const TIMER = 'sculptor-firewall-undo.timer';
const UNDO = 'sculptor-firewall-undo.service';

export function createFirewall({ commands, files }: Tools): Firewall {
  const nft = (args: readonly string[], stdin = '') => commands.run({ file: NFT, args, stdin });
  const systemctl = (...words: readonly string[]) =>
    commands.run({ file: '/usr/bin/systemctl', args: ['--no-ask-password', ...words] });

  const keep = async ({ settings, text }: Rules) => {
    const undo = await files.replace(paths.firewallRules, text, 0o600);
    try {
      await nft(['-f', paths.firewallRules]);
    } catch (cause) {
      await undo();
      throw cause;
    }
    await files.replace(paths.firewallSettings, textOf(settings), 0o600);
  };

  const tryOut = async ({ settings, text }: Rules) => {
    // What takes it back reads them.
    if ((await files.read(paths.firewallRules)) === null)
      await files.replace(paths.firewallRules, NO_RULES, 0o600);
    await files.replace(paths.firewallTrial, text, 0o600);
    await files.replace(paths.firewallTrialSettings, textOf(settings), 0o600);
    // First: whoever is cut off by what comes next is let in again by it.
    await systemctl('restart', '--', TIMER);
    await nft(['-f', paths.firewallTrial]);
  };

  const onTrial = async () => {
    if ((await files.read(paths.firewallTrial)) === null) return false;
    return systemctl('is-active', '--quiet', '--', TIMER).then(() => true, isEnd);
  };

  return {
    settings: () => readFirewallSettings(files),
    text: async () => (await files.read(paths.firewallRules)) ?? NO_RULES,
    inForce: () => nft(['list', 'table', 'inet', 'sculptor']).then(() => true, isEnd),
    ssh: () => readSshReach({ commands }),
    check: (text) => nft(['-c', '-f', '-'], text).then(() => undefined, refuse),
    keep,
    tryOut,
    onTrial,
    confirm: async () => {
      const text = await files.read(paths.firewallTrial);
      const settings = await files.read(paths.firewallTrialSettings);
      if (text === null || settings === null || !(await onTrial())) return false;
      // First: whatever ends this, what takes it back has them to go by.
      await keep({ settings: await readFirewallSettings({ read: () => Promise.resolve(settings) }), text });
      await systemctl('stop', '--', TIMER, UNDO);
      // Had that begun before, with the former rules, it would have had the last word.
      await nft(['-f', paths.firewallRules]);
      await files.remove(paths.firewallTrial);
      await files.remove(paths.firewallTrialSettings);
      return true;
    },
  };
}

function textOf(settings: FirewallSettings): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}

/** A program that says no, and not one that could not be asked. */
function isEnd(cause: unknown): false {
  if (cause instanceof CommandError && cause.exitCode !== null) return false;
  throw cause;
}

function refuse(cause: unknown): never {
  throw because(
    cause,
    new FailureError(
      'config_refused',
      'nft refuses the rules of the firewall; those from before hold.',
      'journalctl has its words; sculptorctl firewall show says what they are made from.',
    ),
  );
}
