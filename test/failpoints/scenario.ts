import type { OperationKind } from '../../contract/operations.ts';
import { accepted, unique, type Answer, type Method } from '../machine/agent.ts';
import type { Point } from './arming.ts';
import { endedWhole } from './operations.ts';
import { createNames, type Names } from './names.ts';

/** A write of the API's: what a process dies of. */
export type Request = {
  readonly method: Method;
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
};

/** What a preparation is given: names of its own, and a way to have things made before anything dies. */
export type Preparing = {
  readonly names: Names;
  readonly unique: (prefix: string) => string;
  /** Asks and waits until that has gone well. */
  readonly done: (request: Request) => Promise<Answer>;
};

export type Scenario = {
  readonly kind: OperationKind;
  /** What is special about it, where there is more than one of a kind. */
  readonly that?: string;
  readonly prepare: (it: Preparing) => Promise<Request>;
  /** What stands for its time only, set before the request and taken back when all is over. */
  readonly around?: { readonly set: () => void; readonly takeBack: () => void };
  /** Where a process dies first, each time. */
  readonly first?: Point;
  /** How it ends where nothing dies; `succeeded` if not said, else the code of its failure. */
  readonly ends?: string;
  /** Asked again it is another, and changes nothing again: the API's own points are those of the other kinds. */
  readonly keyless?: true;
  /** The code with which it may end too, because what was broken off is not done a second time by itself. */
  readonly mayEnd?: string;
};

export const titleOfScenario = ({ kind, that }: Scenario): string =>
  that === undefined ? kind : `${kind} ${that}`;

export type Prepared = { readonly names: Names; readonly request: Request };

export async function prepared({ prepare }: Pick<Scenario, 'prepare'>): Promise<Prepared> {
  const names = createNames();
  const own = (prefix: string) => {
    const name = unique(prefix);
    names.add(name);
    return name;
  };
  const done = async ({ method, path, body, headers }: Request) => {
    const answer = await accepted(method, path, { ...(body && { body }), ...(headers && { headers }) });
    names.addAllIn(answer.json);
    const { status, message } = await endedWhole(answer);
    if (status !== 'succeeded')
      throw new Error(`${method} ${path} was to prepare and ended ${status}: ${message ?? ''}`);
    return answer;
  };
  return { names, request: await prepare({ names, unique: own, done }) };
}
