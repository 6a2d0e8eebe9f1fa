import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { warning, wrong, type Check, type Found } from './finding.ts';

/** What the boundary counts on of the kernel, by the least that will do. */
export const SYSCTLS: readonly { readonly name: string; readonly least: number; readonly why: string }[] = [
  {
    name: 'fs.protected_symlinks',
    least: 1,
    why: 'a link that one user left in /tmp would be followed by another',
  },
  {
    name: 'fs.protected_hardlinks',
    least: 1,
    why: 'a user could keep a second name of a file of somebody else',
  },
  {
    name: 'fs.protected_fifos',
    least: 1,
    why: 'a pipe that one user left in /tmp would be written to by another',
  },
  {
    name: 'fs.protected_regular',
    least: 1,
    why: 'a file that one user left in /tmp would be written to by another',
  },
];

export const kernel: Check = async () => {
  const found: Found[] = [];
  for (const { name, least, why } of SYSCTLS) {
    const file = `/proc/sys/${name.replaceAll('.', '/')}`;
    const value = (await readFile(file, 'utf8')).trim();
    if (Number(value) >= least) continue;
    const sentence = `${name} is ${value} and not ${least}: ${why}.`;
    // In a container the kernel is the host's: nobody here can set it.
    if (await isWritable(file))
      found.push(wrong(sentence, `Run sysctl -w ${name}=${least}, and say so in /etc/sysctl.d.`));
    else
      found.push(warning(sentence, `The host of this container has to set it: sysctl -w ${name}=${least}.`));
  }
  return found;
};

function isWritable(file: string): Promise<boolean> {
  return access(file, constants.W_OK).then(
    () => true,
    () => false,
  );
}
