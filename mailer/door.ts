import { chmod, lstat, unlink } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';

/** A socket that listens in a folder, by the number of its file: another of the same name is another door. */
export type Door = {
  readonly inode: bigint;
  /** No connection is taken or kept. */
  readonly close: () => Promise<void>;
};

/** Of one site; more wait at its own end. */
const MOST_CONNECTIONS = 16;
/** For a whole message and its answer. A server of HTTP that does not itself listen looks after no time. */
const LIFETIME_MS = 40_000;

/**
 * Makes the socket anew: what an earlier process left there answers nobody. It has the group of its folder, by the
 * set-group-id bit, and that group alone, beside this process, may connect.
 */
export async function openDoor(path: string, welcome: (connection: Socket) => void): Promise<Door> {
  await unlink(path).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  });
  const open = new Set<Socket>();
  const server = createServer((connection) => {
    open.add(connection);
    const over = setTimeout(() => connection.destroy(), LIFETIME_MS);
    connection.once('close', () => {
      clearTimeout(over);
      open.delete(connection);
    });
    welcome(connection);
  });
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, backlog: 128 }, resolve);
  });
  server.on('error', () => undefined);
  await chmod(path, 0o660);
  return {
    inode: (await lstat(path, { bigint: true })).ino,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of open) connection.destroy();
      }),
  };
}
