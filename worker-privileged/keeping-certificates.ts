import { CertificateReport } from '../contract/certificates.ts';
import { toFailure } from '../contract/failures.ts';
import type { DomainId, PartId, ServerId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import { askForRenewal, tellEnd, timeOf } from '../state/certificates.ts';
import type { State } from '../state/connection.ts';
import { listPartReports, putPartReport, removePartReport } from '../state/part-reports.ts';
import { hasPartsOf, partsOfType } from '../state/site-parts.ts';
import { UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

export interface KeepingCertificatesParts {
  readonly server: ServerId;
  readonly state: State;
  readonly executor: Pick<Executor, 'call'>;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
  readonly now?: () => Date;
}

/**
 * To be called every minute or so: notes how the sites' certificates stand, tells of those that end soon, and has those
 * renewed that the server can renew. Never throws.
 */
export function createKeepingCertificates(parts: KeepingCertificatesParts): () => Promise<void> {
  const { server, state, isActive, logger } = parts;
  return async () => {
    if (!isActive()) return;
    try {
      const known = await listPartReports(state, { server, type: 'certificate' });
      if (known.size === 0 && !(await hasPartsOf(state, 'certificate'))) return;
      const since = await timeOf(state);
      const all = await look(parts);
      for (const report of all) {
        // What the API wrote of one may be forged: the others are kept all the same.
        await keep(parts, report, { before: known.get(report.part), since }).catch((error: unknown) => {
          logger.warn({ err: error, resource: report.part }, 'a certificate was not looked after');
        });
      }
      const there = new Set(all.map(({ part }) => part));
      for (const part of known.keys()) if (!there.has(part)) await removePartReport(state, part);
    } catch (error) {
      // Where the executor is away, others say so.
      if (toFailure(error).code !== 'executor_unavailable')
        logger.warn({ err: error }, 'the certificates of sites were not looked at');
    }
  };
}

/** In as many answers as it takes; what no operation is known of is not ours to report. */
async function look({ executor, state }: KeepingCertificatesParts): Promise<readonly CertificateReport[]> {
  const all: CertificateReport[] = [];
  for (let after: DomainId | null = null; ;) {
    const answer: { certificates: CertificateReport[]; next: DomainId | null } = await executor.call(
      'certificates.look',
      { after },
      UNASKED,
    );
    all.push(...answer.certificates);
    if (answer.next === null) break;
    after = answer.next;
  }
  const ids: PartId[] = all.map(({ part }) => part);
  const ours = await partsOfType(state, 'certificate', ids);
  return all.filter(({ part }) => ours.has(part));
}

async function keep(
  { state, server, logger, now = () => new Date() }: KeepingCertificatesParts,
  report: CertificateReport,
  { before, since }: { readonly before: unknown; readonly since: string },
): Promise<void> {
  await tellEnd(state, report, now());
  if (JSON.stringify(CertificateReport.safeParse(before).data) !== JSON.stringify(report))
    await putPartReport(state, { server, type: 'certificate' }, { part: report.part, report });
  if (report.due === null) return;
  const operationId = await askForRenewal(state, server, { report, since });
  if (operationId !== undefined)
    logger.info({ operationId, resource: report.part, why: report.due }, 'certificate to be renewed');
}
