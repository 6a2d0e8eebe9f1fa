import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { ExecutorRequest } from '../../contract/executor.ts';
import type { Failure } from '../../contract/failures.ts';
import type { OperationStep } from '../../contract/operations.ts';

/** What the fake does with one request; what it returns is the result. */
export type Answer = (request: ExecutorRequest, tell: (step: OperationStep) => void) => unknown;

/** Thrown by an answer: the executor's own refusal. */
export class Refusal extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'Refusal';
    this.failure = failure;
  }
}

/** Speaks the executor's protocol on a socket, and does what the test says. */
export interface FakeExecutor {
  readonly socketPath: string;
  readonly requests: readonly ExecutorRequest[];
  readonly answer: (answer: Answer) => void;
  /** Whether packages are being replaced, and how often that was asked. */
  readonly packages: { underWay: boolean; asked: number; report: unknown };
  /** Ends every connection at once, as a crash does. */
  readonly crash: () => void;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
}

/** What is asked every few seconds, or before each change. */
const LOOKS: Readonly<Record<string, unknown>> = {
  'server.look': {
    ...{ cpus: 1, ticks: { busy: 0, total: 0 }, memory: { bytes: 0, available: 0 }, load: [0, 0, 0] },
    ...{ places: [], services: [], certificateEnds: null, awake: [] },
  },
  'programs.look': { programs: [] },
  'site.drift': { differences: [], probes: [] },
  'database.drift': { differences: [] },
  'tenant.drift': { differences: [] },
  'updates.look': { sites: [], services: [] },
  'updates.status': { pending: null, last: null, reboot: null },
  'bans.look': { jails: [], bans: [], more: 0 },
  'state.dump': { made: true, name: '20260101-000000', at: '2026-01-01T00:00:00.000Z', octets: 1 },
  'audit.head': {},
  'audit.lines': { lines: [], last: 0 },
};

export async function startFakeExecutor(socketPath: string, first: Answer): Promise<FakeExecutor> {
  let answer = first;
  let server: Server | undefined;
  const requests: ExecutorRequest[] = [];
  const sockets = new Set<Socket>();

  const packages = { underWay: false, asked: 0, report: null as unknown };
  const ofPackages: Readonly<Record<string, () => object>> = {
    'updates.meet': () => {
      packages.asked += 1;
      return { underWay: packages.underWay };
    },
    'updates.report': () => ({ report: packages.report }),
  };

  async function serve(socket: Socket, line: string): Promise<void> {
    const request = ExecutorRequest.parse(JSON.parse(line));
    const say = (words: object): void => {
      if (!socket.destroyed) socket.write(`${JSON.stringify({ request: request.request, ...words })}\n`);
    };
    const look = ofPackages[request.verb]?.() ?? LOOKS[request.verb];
    const isLook = look !== undefined;
    if (!isLook) requests.push(request);
    try {
      say({ result: look ?? (await answer(request, (step) => say({ step }))) });
    } catch (error) {
      say({ error: error instanceof Refusal ? error.failure : broken(error) });
    }
  }

  async function start(): Promise<void> {
    const listening = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
      createInterface({ input: socket }).on('line', (line) => void serve(socket, line));
    });
    server = listening;
    await new Promise<void>((resolve) => listening.listen(socketPath, resolve));
  }

  function crash(): void {
    for (const socket of sockets) socket.destroy();
  }

  await start();
  return {
    socketPath,
    requests,
    packages,
    answer: (next) => (answer = next),
    crash,
    start,
    stop: async () => {
      crash();
      await new Promise((resolve) => server?.close(resolve));
    },
  };
}

function broken(error: unknown): Failure {
  return { code: 'internal', message: String(error).slice(0, 400), hint: 'the fake threw' };
}
