import { PartId } from '../../contract/ids.ts';
import type { VerbArgs, VerbResult } from '../../contract/executor.ts';
import type { OperationKind } from '../../contract/operations.ts';
import { putPartReport, removePartReport } from '../../state/part-reports.ts';
import type { AskPage } from '../probe.ts';
import { askAll } from '../probe.ts';
import { parsed } from '../task.ts';
import type { Handler, Task } from '../task.ts';
import { putting, removing } from './site-part.ts';
import type { SitePartParts } from './site-part.ts';

export interface CertificateParts extends SitePartParts {
  readonly askPage: AskPage;
}

type CertificateKinds = Extract<OperationKind, `certificate.${string}`>;
type Result = VerbResult<'certificate.put'>;

/** It has come about when visitors of every name that it is for are shown it. */
export function createCertificateHandlers(
  parts: CertificateParts,
): Readonly<Record<CertificateKinds, Handler>> {
  const { executor, state, askPage } = parts;
  const seen = async (task: Task, part: VerbArgs<'certificate.put'>, { probes, served }: Result) => {
    await askAll(askPage, task, probes);
    const { id, site } = part;
    const { server } = task.operation;
    const report = { part: id, site, served, due: null };
    await putPartReport(state, { server, type: 'certificate' }, { part: id, report });
  };
  const put = putting(parts, 'certificate', async (wanted, context, task) => {
    await seen(task, wanted, await executor.call('certificate.put', wanted, context));
  });
  const renew = putting(parts, 'certificate', async (wanted, context, task) => {
    const { id, site, generation } = wanted;
    await executor.call('certificate.put', wanted, context);
    await seen(task, wanted, await executor.call('certificate.renew', { id, site, generation }, context));
  });
  const gone = removing(parts, (place, context) => executor.call('certificate.remove', place, context));
  const remove = async (task: Task) => {
    const standing = await gone(task);
    await removePartReport(state, parsed(PartId, task.operation.resourceId));
    return standing;
  };
  return {
    'certificate.create': { apply: put, discard: remove },
    'certificate.update': { apply: put },
    'certificate.renew': { apply: renew },
    'certificate.delete': { apply: remove },
  };
}
