import { readFile } from 'node:fs/promises';
import { CommandError } from '../system/command.ts';
import { wrong, type Check, type Found } from './finding.ts';
import { readOwnAccounts } from './own-users.ts';
import { linesOf, type Server } from './server.ts';
import { findLoose } from './loose.ts';

const OURS = '/etc/sudoers.d/sculptor';

export const sudoers: Check = async (server) => {
  const people = await server.people();
  return [
    ...(await understood(server)),
    ...['/etc/sudoers', '/etc/sudoers.d'].flatMap((path) => findLoose(people, path)),
    ...(await rights(server)),
  ];
};

async function understood({ run }: Server): Promise<readonly Found[]> {
  try {
    await run('/usr/sbin/visudo', ['-c']);
    return [];
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    const said = linesOf(cause.stderr)[0] ?? cause.message;
    return [wrong(`visudo -c does not take sudo's files: ${said}`, 'Mend or remove the file that it names.')];
  }
}

/** As sudo itself reads all of its files, for each user of the agent, and for one of the sites in the place of all. */
async function rights(server: Server): Promise<readonly Found[]> {
  const [own, { users }] = [await readOwnAccounts(), await server.people()];
  const site = users.filter(({ name }) => name.startsWith('s-')).slice(0, 1);
  const wanted = rulesIn(await readFile(OURS, 'utf8').catch(() => ''));
  const found: Found[] = [];
  for (const { name } of [...own.users, ...site]) {
    const allowed = allowedIn(await list(server, name));
    const expected = name === 'sculptor' ? wanted : [];
    found.push(...allowed.filter((rule) => !expected.includes(rule)).map((rule) => tooMuch(name, rule)));
    if (expected.some((rule) => !allowed.includes(rule)))
      found.push(wrong(`sudo does not let ${name} run the executor.`));
  }
  return found;
}

function tooMuch(user: string, rule: string): Found {
  return wrong(
    `sudo lets ${user} run ${rule}, and should not.`,
    `Find the rule in /etc/sudoers or /etc/sudoers.d and take it out: grep -rn . /etc/sudoers /etc/sudoers.d`,
  );
}

/** Newer versions end with 1 where nothing is allowed. */
async function list({ run }: Server, user: string): Promise<string> {
  return run('/usr/bin/sudo', ['-l', '-U', user]).catch((cause: unknown) => {
    if (cause instanceof CommandError && cause.exitCode === 1) return '';
    throw cause;
  });
}

/** The rules of our own file, in the form in which sudo lists them. */
export function rulesIn(text: string): readonly string[] {
  return linesOf(text).flatMap((line) => {
    const found = /^\S+ \S+=(\([^)]*\)) (.*)$/.exec(line);
    return found ? [sameForm(`${found[1] ?? ''} ${found[2] ?? ''}`)] : [];
  });
}

export function allowedIn(listed: string): readonly string[] {
  const [, rules = ''] = listed.split(/may run the following commands[^\n]*\n/);
  return linesOf(rules).map(sameForm);
}

/** `(root : root)` is `(root:root)`. */
function sameForm(rule: string): string {
  return rule.trim().replace(/^\(([^)]*)\)/, (whole) => whole.replaceAll(' ', ''));
}
