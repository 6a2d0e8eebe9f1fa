import { FailureError } from '../../../contract/failures.ts';
import { DomainId } from '../../../contract/ids.ts';
import type { Account, Accounts } from './accounts.ts';
import { asAccount } from './as-account.ts';
import { because } from './because.ts';
import type { Command, Commands } from './command.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import { paths, type AcmeFile } from './paths.ts';

export type CertbotTools = {
  readonly accounts: Pick<Accounts, 'find'>;
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Pick<Files, 'read' | 'replace'>;
  readonly folders: Pick<Folders, 'look' | 'list' | 'ensure' | 'remove'>;
  readonly mode: 'systemd' | 'supervisor';
};

export type Asked = { readonly [F in Exclude<AcmeFile, 'answer'>]?: string };

type Certbot = {
  /** Puts the files where it reads them, lets it run to its end, and returns its answer. It has so long. */
  readonly ask: (id: DomainId, asked: Asked, timeoutMs: number) => Promise<string>;
  readonly end: (id: DomainId) => Promise<void>;
  /** The sites that it works for, or did for an executor that was killed. */
  readonly list: () => Promise<readonly DomainId[]>;
};

const USER = 'sculptor-acme';
/** As long as systemd gives it before it is killed, and some more. */
const STOP_MS = 30_000;

/**
 * What speaks with the authority has a user of its own, and under systemd is a unit of its own: the executor has no
 * network. It may change one file here, that root made in a folder of root's, so that reading it is safe.
 */
export function createCertbot({ accounts, commands, files, folders, mode }: CertbotTools): Certbot {
  const end = async (id: DomainId) => {
    if (mode === 'systemd') await commands.run(systemctl('stop', id, STOP_MS));
    await folders.remove(paths.acmeWanted(id));
  };
  return {
    end,
    list: async () => {
      if ((await folders.look(paths.acmeAllWanted)) === null) return [];
      const names = await folders.list(paths.acmeAllWanted);
      return names.flatMap((name) => DomainId.safeParse(name).data ?? []);
    },
    ask: async (id, asked, timeoutMs) => {
      const account = (await accounts.find(USER)) ?? missing();
      await end(id);
      await folders.ensure(paths.acmeWanted(id), { uid: 0, gid: account.gid, mode: 0o2750 });
      try {
        for (const [file, text] of entries(asked)) await files.replace(paths.acmeFile(id, file), text, 0o640);
        await files.replace(paths.acmeFile(id, 'answer'), '', 0o660);
        const started =
          mode === 'systemd' ? systemctl('start', id, timeoutMs) : asChild(account, id, timeoutMs);
        await commands.run(started).catch(brokenOff);
        return (await files.read(paths.acmeFile(id, 'answer'))) ?? '';
      } finally {
        await end(id);
      }
    },
  };
}

function entries(asked: Asked): readonly (readonly [AcmeFile, string])[] {
  return Object.entries(asked) as [AcmeFile, string][];
}

function systemctl(word: 'start' | 'stop', id: DomainId, timeoutMs: number): Command {
  return {
    file: '/usr/bin/systemctl',
    args: ['--no-ask-password', word, '--', `sculptor-certbot@${id}.service`],
    timeoutMs,
  };
}

function asChild(account: Account, id: DomainId, timeoutMs: number): Command {
  return asAccount(account, { file: '/usr/lib/sculptor/acme', args: [id], timeoutMs });
}

function brokenOff(cause: unknown): never {
  throw because(
    cause,
    new FailureError(
      'acme_unreachable',
      'What asks the certificate authority broke off.',
      'It is tried again by itself a few times; after that, journalctl -u "sculptor-certbot@*" on the server tells more.',
    ),
  );
}

function missing(): never {
  throw new FailureError(
    'server_broken',
    `The user ${USER} is not there.`,
    'Run the installation on the server again: it makes what is missing.',
  );
}
