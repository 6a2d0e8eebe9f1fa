import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A real mail host on this server: TLS, a login, and what it got. */
export type Got = {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly user: string;
};

export type Host = { readonly got: Got[]; readonly close: () => Promise<void> };

export const LOGIN = { user: 'server', password: 'not-for-sites-8Qx2' } as const;

export type HostSettings = {
  readonly port: number;
  readonly secure: boolean;
  readonly key: string;
  readonly cert: string;
};

export async function startHost({ port, secure, key, cert }: HostSettings): Promise<Host> {
  const got: Got[] = [];
  const options: SMTPServerOptions = {
    secure,
    key: readFileSync(key),
    cert: readFileSync(cert),
    allowInsecureAuth: false,
    onAuth: ({ username, password }, _session, done) =>
      username === LOGIN.user && password === LOGIN.password
        ? done(null, { user: username })
        : done(new Error('no')),
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith('nobody@')
        ? done(Object.assign(new Error('nobody'), { responseCode: 550 }))
        : done(),
    onData: (stream, session, done) => {
      let text = '';
      stream.setEncoding('latin1');
      stream.on('data', (part: string) => (text += part));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? '' : mailFrom.address;
        got.push({ from, to: rcptTo.map(({ address }) => address), text, user: String(session.user) });
        done();
      });
    },
  };
  const server = new SMTPServer(options);
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { got, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** A port that nothing listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
