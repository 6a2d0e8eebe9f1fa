import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { api, operationId, ready, type Answer } from '../machine/agent.ts';
import { arm, type Point } from './arming.ts';
import { counted } from './counted.ts';
import { allEnded, endedWhole, newestOperation, operationOfKey, operationsSince } from './operations.ts';
import { atRest, changes, serverState, type ServerState } from './server-state.ts';
import type { Prepared, Request, Scenario } from './scenario.ts';

/** What a request has come to: how it ended, and all that changed on the server for it, whatever it is called. */
export type Effect = { readonly end: string; readonly changed: readonly string[] };

/** How it is waited for that a change has come about whole, and that the one who died is back. */
const PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 150;

/** Carries the request out and kills where told; gives what was wrong on the way, beside the effect. */
export async function carryOut(
  scenario: Scenario,
  { names, request }: Prepared,
  { point, like }: { readonly point?: Point; readonly like?: Effect } = {},
): Promise<Effect & { readonly wrong: readonly string[] }> {
  const [before, newest] = [await serverState(), await newestOperation()];
  const [first, second] = [scenario.first, point].map((one) => one && arm(one));
  scenario.around?.set();
  const { answer, wrong } = await asked(request, scenario);
  names.addAllIn(answer.json);
  const { status, code } = await endedWhole(answer);
  await allEnded();
  (await operationsSince(newest)).forEach(names.add);
  const missed = [first, second].filter((one) => one !== undefined && !one.isPassed());
  if (missed.length > 0) await until(() => missed.every((one) => one?.isPassed()));
  for (const one of missed) {
    if (one?.isPassed() === false) wrong.push('the point was not passed');
    one?.disarm();
  }
  scenario.around?.takeBack();
  await ready();
  const effect = await settled(before, { names, kind: scenario.kind }, like);
  return { end: code ?? status, changed: effect, wrong };
}

/** Asks again with the same key, as a panel does, where the API died; what was there by then is done once. */
async function asked(
  { method, path, body, headers }: Request,
  { keyless }: Pick<Scenario, 'keyless'>,
): Promise<{ answer: Answer; wrong: string[] }> {
  const key = randomUUID();
  const all = { ...headers, 'idempotency-key': key };
  const ask = () => api(method, path, { ...(body && { body }), headers: all });
  const wrong: string[] = [];
  let first = await ask().catch(() => undefined);
  if (first === undefined) {
    const there = await operationOfKey(key);
    await ready();
    first = await ask();
    if (there !== undefined && there !== operationId(first)) wrong.push('a second operation was begun');
    if ((there !== undefined) !== (first.headers['idempotent-replayed'] === 'true'))
      wrong.push('what was written and what was answered are not the same');
  }
  if (first.status !== 202) throw new Error(`${method} ${path}: ${first.status} ${first.text}`);
  if (keyless) return { answer: first, wrong };
  const again = await ask();
  if (again.text.length === 0 || operationId(again) !== operationId(first))
    wrong.push('the same key has begun another operation');
  return { answer: first, wrong };
}

/** Once it is like the other, or does not change any more. */
async function settled(
  before: ServerState,
  { names, kind }: Pick<Prepared, 'names'> & Pick<Scenario, 'kind'>,
  like: Effect | undefined,
): Promise<readonly string[]> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const after = await (like === undefined ? atRest() : serverState());
    names.addNumbers(readFileSync('/etc/passwd', 'utf8'));
    const changed = counted(told(changes(before, after).map(names.neutral).filter(isOf(kind))).sort());
    if (like === undefined || sameLines(changed, like.changed) || performance.now() > deadline)
      return changed;
    await pause(LOOK_EVERY_MS);
  }
}

/** Without what is another only by its time: within one second it is not even that. */
function told(lines: readonly string[]): string[] {
  const left = [...lines];
  for (const line of lines.filter((one) => one.startsWith('- '))) {
    const [gone, came] = [left.indexOf(line), left.indexOf(`+ ${line.slice(2)}`)];
    if (came === -1) continue;
    for (const at of [gone, came].sort((one, other) => other - one)) left.splice(at, 1);
  }
  return left;
}

/**
 * What is looked at by itself, because it is new or a day is over, is noted too: meanwhile, or already before, where the note
 * of this operation then takes the other's place.
 */
const isOf = (kind: string) => (line: string) =>
  !line.includes('row of sculptor.drift ') ||
  (/\.(?:drift|repair)$/.test(kind) && line.startsWith('+') && /<\d+>/.test(line));

const sameLines = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((line, index) => line === other[index]);

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 3000;
  while (!isSo() && performance.now() < deadline) await pause(20);
}
