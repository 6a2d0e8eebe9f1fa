import type { Verb, VerbArgs, VerbResult } from '../../../contract/executor.ts';
import type { Run } from '../ensure.ts';

export type VerbHandler<V extends Verb> = (args: VerbArgs<V>, run: Run) => Promise<VerbResult<V>>;

/** A verb of the contract without a handler does not compile, and there are no others. */
export type VerbTable = { readonly [V in Verb]: VerbHandler<V> };
