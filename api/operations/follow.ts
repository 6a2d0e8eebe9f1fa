import type { Response } from 'express';
import type { OperationId, TokenId } from '../../contract/ids.ts';
import type { Operation } from '../../contract/operations.ts';
import type { Caller } from '../caller.ts';
import { createEventStream } from './event-stream.ts';
import type { EventStream } from './event-stream.ts';
import type { News } from './news.ts';
import { createStreamRoom } from './stream-room.ts';
import type { StreamRoom } from './stream-room.ts';

/** How often the database is asked while there is no news from Redis; milliseconds. */
const POLL_MS = 1000;
/** With news it is asked every so many polls all the same: news can be lost. */
const POLLS_WITH_NEWS = 5;
/** Whether the token is still worth something is asked every so many polls, news or not. */
const POLLS_BETWEEN_LOGINS = 5;
/** A line for those in between who close what is silent; every so many polls. */
const POLLS_BETWEEN_PINGS = 15;

export interface Followed {
  readonly id: OperationId;
  readonly caller: Pick<Caller, 'role' | 'tenant' | 'tokenId'>;
  /** Reads the operation as it is now; throws a ProblemError when there is none. */
  readonly read: () => Promise<Operation>;
}

/** Sends each state of an operation as a server-sent event, the first at once; resolves after the last. */
export type Follow = (res: Response, followed: Followed) => Promise<void>;

export interface Follower {
  readonly follow: Follow;
  /** Ends all streams; who still wants to know asks again. */
  readonly close: () => void;
}

export interface FollowerParts {
  readonly news: News;
  /** Whether a token is still good for anything. */
  readonly isActive: (token: TokenId) => Promise<boolean>;
  readonly pollMs?: number;
  readonly room?: StreamRoom;
}

export function createFollower({
  news,
  isActive,
  pollMs = POLL_MS,
  room = createStreamRoom(),
}: FollowerParts): Follower {
  const open = new Set<EventStream>();

  async function follow(res: Response, { id, caller, read }: Followed): Promise<void> {
    const leave = room.enter(caller);
    const stream = createEventStream(res, read);
    open.add(stream);
    // Before the first look, so that nothing falls between the two.
    const stopListening = news.listen(id, () => void stream.catchUp());
    try {
      await stream.begin();
      const endIfLapsed = () =>
        isActive(caller.tokenId).then(
          (active) => active || stream.end(),
          () => undefined,
        );
      const clock = setInterval(ticking({ stream, news, endIfLapsed }), pollMs);
      await stream.closed;
      clearInterval(clock);
    } finally {
      stopListening();
      open.delete(stream);
      leave();
    }
  }

  return { follow, close: () => open.forEach((stream) => stream.end()) };
}

interface Ticking {
  readonly stream: EventStream;
  readonly news: News;
  readonly endIfLapsed: () => unknown;
}

function ticking({ stream, news, endIfLapsed }: Ticking): () => void {
  let ticks = 0;
  return () => {
    ticks += 1;
    if (ticks % POLLS_BETWEEN_PINGS === 0) stream.ping();
    if (ticks % POLLS_BETWEEN_LOGINS === 0) void endIfLapsed();
    if (!news.isLive() || ticks % POLLS_WITH_NEWS === 0) void stream.catchUp();
  };
}
