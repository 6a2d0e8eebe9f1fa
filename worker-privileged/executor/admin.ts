// SECURITY. Root's own entry: started by root's terminal through sculptorctl, by nobody else. It reads the words
// that root typed, which each command of a closed table parses strictly, and nothing of the environment; whoever is
// not root is refused. What a command acts on is found in the executor's own registry or in the door's tables, as
// for every request, and each command leaves a line in the audit log. Like the executor it uses local sockets only,
// starts programs through system/command.ts and imports node, contract/ and zod.
import { runAdmin } from './admin/run.ts';
import { ADMIN_COMMANDS } from './admin/table.ts';
import { createAudit } from './server/audit.ts';
import { createAuditLog } from './system/audit-log.ts';
import { createAdministrators } from './system/administrators.ts';
import { createAgentState } from './system/agent-state.ts';
import { createAuditTable } from './system/audit-table.ts';
import { createCommands } from './system/command.ts';
import { readConfig, tenantsServer } from './system/config.ts';
import { createFiles } from './system/files.ts';
import { createFolders } from './system/folders.ts';
import { createFirewall } from './system/firewall.ts';
import { createLocks } from './system/locks.ts';
import { readLogin } from './system/login.ts';
import { createMailer } from './system/mailer.ts';
import { createLog } from './system/log.ts';
import { createRootSql } from './system/root-sql.ts';
import { adoptIntoState } from './system/state-adoption.ts';
import { createStateRestore } from './system/state-restore.ts';
import { createSystem } from './system/system.ts';

for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
process.umask(0o022);
process.chdir('/');
// `sculptorctl doctor | head -1`: the reader has seen enough, which is no failure.
process.stdout.on('error', () => process.exit());
process.stderr.on('error', () => undefined);
// What has begun is ended, also when the terminal goes.
process.on('SIGHUP', () => undefined);

const err = (text: string) => process.stderr.write(text);
// Its begin and its end are in the file of audit lines; the terminal hears of what went wrong.
const errors = createLog(err);
const commands = createCommands();
/** What is typed at a terminal would be seen there, and stay in its memory. */
async function readInput(): Promise<string> {
  if (process.stdin.isTTY) return '';
  let text = '';
  for await (const part of process.stdin.setEncoding('utf8')) {
    text += String(part);
    if (text.length > 65_536) break;
  }
  return text;
}

const files = createFiles();
const config = () => readConfig(files);
const auditLog = createAuditLog({ files, locks: createLocks(commands), now: () => new Date() });
const audit = createAudit(
  (level, message, facts) => level === 'error' && errors(level, message, facts),
  auditLog,
);
const login = readLogin();
process.exitCode = await runAdmin({
  words: process.argv.slice(2),
  isRoot: process.getuid?.() === 0,
  commands: ADMIN_COMMANDS,
  tools: {
    commands,
    log: errors,
    terminal: {
      ...{ input: process.stdin, output: process.stdout, errors: process.stderr },
      interactive: process.stdin.isTTY && process.stdout.isTTY,
    },
    input: readInput,
    system: async () => createSystem(await config()),
    mailer: createMailer(),
    firewall: () => Promise.resolve(createFirewall({ commands, files })),
    records: async () => {
      const here = { commands, socketPath: (await config()).mariadbSocket };
      const sql = createRootSql(here);
      const { socketPath } = tenantsServer(await config());
      const doorSql = createRootSql({ commands, socketPath });
      return {
        state: createAgentState(sql, doorSql),
        stateRestore: createStateRestore({
          ...{ ...here, files, folders: createFolders() },
          sql: createRootSql({ ...here, timeoutMs: 600_000 }),
        }),
        adopt: (system) => adoptIntoState({ ...system, sql, doorSql }),
        administrators: createAdministrators(sql),
        audit: createAuditTable({ ...here, sql: createRootSql({ ...here, timeoutMs: 600_000 }) }),
      };
    },
  },
  audit: (event) => audit({ ...event, ...login }),
  log: errors,
  out: (text) => process.stdout.write(text),
  err,
});
