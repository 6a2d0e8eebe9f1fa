import { visit, visitTls } from './server.ts';

/** Answers that were not the page, as `<status> <body>`, of a host that was asked without a pause. */
export type Steady = { readonly asked: number; readonly failed: readonly string[] };

type Asked = {
  readonly host: string;
  readonly path: string;
  readonly expected: RegExp;
  /** By HTTPS, whoever vouches for it. */
  readonly tls?: boolean;
  /**
   * nginx reads a certificate's chain and its key one after the other: a handshake between which both are replaced ends,
   * and is begun once more here, as browsers do.
   */
  readonly handshakeAgain?: boolean;
};

/**
 * Asks each host by a few visitors who never pause, from before `change` begins until it is over.
 */
export async function underLoad(
  hosts: readonly Asked[],
  change: () => Promise<unknown>,
): Promise<readonly Steady[]> {
  const state = { over: false };
  const loads = hosts.map((host) => steady(host, state));
  const beginnings = loads.map(({ begun }) => begun);
  await Promise.all(beginnings);
  try {
    await change();
  } finally {
    state.over = true;
  }
  return Promise.all(loads.map(({ done }) => done));
}

const VISITORS = 3;

function steady(
  { host, path, expected, tls = false, handshakeAgain = false }: Asked,
  state: { readonly over: boolean },
) {
  const failed: string[] = [];
  let asked = 0;
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const visitor = async () => {
    do {
      const ask = () => (tls ? visitTls : visit)(host, path).catch((error: unknown) => String(error));
      let answer = await ask();
      if (handshakeAgain && typeof answer === 'string' && /alert internal error/.test(answer))
        answer = await ask();
      const seen = typeof answer === 'string' ? answer : `${answer.status} ${answer.text}`;
      if (!expected.test(seen)) failed.push(seen);
      asked += 1;
      begin();
    } while (!state.over);
  };
  const done = Promise.all(Array.from({ length: VISITORS }, visitor)).then((): Steady => ({ asked, failed }));
  return { begun, done };
}
