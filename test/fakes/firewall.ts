import { NO_RULES } from '../../worker-privileged/executor/render/firewall.ts';
import type { Firewall } from '../../worker-privileged/executor/system/firewall.ts';
import { FirewallSettings } from '../../worker-privileged/executor/system/firewall-settings.ts';
import type { SshReach } from '../../worker-privileged/executor/system/ssh-reach.ts';

type Rules = { readonly settings: FirewallSettings; readonly text: string };

/** The kernel's table, the files that hold, what is on trial, and who is there by ssh. */
export type FakeNetfilter = { kernel: string; kept: Rules; trial: Rules | null; ssh: SshReach };

export function createFakeNetfilter(): FakeNetfilter {
  const kept = { settings: FirewallSettings.parse({}), text: NO_RULES };
  return { kernel: NO_RULES, kept, trial: null, ssh: { ports: [22], sessions: [] } };
}

export function firewallOf(netfilter: FakeNetfilter): Firewall {
  const done = () => Promise.resolve();
  return {
    settings: () => Promise.resolve(netfilter.kept.settings),
    text: () => Promise.resolve(netfilter.kept.text),
    inForce: () => Promise.resolve(netfilter.kernel !== NO_RULES),
    ssh: () => Promise.resolve(netfilter.ssh),
    check: done,
    keep: (rules) => {
      netfilter.kept = rules;
      netfilter.kernel = rules.text;
      return done();
    },
    tryOut: (rules) => {
      netfilter.trial = rules;
      netfilter.kernel = rules.text;
      return done();
    },
    onTrial: () => Promise.resolve(netfilter.trial !== null),
    confirm: () => {
      if (netfilter.trial === null) return Promise.resolve(false);
      netfilter.kept = netfilter.trial;
      netfilter.trial = null;
      return Promise.resolve(true);
    },
  };
}
