import type { Check } from './finding.ts';
import { kernel } from './kernel.ts';

/** The closed list of checks, in the order in which they are shown. */
export const CHECKS = { kernel } as const satisfies Readonly<Record<string, Check>>;
