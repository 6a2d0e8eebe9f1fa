import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { BanJail } from '../../contract/bans.ts';
import { must, run } from './server.ts';

/* fail2ban as root has it on a server, with the agent's jails. */

const CONFIG = '/etc/sculptor/agent.json';

/** Installs it, names the panel's addresses, and has the installation set up the jails. */
export async function setUpFail2ban(panelAddresses: string): Promise<void> {
  const packages = ['apt-get', 'install', '--quiet', '--yes', 'fail2ban', 'openssh-client'];
  must('env', ['DEBIAN_FRONTEND=noninteractive', ...packages]);
  const config = readFileSync(CONFIG, 'utf8');
  writeFileSync(CONFIG, config.replace(/"panelAddresses": "[^"]*"/, `"panelAddresses": "${panelAddresses}"`));
  must(`${process.cwd()}/scripts/install.sh`, ['--yes']);
  await untilItRuns();
}

export async function untilItRuns(): Promise<void> {
  while (run('fail2ban-client', ['status', 'sculptor-api']).code !== 0) await pause(200);
}

/** Whom it says that it has banned. */
export function banned(jail: BanJail): readonly string[] {
  return must('fail2ban-client', ['get', jail, 'banip']).split(/\s+/).filter(Boolean);
}

/** And whom the kernel keeps off for it. */
export function kept(): string {
  const { code, out } = run('nft', ['list', 'table', 'inet', 'f2b-table']);
  return code === 0 ? out : '';
}
