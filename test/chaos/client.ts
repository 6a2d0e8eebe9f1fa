import { setTimeout as pause } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { ENDED, type OperationStatus } from '../../contract/operations.ts';
import { API_SOCKET, exchange, TOKEN_FILE, type Answer } from '../machine/agent.ts';
import type { Answered, Asked } from './history.ts';
import type { Random } from './random.ts';
import { nextWish } from './wishes.ts';
import { newWorld, type Wish } from './world.ts';

/** What the clients have of the run. */
export type Field = {
  readonly asked: Asked[];
  /** Whether enough was asked for. */
  readonly isOver: () => boolean;
  /** Passwords of database accounts that were shown, by the account, the latest last. */
  readonly passwords: Map<string, { readonly operation: string; readonly password: string }[]>;
};

/** Asks for one thing after the other, whatever dies meanwhile. */
export async function beClient(name: string, field: Field, random: Random): Promise<void> {
  const world = newWorld();
  while (!field.isOver()) {
    const wish = nextWish(world, random);
    const answer = await ask(name, wish, { field, random });
    if (answer.status === 202) wish.then(answer.json);
    if (answer.status === 202 && (wish.awaited === true || random.chance(0.5)))
      await untilEnded(wish, answer, field);
    await pause(random.between(0, 400));
  }
}

type Around = { readonly field: Field; readonly random: Random };

/** A client waits no longer for an agent that is away. */
const PATIENCE_MS = 180_000;
/** Nor does it hold up its other wishes for one that takes its time. */
const END_PATIENCE_MS = 30_000;

/**
 * Until it is answered with a word on the wish itself: the same key again where the connection broke, now and then
 * because the client cuts it, and now and then twice at once, or once more afterwards.
 */
export async function ask(client: string, wish: Wish, { field, random }: Around): Promise<Answer> {
  const answers: Answered[] = [];
  const key = random.name(`${client}-`);
  field.asked.push({ client, key, kind: wish.kind, call: `${wish.method} ${wish.path}`, answers });
  const send = async (cutAfter: number | null) => {
    const answer = await request(wish, key, cutAfter);
    answers.push(noted(answer));
    keepPassword(answer, field);
    return answer;
  };
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const cut = random.chance(0.15) ? random.between(0, 30) : null;
    const both = await Promise.all(random.chance(0.1) ? [send(cut), send(null)] : [send(cut)]);
    const told = both.find(({ status }) => status === 202) ?? both.find(({ status }) => isWord(status));
    if (told !== undefined) {
      if (random.chance(0.2)) await send(null);
      return told;
    }
    if (Date.now() > until) return both[0];
    await pause(random.between(100, 600));
  }
}

/** Not that it is away. */
const isWord = (status: number) => (status >= 200 && status < 429) || (status > 429 && status <= 501);

const NONE: Answer = { status: 0, headers: {}, text: '', json: {} };

type Sent = Pick<Wish, 'method' | 'path' | 'tenant' | 'body'>;

async function request(wish: Sent, key: string, cutAfter: number | null): Promise<Answer> {
  const content = wish.body === undefined ? undefined : JSON.stringify(wish.body);
  const headers = {
    authorization: `Bearer ${readFileSync(TOKEN_FILE, 'utf8').trim()}`,
    'idempotency-key': key,
    'sculptor-tenant': wish.tenant,
    ...(content === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const signal = AbortSignal.timeout(cutAfter ?? 30_000);
  const where = { socketPath: API_SOCKET, host: 'localhost', method: wish.method, path: wish.path };
  return exchange({ ...where, headers, signal }, content).catch(() => NONE);
}

function noted({ status, json }: Answer): Answered {
  const operation = status === 202 ? ((json['operation'] as { id?: string } | undefined)?.id ?? null) : null;
  const problem = status >= 400 ? `${String(json['type'])} ${JSON.stringify(json['detail'])}` : null;
  return { at: Date.now(), status, problem, operation };
}

function keepPassword({ json }: Answer, { passwords }: Field): void {
  const user = (json['databaseUser'] as { id?: string } | undefined)?.id;
  const operation = (json['operation'] as { id?: string } | undefined)?.id;
  const password = json['password'];
  if (user === undefined || operation === undefined || typeof password !== 'string') return;
  passwords.set(user, [...(passwords.get(user) ?? []), { operation, password }]);
}

/** Or until nothing can be known of it any more: what was moved is another tenant's to read. */
async function untilEnded(wish: Wish, answer: Answer, field: Field): Promise<OperationStatus | null> {
  const { id } = answer.json['operation'] as { id: string };
  const look = { method: 'GET', path: `/v1/operations/${id}`, tenant: wish.tenant } as const;
  const until = Date.now() + END_PATIENCE_MS;
  while (Date.now() < until && !field.isOver()) {
    const { status, json } = await request(look, '', null);
    if (status === 404) return null;
    const operation: { readonly status?: OperationStatus } | null = status === 200 ? json : null;
    if (operation?.status !== undefined && ENDED.has(operation.status)) return operation.status;
    await pause(100);
  }
  return null;
}
