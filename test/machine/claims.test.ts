import { existsSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { converse, newId, SOCKET, type Way } from './executor-conversation.ts';
import { must } from './server.ts';

/* A worker that hung asks for what another has taken over since, through whichever executor there is then. */

const ways: Way[] = existsSync(SOCKET) ? ['sudo', 'socket'] : ['sudo'];
const newOperation = () => randomBytes(10).toString('hex').replace(/^./, 'o');

async function ask(way: Way, operation: string, epoch: number): Promise<string> {
  const args = { id: newId() };
  const line = JSON.stringify({ request: 'r1', operation, epoch, verb: 'site.remove', args });
  const last = (await converse(way, `${line}\n`)).at(-1);
  return last !== undefined && 'error' in last ? last.error.code : 'done';
}

test.each(ways.flatMap((first) => ways.map((then) => [first, then] as const)))(
  'what %s was asked for by a later claim, %s does not do for an earlier one, started anew or not',
  async (first, then) => {
    const operation = newOperation();
    expect(await ask(first, operation, 2)).toBe('done');
    expect(await ask(then, operation, 1)).toBe('executor_unavailable');
    if (existsSync(SOCKET)) must('systemctl', ['kill', '--signal=KILL', 'sculptor-executor']);
    expect(await ask(then, operation, 1)).toBe('executor_unavailable');
    expect(await ask(then, operation, 2)).toBe('done');
  },
);
