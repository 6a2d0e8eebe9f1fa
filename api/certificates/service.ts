import { z } from 'zod';
import { CertificateReport, daysLeft } from '../../contract/certificates.ts';
import type { ServerId, TenantId } from '../../contract/ids.ts';
import type { SealKey } from '../../contract/sealing.ts';
import { Certificate, CERTIFICATE_NAME } from '../../contract/site-parts.ts';
import type { Sql, State } from '../../state/connection.ts';
import { readPartReports } from '../../state/part-reports.ts';
import { listTenantParts } from '../../state/site-parts.ts';
import type { PartFilter } from '../../state/site-parts.ts';
import { findDomainAt } from '../domains/find.ts';
import type { DomainAddress } from '../domains/find.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';
import { ProblemError } from '../problems.ts';
import { createPartService, partView } from '../site-parts/service.ts';
import type { PartView } from '../site-parts/service.ts';
import type { WriteContext } from '../write-context.ts';
import type { Write, WriteAnswer } from '../writer.ts';
import { specFor } from './input.ts';
import type { WantedCertificate } from './input.ts';

export interface CertificateServiceParts {
  readonly state: State;
  readonly write: Write;
  readonly server: ServerId;
  /** Root's; null where an earlier version was installed. */
  readonly sealKey: SealKey | null;
}

/** What can be asked for about a site's certificate. All throw ProblemErrors. */
export interface CertificateService {
  /** Of all sites of a tenant. */
  readonly list: (tenant: TenantId, filter: PartFilter) => Promise<Page<unknown>>;
  readonly read: (tenant: TenantId, domain: DomainAddress) => Promise<unknown>;
  readonly put: (
    context: WriteContext,
    domain: DomainAddress,
    wanted: WantedCertificate,
  ) => Promise<WriteAnswer>;
  readonly renew: (context: WriteContext, domain: DomainAddress) => Promise<WriteAnswer>;
  readonly remove: (context: WriteContext, domain: DomainAddress) => Promise<WriteAnswer>;
}

export function createCertificateService(services: CertificateServiceParts): CertificateService {
  const { state, write, server, sealKey } = services;
  const parts = createPartService({
    ...{ state, write, server, type: 'certificate', present },
    kinds: { create: 'certificate.create', delete: 'certificate.delete' },
  });
  const at = (domain: DomainAddress) => ({ domain, name: CERTIFICATE_NAME });
  return {
    list: async (tenant, { after, limit }) => {
      const records = await listTenantParts(
        state,
        { tenant, type: 'certificate' },
        { after, limit: limit + 1 },
      );
      const views = records.map((record) => partView('certificate', record));
      const page = toPage(views, limit, ({ domain }) => domain);
      return { ...page, items: await present(state, page.items) };
    },
    read: (tenant, domain) => parts.read(tenant, at(domain)),
    put: async (context, address, wanted) => {
      const { domain } = await findDomainAt(state, context.caller.tenant, address);
      const spec = specFor(wanted, domain, sealKey);
      return parts.put(context, at(address), { kind: 'certificate.update', spec });
    },
    renew: (context, domain) =>
      parts.update(context, at(domain), {
        kind: 'certificate.renew',
        change: (spec) => {
          if (spec.kind === 'self-signed' || spec.kind === 'acme') return spec;
          throw new ProblemError(
            'conflict',
            `A certificate of the kind ${spec.kind} is not renewed here. Put another in its place.`,
          );
        },
      }),
    remove: (context, domain) => parts.remove(context, at(domain)),
  };
}

const Shown = z.object(Certificate.shape);

/** With what the worker has last heard of it. Chain and key are not among it. */
async function present(
  sql: Sql,
  certificates: readonly PartView<'certificate'>[],
): Promise<readonly Certificate[]> {
  const reports = await readPartReports(
    sql,
    certificates.map(({ id }) => id),
  );
  return certificates.map((certificate) => {
    const report = CertificateReport.safeParse(reports.get(certificate.id)?.report).data;
    const served = report?.served ?? null;
    const left = served === null ? null : daysLeft(served.notAfter, new Date());
    return Shown.parse({ ...certificate, served, daysLeft: left });
  });
}
