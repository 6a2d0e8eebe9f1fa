import type { Response } from 'express';
import type { OperationId } from '../../contract/ids.ts';
import type { Operation } from '../../contract/operations.ts';
import { unavailable } from '../problems.ts';
import { createEventStream } from './event-stream.ts';
import type { EventStream } from './event-stream.ts';
import type { News } from './news.ts';

/** Streams that may be open at once; each keeps a connection and asks the database now and then. */
const MOST_STREAMS = 200;
/** How often the database is asked while there is no news from Redis; milliseconds. */
const POLL_MS = 1000;
/** With news it is asked every so many polls all the same: news can be lost. */
const POLLS_WITH_NEWS = 5;
/** A line for those in between who close what is silent; every so many polls. */
const POLLS_BETWEEN_PINGS = 15;

export interface Followed {
  readonly id: OperationId;
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
  readonly pollMs?: number;
  readonly mostStreams?: number;
}

export function createFollower({
  news,
  pollMs = POLL_MS,
  mostStreams = MOST_STREAMS,
}: FollowerParts): Follower {
  const open = new Set<EventStream>();

  async function follow(res: Response, { id, read }: Followed): Promise<void> {
    if (open.size >= mostStreams) throw unavailable('Too many operations are followed now. Read it instead.');
    const stream = createEventStream(res, read);
    open.add(stream);
    // Before the first look, so that nothing falls between the two.
    const stopListening = news.listen(id, () => void stream.catchUp());
    try {
      await stream.begin();
      const clock = setInterval(ticking(stream, news), pollMs);
      await stream.closed;
      clearInterval(clock);
    } finally {
      stopListening();
      open.delete(stream);
    }
  }

  return { follow, close: () => open.forEach((stream) => stream.end()) };
}

function ticking(stream: EventStream, news: News): () => void {
  let ticks = 0;
  return () => {
    ticks += 1;
    if (ticks % POLLS_BETWEEN_PINGS === 0) stream.ping();
    if (!news.isLive() || ticks % POLLS_WITH_NEWS === 0) void stream.catchUp();
  };
}
