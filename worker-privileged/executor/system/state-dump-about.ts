import { z } from 'zod';

const Written = z.strictObject({
  octets: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** What lies beside a dump: when it is of, of which version of the agent and of the state, and what it is to be known by. */
export const StateDumpAbout = z.strictObject({
  at: z.iso.datetime(),
  version: z.string().max(50),
  /** The migrations that the state had gone through. */
  migrations: z.array(z.string().regex(/^[0-9]{4}-[a-z0-9-]{1,80}\.sql$/)).max(10_000),
  state: Written,
  /** The door's register; null where tenants' databases are on another server, and the door with them. */
  door: Written.nullable(),
});
export type StateDumpAbout = z.infer<typeof StateDumpAbout>;
