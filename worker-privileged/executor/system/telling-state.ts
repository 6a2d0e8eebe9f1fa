import { FailureError } from '../../../contract/failures.ts';
import type { Adopted } from '../render/adoption/told.ts';
import { CommandError } from './command.ts';
import type { RootSql } from './root-sql.ts';

export type Adoption = {
  /** What the state was told of. */
  readonly told: readonly string[];
  /** What it could not be told of, and why. */
  readonly untold: readonly string[];
};

/** What cannot be told, or not even be read, keeps nothing else from being told. */
export type Telling = {
  readonly during: (what: string, act: () => Promise<void>) => Promise<void>;
  /** In one transaction. */
  readonly tell: (what: string, find: () => Adopted | null) => Promise<void>;
  readonly adoption: Adoption;
};

export function createTelling(sql: RootSql): Telling {
  const told: string[] = [];
  const untold: string[] = [];
  const during: Telling['during'] = async (what, act) => {
    try {
      await act();
    } catch (cause) {
      untold.push(`${what} could not be told: ${reasonOf(cause)}`);
    }
  };
  return {
    during,
    tell: (what, find) =>
      during(what, async () => {
        const adopted = find();
        if (adopted === null) return;
        const { statements } = adopted;
        if (statements.length > 0) await sql(inTransaction(statements));
        (statements.length > 0 ? told : untold).push(adopted.what);
      }),
    adoption: { told, untold },
  };
}

function inTransaction(statements: readonly string[]): string {
  return ['USE sculptor', 'START TRANSACTION', ...statements, 'COMMIT'].map((each) => `${each};`).join('\n');
}

/** What a program said last, where it was one. */
function reasonOf(cause: unknown): string {
  const inner = cause instanceof FailureError && cause.cause !== undefined ? cause.cause : cause;
  const said = inner instanceof CommandError ? inner.stderr.trim().split('\n').at(-1) : undefined;
  return (said ?? (inner instanceof Error ? inner.message : String(inner)))
    .replace(/\s+/g, ' ')
    .slice(0, 200);
}
