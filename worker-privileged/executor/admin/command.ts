import type { Administrators } from '../system/administrators.ts';
import type { AgentState } from '../system/agent-state.ts';
import type { AuditTable } from '../system/audit-table.ts';
import type { Commands } from '../system/command.ts';
import type { Firewall } from '../system/firewall.ts';
import type { Log } from '../system/log.ts';
import type { Mailer } from '../system/mailer.ts';
import type { StateRestore } from '../system/state-restore.ts';
import type { System } from '../system/system.ts';
import type { Terminal } from './talk.ts';

/**
 * What root may ask for besides the executor's verbs. Nothing here is within a request's reach: the one way in is
 * root's own terminal, and what a command acts on still has to stand in the registry.
 */
export type AdminCommand = {
  /** The words after `sculptorctl`, as a person types them. */
  readonly synopsis: string;
  /** One sentence: what it does. */
  readonly summary: string;
  /** Reads what stands after the command's own word, and does nothing yet. Throws UsageError. */
  readonly read: (words: readonly string[]) => AdminRequest;
};

export type AdminRequest = {
  /** What it is about, for the audit log: parsed, never the words as they were typed. */
  readonly subject?: string;
  /** Does it; throws FailureError where it cannot. It takes the lock of what it changes by itself. */
  readonly act: (tools: AdminTools) => Promise<AdminAnswer>;
};

export type AdminTools = {
  readonly commands: Commands;
  readonly log: Log;
  /** For what is more than words and an answer. */
  readonly terminal: Terminal;
  /** What stands on standard input, where a command wants it. */
  readonly input: () => Promise<string>;
  /** All that a verb can reach. Throws where the agent is not installed. */
  readonly system: () => Promise<System>;
  /** What no verb can reach: the state, as MariaDB's root. */
  readonly records: () => Promise<Records>;
  /** Nor this: what the network reaches. */
  readonly firewall: () => Promise<Firewall>;
  /** Nor this: who writes letters of the server. */
  readonly mailer: Mailer;
};

export type Records = {
  readonly state: AgentState;
  readonly administrators: Administrators;
  readonly audit: AuditTable;
  readonly stateRestore: StateRestore;
  /** Tells a state that was put back what root's side knows beyond it; answers what that was. */
  readonly adopt: (system: System) => Promise<readonly string[]>;
};

export type AdminAnswer = {
  /** For people. */
  readonly lines: readonly string[];
  /** The same for programs, with `--json`. */
  readonly document: unknown;
  /** False where what was looked at is not as it should be: exit code 1. */
  readonly good?: boolean;
};

/** Used wrongly: the sentence says what was expected. Exit code 2. */
export class UsageError extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'UsageError';
  }
}

/** The first word says which of a closed table, and what follows is for that one to read. */
export function choose<T>(
  table: Readonly<Record<string, (words: readonly string[]) => T>>,
  [word = '', ...rest]: readonly string[],
): T {
  const read = Object.hasOwn(table, word) ? table[word] : undefined;
  if (read === undefined)
    throw new UsageError(`it wants one of these words: ${Object.keys(table).join(', ')}`);
  return read(rest);
}

/** For a command that takes nothing. */
export function requireNoWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError('it takes no argument');
}
