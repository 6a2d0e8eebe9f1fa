import { SiteSpec } from '../../../contract/domains.ts';
import type { DomainId } from '../../../contract/ids.ts';
import type { OperationStep } from '../../../contract/operations.ts';
import type { Run } from '../../../worker-privileged/executor/ensure.ts';

export const ID = 'a1b2c3d4e5f6' as DomainId;

/** A site as the worker asks for it; the newest PHP where nothing else is said. */
export function spec(change: Partial<Record<keyof SiteSpec, unknown>> = {}): SiteSpec {
  return SiteSpec.parse({
    id: ID,
    generation: 1,
    name: 'shop.example',
    aliases: [],
    type: 'php',
    phpVersion: null,
    publicDirectory: 'public',
    isolation: 'site',
    enabled: true,
    protected: false,
    tenant: 'default',
    ...change,
  });
}

export type RecordedRun = Run & { readonly steps: OperationStep[]; readonly warnings: string[] };

export function recordedRun(signal: AbortSignal = new AbortController().signal): RecordedRun {
  const steps: OperationStep[] = [];
  const warnings: string[] = [];
  return {
    steps,
    warnings,
    signal,
    report: (step) => void steps.push(step),
    warn: (message) => void warnings.push(message),
  };
}

/** The code of the failure that a promise rejects with, or what else it rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return (error as { failure?: { code: string } }).failure?.code ?? error;
  }
  return 'none';
}
