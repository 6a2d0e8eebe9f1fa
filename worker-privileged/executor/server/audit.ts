import { FailureError } from '../../../contract/failures.ts';
import type { OperationId } from '../../../contract/ids.ts';
import type { Verb } from '../../../contract/executor.ts';
import type { AuditLog } from '../system/audit-log.ts';
import { causeOf, type Log } from '../system/log.ts';

export type AuditEvent = {
  readonly event: 'refused' | 'begun' | 'ended';
  readonly operation?: OperationId | null;
  readonly verb?: Verb;
  /** Nothing was to be changed. */
  readonly plan?: true;
  /** In the place of a verb: a word of the table of root's own commands, and what it was about. */
  readonly command?: string;
  readonly subject?: string;
  /** The resource; ids only, and none of what else was asked. */
  readonly id?: string;
  readonly outcome?: string;
  readonly durationMs?: number;
  /** How much of that it waited for its turn on the resource; not there where it never had it. */
  readonly waitedMs?: number;
  /** Who had logged in to type it, by the kernel's word: a uid. */
  readonly login?: number;
};

/** Every request leaves a line, those that were refused too. It holds nothing that a caller could put in it. */
export type Audit = (event: AuditEvent) => Promise<void> | undefined;

export function createAudit(log: Log, auditLog: Pick<AuditLog, 'append'>): Audit {
  return async (event) => {
    log('info', 'request', event);
    try {
      await auditLog.append({ time: new Date().toISOString(), ...event });
    } catch (cause) {
      // A full disk must not keep a server from being repaired; the line above is in the journal.
      log('error', 'the audit log cannot be written', causeOf(cause));
    }
  };
}

/** What of a failure is noted: its code. */
export function outcomeOf(failure: unknown): string {
  return failure instanceof FailureError ? failure.failure.code : 'internal';
}
