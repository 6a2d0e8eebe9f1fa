import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { action, present } from '../action.ts';
import { Key } from '../answers.ts';
import { understand } from '../client.ts';
import { UsageError } from '../errors.ts';
import { listAll, path, type OpenSession } from '../session.ts';
import { table } from '../table.ts';
import { perform } from '../write.ts';

/** `sculptorctl key`: public keys with which files come in by SFTP. */
export function addKeyCommands(program: Command, open: OpenSession): void {
  const key = program.command('key').description('Public keys with which a website takes files by SFTP.');
  key
    .command('create')
    .description('Let whoever has the private key put files on a website.')
    .argument('<domain>', 'its id or its name')
    .argument('<name>', 'whose key it is: a letter, then a-z, 0-9 and -')
    .argument('<file>', 'the public key, such as ~/.ssh/id_ed25519.pub')
    .action(
      action(open, async (session, [domain, name, file]) => {
        const body = { name, publicKey: await publicKeyIn(file) };
        const address = path`/v1/domains/${domain}/keys`;
        const reread = path`/v1/domains/${domain}/keys/${name}`;
        await perform(session, { method: 'POST', path: address, body, noun: 'key', reread });
      }),
    );
  key
    .command('list')
    .description('The keys of a website.')
    .argument('<domain>', 'its id or its name')
    .action(
      action(open, async (session, [domain]) => {
        const listed = await listAll(session, path`/v1/domains/${domain}/keys`);
        present(session, listed, () => {
          const keys = listed.items.map((item) => understand(Key, item));
          const rows = keys.map(({ name, id, publicKey, fingerprint, status }) => [
            ...[name, id, publicKey.split(' ')[0] ?? '', fingerprint, status],
          ]);
          return table(['NAME', 'ID', 'TYPE', 'FINGERPRINT', 'STATUS'], rows);
        });
      }),
    );
  key
    .command('delete')
    .description('Let a key in no more; what came in by it stays.')
    .argument('<domain>', 'its id or its name')
    .argument('<key>', "the key's id or name")
    .action(
      action(open, async (session, [domain, name]) => {
        const address = path`/v1/domains/${domain}/keys/${name}`;
        await perform(session, { method: 'DELETE', path: address, noun: 'key' });
      }),
    );
}

/** As ssh-keygen writes it: one line. A private key is refused before anything of it leaves this machine. */
async function publicKeyIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`${file} cannot be read`);
  });
  if (text.includes('PRIVATE KEY'))
    throw new UsageError(`${file} holds a private key; the public one ends in .pub`);
  return text.trim();
}
