import { createConnection } from 'node:net';
import { CACHE_SOCKET } from '../../contract/caches.ts';
import { written } from '../../worker-privileged/executor/system/resp.ts';
import { readReply, RespError, type Reply } from '../../worker-privileged/executor/system/resp-reply.ts';

/** Who may log in to the caches' Redis, and with which keys. */
export type CacheLogin = { readonly username: string; readonly password: string; readonly prefix: string };

/** A connection that somebody has opened; refusals come back as their text. */
export type Client = {
  readonly call: (...words: readonly (string | number)[]) => Promise<Reply>;
  /** Many at once, without a look at what comes in between. */
  readonly flood: (commands: readonly (readonly (string | number)[])[]) => Promise<readonly Reply[]>;
  readonly close: () => void;
};

const open = new Set<Client>();

/** What a test has left open would keep its process. */
export function closeAll(): void {
  for (const client of open) client.close();
}

/** Logged in, unless `login` is null. */
export async function connect(login: CacheLogin | null, path: string = CACHE_SOCKET): Promise<Client> {
  const socket = createConnection(path);
  const waiting: ((reply: Reply) => void)[] = [];
  let come: Buffer = Buffer.alloc(0);
  let ended = false;
  const end = (why: string) => {
    ended = true;
    for (const answer of waiting.splice(0)) answer(why);
  };
  socket.on('data', (chunk: Buffer) => {
    come = Buffer.concat([come, chunk]);
    for (let read = readReply(come); read !== null; read = readReply(come)) {
      come = come.subarray(read.length);
      waiting.shift()?.(read.reply instanceof RespError ? read.reply.message : read.reply);
    }
  });
  socket.on('error', (error) => end(`gone: ${error.message}`)).on('close', () => end('gone'));
  const flood: Client['flood'] = (commands) => {
    if (ended) return Promise.resolve(commands.map(() => 'gone'));
    const replies = commands.map(() => new Promise<Reply>((resolve) => waiting.push(resolve)));
    socket.write(Buffer.concat(commands.map((words) => written(words))));
    return Promise.all(replies);
  };
  const call: Client['call'] = async (...words) => (await flood([words]))[0] ?? null;
  const client: Client = { call, flood, close: () => socket.destroy() };
  open.add(client);
  if (login !== null) {
    const answer = await call('AUTH', login.username, login.password);
    if (answer !== 'OK') throw new Error(`AUTH: ${String(answer)}`);
  }
  return client;
}
