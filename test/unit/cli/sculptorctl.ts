import { createOpenSession, type World } from '../../../cli/connect.ts';
import { run } from '../../../cli/run.ts';
import { createTerminal } from '../../../cli/terminal.ts';
import { startApiServer, type Answers, type Asked } from '../../fakes/api-server.ts';

export type Outcome = {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly asked: readonly Asked[];
};

/** Runs sculptorctl against a fake API with these answers; pauses take no time. */
export async function sculptorctl(
  words: readonly string[],
  answers: Answers = {},
  input = '',
): Promise<Outcome> {
  const api = await startApiServer(answers);
  try {
    return { ...(await runIn({ socket: api.socket }, words, input)), asked: api.asked };
  } finally {
    await api.close();
  }
}

/** Runs sculptorctl in a world that differs from the usual one: a token in the environment, no API at all. */
export async function runIn(
  world: Partial<World>,
  words: readonly string[],
  input = '',
): Promise<Omit<Outcome, 'asked'>> {
  let out = '';
  let err = '';
  const terminal = createTerminal({
    out: (text) => (out += text),
    err: (text) => (err += text),
    input: () => Promise.resolve(input),
  });
  const open = createOpenSession({
    terminal,
    token: 'test-token',
    address: undefined,
    socket: '/nowhere/api.sock',
    tokenFile: '/nowhere/admin-token',
    idempotencyKey: 'key-of-this-run',
    pause: () => Promise.resolve(),
    patienceMs: 60_000,
    ...world,
  });
  const code = await run({ words, terminal, open });
  return { code, out, err };
}
