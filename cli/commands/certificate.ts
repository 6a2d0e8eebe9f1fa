import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Option, type Command } from 'commander';
import { action, defined, present } from '../action.ts';
import { Certificate } from '../answers.ts';
import { understand } from '../client.ts';
import { UsageError } from '../errors.ts';
import { listAll, path, type OpenSession } from '../session.ts';
import { listing, table } from '../table.ts';
import { perform } from '../write.ts';

type Asked = { readonly kind: string; readonly chain?: string; readonly key?: string };

/** `sculptorctl certificate`: what visitors of a website are shown over TLS. */
export function addCertificateCommands(program: Command, open: OpenSession): void {
  const certificate = program
    .command('certificate')
    .description('Certificates, one for a website: with one it answers over TLS too.');
  withDomain(certificate.command('set').description('Give a website a certificate, or another.'))
    .addOption(
      new Option('--kind <kind>', 'where it comes from')
        .choices(['none', 'self-signed', 'acme', 'custom'])
        .makeOptionMandatory(),
    )
    .option('--chain <file>', 'for custom: PEM, the own certificate first, then its issuers')
    .option('--key <file>', 'for custom: the private key in PEM; - reads it from standard input')
    .action(
      action<Asked>(open, async (session, [domain], { kind, chain, key }) => {
        const address = path`/v1/domains/${domain}/certificate`;
        const body = defined({
          kind,
          chain: chain === undefined ? undefined : await textIn(chain),
          key: key === undefined ? undefined : await textIn(key),
        });
        await perform(session, { method: 'PUT', path: address, body, noun: 'certificate', reread: address });
      }),
    );
  withDomain(certificate.command('show').description('What its visitors are shown, and until when.')).action(
    action(open, async (session, [domain]) => {
      const document = await session.client.get(path`/v1/domains/${domain}/certificate`);
      present(session, document, () => listing(facts(understand(Certificate, document))));
    }),
  );
  addList(certificate, open);
  withDomain(certificate.command('renew').description('Make it, or ask for it, anew.')).action(
    action(open, async (session, [domain]) => {
      const address = path`/v1/domains/${domain}/certificate`;
      const wish = {
        method: 'POST',
        path: `${address}/renew`,
        noun: 'certificate',
        reread: address,
      } as const;
      await perform(session, wish);
    }),
  );
  withDomain(certificate.command('delete').description('Take it away: no TLS any more.')).action(
    action(open, async (session, [domain]) => {
      const address = path`/v1/domains/${domain}/certificate`;
      await perform(session, { method: 'DELETE', path: address, noun: 'certificate' });
    }),
  );
}

function addList(certificate: Command, open: OpenSession): void {
  certificate
    .command('list')
    .description('The certificates of all websites, with the days that they have left.')
    .action(
      action(open, async (session) => {
        const listed = await listAll(session, '/v1/certificates');
        present(session, listed, () => {
          const rows = listed.items.map((item) => {
            const { domain, kind, served, daysLeft, status } = understand(Certificate, item);
            const names = served?.names ?? [];
            const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
            return [names[0] === undefined ? domain : `${names[0]}${more}`, kind, left(daysLeft), status];
          });
          return table(['NAMES', 'KIND', 'DAYS LEFT', 'STATUS'], rows);
        });
      }),
    );
}

function withDomain(command: Command): Command {
  return command.argument('<domain>', "the website's id or name");
}

/** Never a word of the command: everybody on this machine reads those. */
async function textIn(file: string): Promise<string> {
  try {
    // Not by /dev/stdin: that cannot be opened where it is a socket.
    return await (file === '-' ? text(process.stdin) : readFile(file, 'utf8'));
  } catch {
    throw new UsageError(`${file} cannot be read`);
  }
}

function left(days: number | null): string {
  return days === null ? '-' : String(days);
}

function facts({ status, kind, served, daysLeft }: Certificate): [string, string][] {
  const asked: [string, string][] = [
    ['status', status],
    ['kind', kind],
  ];
  if (served === null) return [...asked, ['shown', 'nothing']];
  return [
    ...asked,
    ...(served.kind === kind ? [] : [['shown', `one of the kind ${served.kind}`] as [string, string]]),
    ['names', served.names.join(' ')],
    ...served.leftOut.map(({ name, reason }): [string, string] => ['left out', `${name}: ${reason}`]),
    ['issuer', served.issuer],
    ['from', served.notBefore],
    ['until', `${served.notAfter}, ${left(daysLeft)} days left`],
    ['SHA-256', served.fingerprint],
  ];
}
