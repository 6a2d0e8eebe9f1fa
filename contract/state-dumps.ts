import { z } from 'zod';

/** By when it was made, in UTC; `replaced`: what another dump was put in the place of. */
export const StateDumpName = z
  .string()
  .regex(/^[0-9]{8}-[0-9]{6}(?:-replaced)?$/, 'the name of a dump, such as 20261130-021500')
  .brand<'StateDumpName'>();
export type StateDumpName = z.infer<typeof StateDumpName>;

/** The newest whole one that root has. `made`: by this request. */
export const StateDumped = z.strictObject({
  made: z.boolean(),
  name: StateDumpName,
  at: z.iso.datetime(),
  octets: z.int().min(0),
});
export type StateDumped = z.infer<typeof StateDumped>;

/**
 * What the worker last came to, as the server's fact `stateDump`. `at`: when it was tried; `good`: of when the newest whole
 * dump is.
 */
export const StateDumpFact = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    at: z.iso.datetime(),
    good: z.iso.datetime(),
    name: StateDumpName,
    octets: z.int(),
  }),
  z.strictObject({
    ok: z.literal(false),
    at: z.iso.datetime(),
    good: z.iso.datetime().nullable(),
    code: z.string().max(40),
    message: z.string().max(500),
  }),
]);
export type StateDumpFact = z.infer<typeof StateDumpFact>;

/** How many are kept, as root has set it in agent.json: of so many days, weeks and months the last. */
export const StateDumpsKept = z.object({
  stateDumpsDaily: z.int().min(1).max(60).default(7),
  stateDumpsWeekly: z.int().min(0).max(52).default(4),
  stateDumpsMonthly: z.int().min(0).max(60).default(6),
});
