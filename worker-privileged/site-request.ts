import { request } from 'node:http';

/** `status` is null where the connection ended without an answer, or none came in time. */
export interface SiteAnswer {
  readonly status: number | null;
  readonly milliseconds: number;
}

/** Who has not begun to answer by then is down, and not slow. */
const PATIENCE_MS = 20_000;

/**
 * Asks for a site's first page as a visitor would, through nginx's own listener for probes, and reads no more than when and how the
 * answer begins. Null where nginx itself is not there. Never throws.
 */
export function askSite(
  socketPath: string,
  host: string,
  patienceMs = PATIENCE_MS,
): Promise<SiteAnswer | null> {
  const begun = performance.now();
  const took = () => Math.round(performance.now() - begun);
  return new Promise((resolve) => {
    let connected = false;
    const settle = () => resolve(connected ? { status: null, milliseconds: took() } : null);
    const headers = { host, 'user-agent': 'sculptor-check' };
    const asking = request({ socketPath, path: '/', headers, agent: false }, (response) => {
      // Both are as the site has them: a status that is none is no answer.
      const status = response.statusCode ?? 0;
      resolve({ status: status >= 100 && status <= 999 ? status : null, milliseconds: took() });
      response.on('error', () => undefined);
      asking.destroy();
    });
    // Settled here, and not by what is destroyed: whatever it does then, the round goes on.
    const late = setTimeout(() => {
      settle();
      asking.destroy(new Error('late'));
    }, patienceMs);
    asking.on('socket', (socket) => socket.on('connect', () => (connected = true)));
    asking.on('error', settle);
    // What answers 101 ends by this alone.
    asking.on('close', () => {
      clearTimeout(late);
      settle();
    });
    asking.end();
  });
}
