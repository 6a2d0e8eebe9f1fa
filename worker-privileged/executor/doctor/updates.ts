import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { warning, wrong, type Check, type Found } from './finding.ts';
import { linesOf, type Server } from './server.ts';

const OURS = '/etc/apt/apt.conf.d/99-sculptor-updates';
const PROGRAM = '/usr/bin/unattended-upgrade';
const TIMERS = ['apt-daily.timer', 'apt-daily-upgrade.timer'];
const IN_APT = 'Look in /etc/apt/apt.conf.d for a later file that says otherwise.';

/** Security updates install themselves, and nothing else does, as apt has put all of its files together. */
export const updates: Check = async (server) => {
  if (!existsSync(PROGRAM)) return [wrong(`There is no ${PROGRAM}: no security update installs itself.`)];
  const dump = await server.run('/usr/bin/apt-config', ['dump', '--no-empty', '--format', '%f %v%n']);
  const wanted = originsIn(await readFile(OURS, 'utf8').catch(() => ''));
  const states = ['--show', '--showformat=${db:Status-Abbrev} ${binary:Package}\\n'];
  const half = halfway(await server.run('/usr/bin/dpkg-query', states));
  return [...half, ...settings(linesOf(dump), wanted), ...(await timers(server))];
};

/** Each package with its state as dpkg-query(1) abbreviates it: the second letter is what it is, the third that it is broken. */
export function halfway(states: string): readonly Found[] {
  const names = linesOf(states).flatMap((line) => /^(?:.[UFHW].|..R) (\S+)$/.exec(line)?.[1] ?? []);
  if (names.length === 0) return [];
  const said = names.length === 1 ? 'A package was' : `${names.length} packages were`;
  const sentence = `${said} left half-way by dpkg, and no update installs itself until that is mended: ${names.slice(0, 5).join(' ')}.`;
  return [wrong(sentence, 'Run dpkg --configure --pending; dpkg --audit tells more.')];
}

/** What stands in our file, in its order. */
export function originsIn(text: string): readonly string[] {
  return Array.from(text.matchAll(/^ *"(origin=[^"]+)";$/gm), ([, origin = '']) => origin);
}

const LISTS = ['Unattended-Upgrade::Origins-Pattern:: ', 'Unattended-Upgrade::Allowed-Origins:: '];
const PERIODIC = ['Enable', 'Update-Package-Lists', 'Unattended-Upgrade'].map(
  (name) => `APT::Periodic::${name}`,
);

export function settings(lines: readonly string[], wanted: readonly string[]): readonly Found[] {
  const taken = LISTS.flatMap((list) => valuesOf(lines, list));
  const valueOf = (name: string) => valuesOf(lines, `${name} `).at(-1) ?? '0';
  const lacking = wanted.filter((origin) => !taken.includes(origin));
  const more = taken.filter((origin) => !wanted.includes(origin));
  return [
    ...(wanted.length === 0 ? [wrong(`${OURS} names no origin of security updates.`)] : []),
    ...lacking.map((origin) => wrong(`Security updates of ${origin} do not install themselves.`, IN_APT)),
    ...more.map((origin) => warning(`Updates of ${origin} install themselves too.`, IN_APT)),
    ...PERIODIC.filter((name) => !isOn(valueOf(name))).map((name) =>
      wrong(`${name} is ${valueOf(name)}: no security update installs itself.`, IN_APT),
    ),
    ...(/^(1|true|yes|on|with|enable)$/i.test(valueOf('Unattended-Upgrade::Automatic-Reboot'))
      ? [warning('After an update the server starts anew by itself.', IN_APT)]
      : []),
  ];
}

function valuesOf(lines: readonly string[], head: string): readonly string[] {
  return lines.filter((line) => line.startsWith(head)).map((line) => line.slice(head.length));
}

/** Every so many days, or hours; 0 is never. */
function isOn(value: string): boolean {
  return value === 'always' || Number.parseInt(value, 10) > 0;
}

async function timers(server: Server): Promise<readonly Found[]> {
  if ((await server.config()).mode !== 'systemd') return [];
  const words = ['show', '--property=Id,ActiveState', ...TIMERS];
  return stopped(await server.run('/usr/bin/systemctl', words));
}

/** A paragraph for each unit. */
export function stopped(shown: string): readonly Found[] {
  return shown.split('\n\n').flatMap((unit) => {
    const [, name = 'a timer'] = /^Id=(.*)$/m.exec(unit) ?? [];
    const [, state = 'unknown'] = /^ActiveState=(.*)$/m.exec(unit) ?? [];
    if (state === 'active') return [];
    const mend = `Run systemctl enable --now ${name}.`;
    return [wrong(`${name} is ${state}: no security update installs itself.`, mend)];
  });
}
