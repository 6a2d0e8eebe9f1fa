import { readFile } from 'node:fs/promises';
import { paths } from '../system/paths.ts';
import { warning, wrong, type Check, type Found } from './finding.ts';
import { linesOf, namesIn, type Server } from './server.ts';

/** What sshd has to say of a site's user, whatever else stands in its configuration. */
const WANTED = [
  'authenticationmethods publickey',
  'passwordauthentication no',
  'kbdinteractiveauthentication no',
  `authorizedkeysfile ${paths.keys}/%u`,
  'authorizedkeyscommand none',
  'trustedusercakeys none',
  'chrootdirectory %h',
  'forcecommand internal-sftp -u 0027',
  'disableforwarding yes',
  'permittty no',
  'permituserrc no',
  'usepam yes',
];

/** How files come in: by SFTP, into a site's own folder, with the keys that are registered. */
export const sftp: Check = async (server) => {
  const part = await readFile(paths.sshdPart, 'utf8').catch(() => null);
  return [
    ...(part === null ? [] : await asSshdHasIt(server)),
    ...(await runs(server)),
    ...(await strangersKeys(server)),
  ];
};

/** Under systemd it may be that a socket starts one for each connection, and the distribution sees to that. */
async function runs(server: Server): Promise<readonly Found[]> {
  if ((await server.config()).mode === 'systemd') return [];
  if ((await server.processes()).some(({ program }) => program === '/usr/sbin/sshd')) return [];
  return [
    warning('No sshd runs: no site takes files by SFTP.', 'Run scripts/install.sh --yes, which starts it.'),
  ];
}

async function asSshdHasIt(server: Server): Promise<readonly Found[]> {
  const { entries } = await server.registry();
  const user = entries.find(({ user: name }) => name !== 'www')?.user ?? 's-aaaaaaaaaaaa';
  const connection = `user=${user},host=localhost,addr=203.0.113.1`;
  const said = linesOf(await server.run('/usr/sbin/sshd', ['-T', '-C', connection]));
  return WANTED.filter((line) => !said.includes(line)).map((line) =>
    wrong(
      `sshd does not hold a site's user to "${line}".`,
      `Find what comes before ${paths.sshdPart} in /etc/ssh; then run scripts/install.sh --yes.`,
    ),
  );
}

/** A line that no site asked for, or a file that is no site's. */
async function strangersKeys({ registry }: Server): Promise<readonly Found[]> {
  const { entries } = await registry();
  const found = await Promise.all(
    namesIn(paths.keys).map(async (name) => {
      const site = entries.find(({ user, removedAt }) => user === name && removedAt === null);
      const path = `${paths.keys}/${name}`;
      if (site === undefined) return [wrong(`${path} lets in for no site that is here.`, `Run rm ${path}.`)];
      const known = namesIn(paths.registeredParts(site.id)).map((file) => file.replace(/\.json$/, ''));
      return linesOf(await readFile(path, 'utf8'))
        .filter((line) => !known.includes(line.slice(line.lastIndexOf(' ') + 1)))
        .map(() => wrong(`${path} has a key that nobody asked for.`, `Take the line out of ${path}.`));
    }),
  );
  return found.flat();
}
