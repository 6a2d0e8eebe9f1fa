import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Agent } from './agent.ts';
import { TOKEN } from './agent.ts';

/** A stream of server-sent events as it arrives. */
export interface Events {
  readonly response: IncomingMessage;
  /** The next state of the operation; undefined after the last. */
  readonly next: () => Promise<Record<string, unknown> | undefined>;
  readonly leave: () => void;
}

export async function follow(
  agent: Agent,
  operation: string,
  authorization = `Bearer ${TOKEN}`,
): Promise<Events> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(
      {
        socketPath: agent.socket,
        path: `/v1/operations/${operation}/events`,
        headers: { authorization },
        agent: false,
      },
      resolve,
    )
      .on('error', reject)
      .end();
  });
  const events = read(response);
  return {
    response,
    next: async () => {
      const { value } = await events.next();
      return value as Record<string, unknown> | undefined;
    },
    leave: () => response.destroy(),
  };
}

async function* read(response: IncomingMessage): AsyncGenerator {
  let rest = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    rest += String(chunk);
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const [event, data] = block.split('\n');
      if (event === 'event: operation') yield JSON.parse(data?.replace(/^data: /, '') ?? '');
    }
  }
}
