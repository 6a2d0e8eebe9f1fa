import { Command, Option } from 'commander';
import { addAuditCommands } from './commands/audit.ts';
import { addCronCommands } from './commands/cron.ts';
import { addDatabaseCommands } from './commands/database.ts';
import { addDomainCommands } from './commands/domain.ts';
import { addDriftCommands } from './commands/drift.ts';
import { addHealthCommand } from './commands/health.ts';
import { addCacheCommands } from './commands/cache.ts';
import { addCertificateCommands } from './commands/certificate.ts';
import { addKeyCommands } from './commands/key.ts';
import { addNotificationCommands } from './commands/notification.ts';
import { addOperationCommands } from './commands/operation.ts';
import { addSystemCommands } from './commands/system.ts';
import { addTenantCommands } from './commands/tenant.ts';
import { addQueueCommands } from './commands/queue.ts';
import { addTokenCommands } from './commands/token.ts';
import { addTrashCommands } from './commands/trash.ts';
import { addWebhookCommands } from './commands/webhook.ts';
import type { OpenSession } from './session.ts';
import type { Terminal } from './terminal.ts';

const AFTER = `
Commands of root's own, on the agent's server; they do not go through the API:
  doctor                                        look whether this server is as the agent needs it
  purge domain|database NAME|ID [--yes]         erase at once what lies in the trash
  unprotect domain|database NAME|ID             let it be removed and switched off again
  limit list | set NAME NUMBER                  the caps on what destroys and on what lets in
  administrator create NAME | list | revoke ID  tokens with every scope
  database shell NAME|ID                        MariaDB's client in that one database
  site refresh NAME|ID                          have nginx read root's own lines for a website anew
  mail show | set HOST | limit DOMAIN N | notify ADDRESS [off] | test | off  where mail goes out, how much of sites', and whom the server writes to
  audit verify|accept                           whether the audit is as it was written; takes it as it stands
  acme show | set --email ADDRESS | off         which authority gives sites certificates
  firewall show | confirm | renew | on | off | open|close PORT | ssh-from any|ADDRESS...  what the network reaches
  system state-dumps | dump-state | restore-state [NAME] [--yes] [--keep-tokens]  dumps of the agent's own state

Root on the agent's own server needs no address and no token. From elsewhere give --address, and the token in a
file (--token-file) or in SCULPTOR_TOKEN. The environment's SCULPTOR_ADDRESS stands in for --address.

Exit code: 0 done; 1 refused, or the operation did not succeed; 2 used wrongly. Of domain run: the command's.`;

/** The tree of commands. Nothing is read or connected before a command's action asks for a session. */
export function createProgram(terminal: Terminal, open: OpenSession): Command {
  const program = new Command('sculptorctl')
    .description('Websites and databases of a server, through the API of its Sculptor Agent.')
    .option('--json', "answer with the API's own JSON, one document, and nothing else")
    .option('--plan', 'tell what would change on the server, file by file, and change nothing')
    .option('--no-wait', 'do not wait for the end of what a write started')
    .option(
      '--address <url>',
      'where the API is, such as https://server.example (default: the socket on this server)',
    )
    .addOption(
      new Option('--socket <file>', 'another unix socket of the API on this server').conflicts('address'),
    )
    .option(
      '--token-file <file>',
      'the file that holds the token (default, for the socket: /etc/sculptor/admin-token)',
    )
    .option('--tenant <id>', 'for which tenant (of administrators: another than their own)')
    .option('--ca <file>', "the certificate to trust, in PEM, where the server's is self-signed")
    .addHelpText('after', AFTER)
    .showHelpAfterError('(--help tells more)')
    .configureHelp({ showGlobalOptions: true, helpWidth: 100 })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.text('out', text),
      writeErr: (text) => terminal.text('err', text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  // Subcommands copy these settings when they are made: they come last.
  addDomainCommands(program, open);
  addKeyCommands(program, open);
  addCacheCommands(program, open);
  addCertificateCommands(program, open);
  addCronCommands(program, open);
  addQueueCommands(program, open);
  addDatabaseCommands(program, open);
  addOperationCommands(program, open);
  addTrashCommands(program, open);
  addDriftCommands(program, open);
  addNotificationCommands(program, open);
  addWebhookCommands(program, open);
  addAuditCommands(program, open);
  addSystemCommands(program, open);
  addTenantCommands(program, open);
  addTokenCommands(program, open);
  addHealthCommand(program, open);
  return program;
}
