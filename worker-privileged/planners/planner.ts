import type { WouldBe } from '../../contract/changes.ts';
import type { Difference } from '../../contract/drift.ts';
import type { State } from '../../state/connection.ts';
import type { DatabaseDoor } from '../database-door.ts';
import type { CallContext, Executor } from '../executor-calls.ts';
import type { AskPage } from '../probe.ts';

export interface PlanParts {
  readonly state: State;
  /** By which nothing is called but what looks. */
  readonly executor: Executor;
  readonly door: DatabaseDoor;
  readonly askPage: AskPage;
  readonly serverName: string;
}

/** One of what is asked for at once, the first of which the request was about. */
export interface Planned {
  readonly one: WouldBe;
  readonly all: readonly WouldBe[];
  readonly context: CallContext;
}

/** What it would change. Changes nothing. */
export type Planner = (parts: PlanParts, planned: Planned) => Promise<readonly Difference[]>;
