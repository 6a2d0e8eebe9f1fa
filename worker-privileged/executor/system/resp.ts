import { createConnection, type Socket } from 'node:net';
import { readReply, RespError, type Reply } from './resp-reply.ts';

/** A connection to a Redis behind a unix socket, logged in. */
export type Redis = {
  /** The reply to one command. Throws RespError where Redis refuses it. */
  readonly call: (...words: readonly (string | number)[]) => Promise<Reply>;
  readonly close: () => void;
};

export type RedisLogin = {
  readonly socketPath: string;
  readonly username: string;
  readonly password: string;
};

export type ConnectRedis = (login: RedisLogin) => Promise<Redis>;

/** What is answered is short: who answers more is not the Redis that was meant. */
const LIMIT_BYTES = 4_194_304;
const TIMEOUT_MS = 10_000;

type Waiting = { readonly resolve: (reply: Reply) => void; readonly reject: (cause: Error) => void };

export async function connectRedis({ socketPath, username, password }: RedisLogin): Promise<Redis> {
  const redis = speak(createConnection(socketPath));
  try {
    await redis.call('AUTH', username, password);
    return redis;
  } catch (cause) {
    redis.close();
    throw cause;
  }
}

/** Replies come in the order of the commands. Whatever goes wrong with the connection ends it, and all that waits. */
function speak(socket: Socket): Redis {
  const waiting: Waiting[] = [];
  let broken: Error | null = null;
  let come: Buffer = Buffer.alloc(0);
  const fail = (cause: Error) => {
    broken ??= cause;
    socket.destroy();
    for (const each of waiting.splice(0)) each.reject(broken);
  };
  const take = (chunk: Buffer) => {
    come = come.length === 0 ? chunk : Buffer.concat([come, chunk]);
    for (let read = readReply(come); read !== null; read = readReply(come)) {
      come = come.subarray(read.length);
      const first = waiting.shift();
      if (read.reply instanceof RespError) first?.reject(read.reply);
      else first?.resolve(read.reply);
    }
    if (come.length > LIMIT_BYTES) fail(new Error('Redis answers too much'));
  };
  socket.on('data', (chunk: Buffer) => {
    try {
      take(chunk);
    } catch (cause) {
      fail(cause instanceof Error ? cause : new Error('Redis cannot be understood'));
    }
  });
  socket.setTimeout(TIMEOUT_MS, () => waiting.length > 0 && fail(new Error('Redis does not answer')));
  socket.on('error', fail).on('close', () => fail(new Error('Redis has closed the connection')));
  return {
    call: (...words) =>
      new Promise((resolve, reject) => {
        if (broken !== null) {
          reject(broken);
          return;
        }
        waiting.push({ resolve, reject });
        socket.write(written(words));
      }),
    close: () => fail(new Error('the connection was closed')),
  };
}

/** Each word with its length before it: whatever is in one, it is one. */
export function written(words: readonly (string | number)[]): Buffer {
  const parts = words.map((word) => {
    const text = String(word);
    return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
  });
  return Buffer.from(`*${words.length}\r\n${parts.join('')}`);
}
