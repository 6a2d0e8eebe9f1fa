import type { System } from '../system/system.ts';
import type { VerbHandler } from './table.ts';

/** What root keeps of the state's audit, where nobody who may write to the state reaches it. Who asks is not believed. */
export function noteAuditHead({
  auditLog,
  auditSeals,
}: Pick<System, 'auditLog' | 'auditSeals'>): VerbHandler<'audit.head'> {
  return async (head) => {
    await auditLog.noteHead(head, auditSeals.requireChain);
    return {};
  };
}

/** What root's side has done, for those who may read the audit. */
export function readAuditLines({ auditLines }: Pick<System, 'auditLines'>): VerbHandler<'audit.lines'> {
  return async ({ after }) => {
    const { lines, last } = await auditLines.after(after);
    return { lines: [...lines], last };
  };
}
