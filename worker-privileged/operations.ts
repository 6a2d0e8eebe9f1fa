import type { OperationKind } from '../contract/operations.ts';
import { createAddressHandlers } from './handlers/address.ts';
import type { AddressParts } from './handlers/address.ts';
import { createCertificateHandlers } from './handlers/certificate.ts';
import { createDatabaseHandlers } from './handlers/database.ts';
import type { DatabaseParts } from './handlers/database.ts';
import { createDatabaseUserHandlers } from './handlers/database-user.ts';
import type { DatabaseUserParts } from './handlers/database-user.ts';
import { createDomainHandlers } from './handlers/domain.ts';
import type { DomainParts } from './handlers/domain.ts';
import { createDriftHandlers } from './handlers/drift.ts';
import type { DriftParts } from './handlers/drift.ts';
import { createPlanHandlers } from './handlers/plan.ts';
import type { PlanParts } from './handlers/plan.ts';
import { createSitePartHandlers } from './handlers/site-part.ts';
import type { SitePartParts } from './handlers/site-part.ts';
import { createTenantHandlers } from './handlers/tenant.ts';
import type { TenantParts } from './handlers/tenant.ts';
import { createUpdateHandlers } from './handlers/update.ts';
import type { UpdateParts } from './handlers/update.ts';
import type { Handler } from './task.ts';

/** The closed table: a kind without a handler does not compile, and a name that is not in it is refused. */
export type Handlers = Readonly<Record<OperationKind, Handler>>;

export function createHandlers(
  parts: DomainParts &
    DatabaseParts &
    DatabaseUserParts &
    SitePartParts &
    TenantParts &
    DriftParts &
    PlanParts &
    UpdateParts &
    AddressParts,
): Handlers {
  return {
    ...createDomainHandlers(parts),
    ...createDatabaseHandlers(parts),
    ...createDatabaseUserHandlers(parts),
    ...createSitePartHandlers(parts),
    ...createCertificateHandlers(parts),
    ...createTenantHandlers(parts),
    ...createDriftHandlers(parts),
    ...createUpdateHandlers(parts),
    ...createAddressHandlers(parts),
    ...createPlanHandlers(parts),
  };
}
