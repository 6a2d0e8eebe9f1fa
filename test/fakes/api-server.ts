import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the fake was asked, in order. */
export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
};

/** An answer: JSON with a status; text of a stream of events, which may break off; or no answer at all. */
export type Answer =
  | { readonly status: number; readonly body: unknown }
  | { readonly status: number; readonly text: string }
  | { readonly events: readonly string[]; readonly breaks?: boolean }
  | 'hang up';

/** Answers by `METHOD /path`; a list is used up one at a time, and its last entry stays. */
export type Answers = Record<string, readonly Answer[]>;

export type ApiServer = {
  readonly socket: string;
  readonly asked: readonly Asked[];
  readonly close: () => Promise<void>;
};

/** A hand-written API on a unix socket in a folder of its own, for the tests of its client. */
export async function startApiServer(answers: Answers): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sculptor-cli-'));
  const socket = join(folder, 'api.sock');
  const asked: Asked[] = [];
  const used = new Map<string, number>();
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      asked.push({ method, path: url, headers, body: text === '' ? undefined : JSON.parse(text) });
      const key = `${method} ${url}`;
      const turn = used.get(key) ?? 0;
      used.set(key, turn + 1);
      const known = answers[key] ?? [{ status: 404, body: problem(404, 'There is no such resource') }];
      give(known[Math.min(turn, known.length - 1)] ?? 'hang up', response);
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const close = async (): Promise<void> => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  };
  return { socket, asked, close };
}

export function problem(status: number, title: string, more: object = {}): object {
  return { type: 'urn:sculptor:problem:x', title, status, detail: title, ...more };
}

function give(answer: Answer, response: ServerResponse): void {
  if (answer === 'hang up') {
    response.destroy();
    return;
  }
  if ('events' in answer) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    answer.events.forEach((event) => response.write(event));
    if (answer.breaks) setImmediate(() => response.destroy());
    else response.end();
    return;
  }
  const type = 'text' in answer ? 'text/html' : 'application/json';
  response.writeHead(answer.status, { 'content-type': type });
  response.end('text' in answer ? answer.text : JSON.stringify(answer.body));
}
