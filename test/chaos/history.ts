import type { OperationKind, OperationStatus } from '../../contract/operations.ts';

/* What is known of a run when it is over. All times are milliseconds of the server's own clock. */

export type Answered = {
  readonly at: number;
  /** 0 where the connection broke, or was never had. */
  readonly status: number;
  readonly problem: string | null;
  readonly operation: string | null;
};

/** One wish of a client, by one idempotency key, however often it was sent. */
export type Asked = {
  readonly client: string;
  readonly key: string;
  readonly kind: OperationKind;
  readonly call: string;
  readonly answers: readonly Answered[];
};

/** A row of the state. */
export type OperationRow = {
  readonly seq: number;
  readonly id: string;
  readonly kind: OperationKind;
  readonly resourceType: string;
  readonly resource: string;
  readonly name: string;
  readonly tenant: string;
  readonly serialKey: string;
  readonly generation: number;
  readonly status: OperationStatus;
  readonly attempt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly error: string | null;
};

/** A line of the executor's audit log, of a request that has ended. */
export type Call = {
  readonly endedAt: number;
  readonly operation: string | null;
  readonly verb: string;
  readonly id: string | null;
  readonly outcome: string;
  readonly durationMs: number;
  /** Null where it never had its turn. */
  readonly waitedMs: number | null;
};

/** What a worker says in its log when it has written an end. */
export type Finish = {
  readonly at: number;
  readonly unit: string;
  readonly operation: string;
  readonly attempt: number;
};

/** What the nemesis did, and until when. */
export type Strike = {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly note?: string;
};

export type Visit = { readonly at: number; readonly fine: boolean; readonly seen: string };

/** Something that was looked at on the server afterwards, in words; `seen` is to be `expected`. */
export type Truth = { readonly about: string; readonly expected: string; readonly seen: string };

export type History = {
  readonly asked: readonly Asked[];
  readonly operations: readonly OperationRow[];
  readonly calls: readonly Call[];
  readonly finishes: readonly Finish[];
  readonly strikes: readonly Strike[];
  /** Of a site that nobody changes. */
  readonly visits: readonly Visit[];
  readonly truths: readonly Truth[];
  /** Codes that docs/operating.md explains. */
  readonly documented: readonly string[];
};
