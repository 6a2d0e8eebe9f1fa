import { FailureError } from '../../../contract/failures.ts';
import { isAmong, Network, Port } from '../system/firewall-settings.ts';
import {
  choose,
  requireNoWords,
  UsageError,
  type AdminAnswer,
  type AdminCommand,
  type AdminRequest,
  type AdminTools,
} from './command.ts';
import { portsAnew } from '../verbs/site-parts/public-port.ts';
import { openPorts } from '../verbs/tenant/public-ports.ts';
import { answerOf, changeFirewall, requireSystemd, textFor, type Alter } from './firewall-change.ts';

const WORDS = {
  show: readShow,
  open: readOpen,
  close: readClose,
  'ssh-from': readSshFrom,
  on: (words: readonly string[]) => switched(words, true),
  off: (words: readonly string[]) => switched(words, false),
  renew: readRenew,
  confirm: readConfirm,
} as const satisfies Readonly<Record<string, (words: readonly string[]) => AdminRequest>>;

export const firewall: AdminCommand = {
  synopsis: 'firewall show | confirm | renew | on | off | open|close PORT | ssh-from any|ADDRESS...',
  summary:
    'Shows and changes what the network reaches of this server. Changed over ssh it is taken back after 60 seconds, unless confirmed.',
  read: (words) => choose(WORDS, words),
};

function readShow(words: readonly string[]): AdminRequest {
  requireNoWords(words);
  return { subject: 'show', act: show };
}

function readOpen(words: readonly string[]): AdminRequest {
  const port = portOf(words);
  const alter: Alter = (before) => ({
    ...before,
    open: [...new Set([...before.open, port])].sort(ascending),
  });
  return {
    subject: `open ${port}`,
    act: async (tools) => {
      await refuseHeld(tools, port);
      return changeFirewall(tools, alter);
    },
  };
}

/** Opened by root it would stay open when its program goes. */
async function refuseHeld(tools: AdminTools, port: number): Promise<void> {
  const held = (await (await tools.system()).publicPorts.list()).find((entry) => entry.port === port);
  if (held === undefined) return;
  throw new FailureError(
    'config_refused',
    `Port ${port} is held by the program ${held.part} of the site ${held.site}, and opens with it.`,
    'Choose another one, or take it away from that program: sculptorctl queue update.',
  );
}

function readClose(words: readonly string[]): AdminRequest {
  const port = portOf(words);
  const alter: Alter = (before, { ports }) => {
    if (ports.includes(port)) throw stays(port, 'ssh');
    if (port === 80 || port === 443) throw stays(port, 'the web');
    return { ...before, open: before.open.filter((each) => each !== port) };
  };
  return { subject: `close ${port}`, act: (tools) => changeFirewall(tools, alter) };
}

function stays(port: number, what: string): FailureError {
  return new FailureError(
    'config_refused',
    `Port ${port} is the one of ${what}: it stays open.`,
    'sculptorctl firewall ssh-from says who may come to ssh; sculptorctl firewall off takes all rules away.',
  );
}

function readSshFrom(words: readonly string[]): AdminRequest {
  const networks = words.length === 1 && words[0] === 'any' ? [] : words.map(networkOf);
  if (words.length === 0 || networks.length > 50)
    throw new UsageError('it wants any, or up to 50 addresses or networks such as 192.0.2.0/24');
  const alter: Alter = (before) => ({ ...before, sshFrom: [...new Set(networks)] });
  return { subject: `ssh-from ${words.join(' ')}`, act: (tools) => changeFirewall(tools, alter) };
}

function switched(words: readonly string[], on: boolean): AdminRequest {
  requireNoWords(words);
  return {
    subject: on ? 'on' : 'off',
    act: (tools) => changeFirewall(tools, (before) => ({ ...before, on })),
  };
}

function readRenew(words: readonly string[]): AdminRequest {
  requireNoWords(words);
  return {
    subject: 'renew',
    act: async (tools) => {
      if (await (await tools.firewall()).onTrial()) return answerOf('on trial');
      const answer = await changeFirewall(tools, (before) => before);
      const system = await tools.system();
      if ((await system.publicPorts.list()).length > 0) await portsAnew(system);
      return answer;
    },
  };
}

function readConfirm(words: readonly string[]): AdminRequest {
  requireNoWords(words);
  return { subject: 'confirm', act: confirm };
}

async function confirm(tools: AdminTools): Promise<AdminAnswer> {
  const { locks, mode } = await tools.system();
  requireSystemd(mode);
  const { confirm: stay } = await tools.firewall();
  if (await locks.during('firewall', stay))
    return { lines: ['confirmed: it stays'], document: { confirmed: true } };
  throw new FailureError(
    'not_found',
    'Nothing is on trial: it was confirmed before, or taken back.',
    'sculptorctl firewall show says how it is; ask for the change again, and confirm it sooner.',
  );
}

async function show(tools: AdminTools): Promise<AdminAnswer> {
  const system = await tools.system();
  requireSystemd(system.mode);
  const programs = (await openPorts(system, await system.publicPorts.list()))
    .map(({ port, protocol }) => `${port}/${protocol}`)
    .sort();
  const { settings, ssh, inForce, onTrial, text } = await tools.firewall();
  const [said, reach, there, trial] = [await settings(), await ssh(), await inForce(), await onTrial()];
  const upToDate = trial || (await text()) === textFor(said, reach);
  const state = !there ? 'off' : trial ? 'on trial' : 'in force';
  return {
    lines: [
      upToDate ? state : `${state}, and not as it would be made now: run sculptorctl firewall renew`,
      `ssh   ${reach.ports.join(', ')} from ${said.sshFrom.join(', ') || 'everywhere'}`,
      `open  ${[80, 443, ...said.open].sort(ascending).join(', ')}`,
      ...(programs.length === 0 ? [] : [`for programs  ${programs.join(', ')}`]),
    ],
    document: {
      state,
      upToDate,
      ssh: reach.ports,
      sshFrom: said.sshFrom,
      open: [80, 443, ...said.open],
      programs,
    },
  };
}

function portOf(words: readonly string[]): number {
  const [word = '', ...more] = words;
  const port = Port.safeParse(/^[0-9]{1,5}$/.test(word) ? Number(word) : null);
  if (port.success && more.length === 0) return port.data;
  throw new UsageError('it wants one TCP port, a number up to 65535');
}

/** As node:net reads it, and nothing of an IPv6 zone. */
function networkOf(word: string): string {
  const network = Network.safeParse(word);
  if (network.success && isAmong(word.split('/')[0] ?? '', [word])) return network.data;
  throw new UsageError(`${word.slice(0, 45)} is no address and no network such as 192.0.2.0/24`);
}

function ascending(one: number, other: number): number {
  return one - other;
}
