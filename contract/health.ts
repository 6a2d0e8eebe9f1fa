import { z } from 'zod';
import { Fingerprint } from './certificates.ts';
import { DomainId, ServerId } from './ids.ts';

/** How full one of the places is that a server cannot do without; hundredths of what others than root may use. */
export const PlaceUse = z.strictObject({
  place: z.string().max(100),
  bytes: z.number().min(0),
  percent: z.number().min(0).max(100),
  /** Null where the file system does not count them. */
  inodesPercent: z.number().min(0).max(100).nullable(),
});
export type PlaceUse = z.infer<typeof PlaceUse>;

/** `state` in the words of who runs it. What is neither installed nor wanted is not among them. */
export const ServiceState = z.strictObject({
  name: z.string().max(64),
  well: z.boolean(),
  state: z.string().max(60),
});
export type ServiceState = z.infer<typeof ServiceState>;

/** What root's side sees of the server in one look. */
export const ServerLook = z.strictObject({
  cpus: z.int().min(1).max(100_000),
  /** Of all processors together since the start, in ticks: what lies between two looks is the use. */
  ticks: z.strictObject({ busy: z.number().min(0), total: z.number().min(0) }),
  memory: z.strictObject({ bytes: z.number().min(0), available: z.number().min(0) }),
  load: z.tuple([z.number().min(0), z.number().min(0), z.number().min(0)]),
  places: z.array(PlaceUse).max(20),
  services: z.array(ServiceState).max(50),
  /** Until when the server's own certificate is good; null where it cannot be read. */
  certificateEnds: z.iso.datetime().nullable(),
  /** Sites whose PHP runs; null where that of all does. */
  awake: z.array(DomainId).max(20_000).nullable(),
});
export type ServerLook = z.infer<typeof ServerLook>;

/** Of the state, as the worker noted it; see state/server-facts.ts. */
export const StateDump = z.strictObject({ at: z.iso.datetime(), ok: z.boolean() });
export type StateDump = z.infer<typeof StateDump>;

/** The server in one minute. */
export const HealthSample = ServerLook.omit({ ticks: true, awake: true }).extend({
  at: z.iso.datetime(),
  /** Null in a worker's first minute: it takes two looks. */
  cpuPercent: z.number().min(0).max(100).nullable(),
  memoryPercent: z.number().min(0).max(100),
  stateDump: StateDump.nullable(),
});
export type HealthSample = z.infer<typeof HealthSample>;

/** A stretch of the last day, by the highest that was measured in it. */
export const HealthPoint = z.strictObject({
  at: z.iso.datetime(),
  cpuPercent: z.number().nullable(),
  memoryPercent: z.number(),
  load: z.number(),
  diskPercent: z.number(),
  /** How many services were not well. */
  unwell: z.int(),
});
export type HealthPoint = z.infer<typeof HealthPoint>;

export const ServerHealth = z.strictObject({
  server: ServerId,
  /** Null where none was measured in the last day. */
  latest: HealthSample.nullable(),
  /** The oldest first. */
  day: z.array(HealthPoint),
});
export type ServerHealth = z.infer<typeof ServerHealth>;

/** How a site answered when it was asked last. `status` is null where nobody answered in time. */
export const SiteCheck = z.strictObject({
  status: z.int().min(100).max(999).nullable(),
  milliseconds: z.int().min(0),
  /** What it is shown with over TLS; null where it has none. */
  certificate: z
    .strictObject({
      ends: z.iso.datetime(),
      /** Whether a visitor is shown the one that it was given. */
      shown: z.boolean(),
      fingerprint: Fingerprint,
    })
    .nullable(),
  checkedAt: z.iso.datetime(),
});
export type SiteCheck = z.infer<typeof SiteCheck>;
