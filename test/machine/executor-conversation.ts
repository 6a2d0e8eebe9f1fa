import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Differences } from '../../contract/drift.ts';
import { ExecutorAnswer, PlanResult, type Probe, type Verb } from '../../contract/executor.ts';
import type { OperationStep } from '../../contract/operations.ts';
import { run } from './server.ts';

/** Both ways to the executor: the one command of sculptor's, and the socket that systemd keeps for it. */
export type Way = 'sudo' | 'socket';

export const EXECUTOR = '/usr/lib/sculptor/executor';
export const SOCKET = '/run/sculptor-executor/executor.sock';
const AUDIT_LOG = '/var/lib/sculptor-root/audit.log';

type Channel = { readonly input: Writable; readonly output: Readable; readonly kill: () => void };

export function openChannel(way: Way): Channel {
  if (way === 'socket') {
    const socket = connect(SOCKET);
    return { input: socket, output: socket, kill: () => socket.destroy() };
  }
  const child = spawn('runuser', ['-u', 'sculptor', '--', 'sudo', '-n', EXECUTOR], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return { input: child.stdin, output: child.stdout, kill: () => child.kill('SIGKILL') };
}

/** Says these bytes and nothing more; gives every line that comes back until the other side ends. */
export async function converse(way: Way, bytes: string | Buffer): Promise<readonly ExecutorAnswer[]> {
  const { input, output } = openChannel(way);
  input.on('error', () => undefined);
  output.on('error', () => undefined);
  input.end(bytes);
  let text = '';
  for await (const chunk of output.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => ExecutorAnswer.parse(JSON.parse(line)));
}

export type Outcome = {
  readonly steps: readonly OperationStep[];
  readonly code: string;
  readonly probes: readonly Probe[];
  readonly result: unknown;
};

/** One request; `code` is `succeeded` or the code of its failure. */
export async function ask(way: Way, verb: Verb, args: unknown): Promise<Outcome> {
  const answers = await converse(way, requestLine(verb, args));
  const steps = answers.flatMap((answer) => ('step' in answer ? [answer.step] : []));
  const last = answers.at(-1);
  if (last === undefined || 'step' in last) throw new Error('the executor broke off');
  if ('error' in last) return { steps, code: last.error.code, probes: [], result: undefined };
  const { probes = [] } = last.result as { readonly probes?: readonly Probe[] };
  return { steps, code: 'succeeded', probes, result: last.result };
}

/** What the same request would change. */
export async function plan(way: Way, verb: Verb, args: unknown): Promise<Differences> {
  const line = JSON.stringify({ request: 'r1', operation: null, verb, args, plan: true });
  const last = (await converse(way, `${line}\n`)).at(-1);
  if (last === undefined || !('result' in last)) throw new Error(`no plan: ${JSON.stringify(last)}`);
  return PlanResult.parse(last.result).differences;
}

export function requestLine(verb: string, args: unknown): string {
  return `${JSON.stringify({ request: 'r1', operation: null, verb, args })}\n`;
}

export function newId(): string {
  return `t${randomBytes(6).toString('hex').slice(0, 11)}`;
}

export function site(change: Readonly<Record<string, unknown>> = {}) {
  const id = newId();
  return {
    id,
    generation: 1,
    name: `${id}.example`,
    aliases: [] as string[],
    type: 'php',
    phpVersion: null,
    publicDirectory: 'public',
    isolation: 'site',
    enabled: true,
    protected: false,
    tenant: 'default',
    ...change,
  };
}

export const changed = ({ steps }: Outcome) => steps.filter((step) => step.changed).map(({ name }) => name);

/** What a probe sees: status and body, or `closed`. */
export function probe({ host, path }: Pick<Probe, 'host' | 'path'>): string {
  const { code, out } = run('curl', [
    '--silent',
    '--path-as-is',
    '--write-out',
    ' %{http_code}',
    '--unix-socket',
    '/run/sculptor-probe/http.sock',
    `http://${host}${path}`,
  ]);
  return code === 52 ? 'closed' : out.replace(/\n? ([0-9]+)$/, ' $1');
}

/** What it should see. */
export function expected({ expect }: Probe): string {
  if (expect === 'closed') return 'closed';
  if ('certificate' in expect) return expect.certificate;
  return expect.body === undefined ? `${expect.status}` : `${expect.body} ${expect.status}`;
}

/** The lines that the audit log has more than it had; how far the state's audit reaches is noted whoever asks for what. */
export function auditSince(length: number): Record<string, unknown>[] {
  const lines = readFileSync(AUDIT_LOG, 'utf8').slice(length).split('\n').filter(Boolean);
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event !== 'head');
}

export function auditLength(): number {
  return run('test', ['-e', AUDIT_LOG]).code === 0 ? readFileSync(AUDIT_LOG, 'utf8').length : 0;
}

/** All that a request may change on a server, as one text that compares. */
export function serverState(): string {
  const folders = [
    '/etc/sculptor/sites',
    '/etc/sculptor/hosts',
    '/etc/nginx/sculptor',
    '/home/www',
    '/etc/sudoers.d',
  ];
  const listed = run('find', [...folders, '-printf', '%p %y %m %U %G %l\n']).out;
  const files = ['/etc/passwd', '/etc/group', '/etc/shadow', '/etc/sudoers'].map((path) =>
    readFileSync(path, 'utf8'),
  );
  const registry = run('sh', ['-c', 'cat /var/lib/sculptor-root/registry/* 2>/dev/null']).out;
  const units = run('sh', ['-c', 'ls /etc/systemd/system/sockets.target.wants']).out;
  return [listed.split('\n').sort().join('\n'), ...files, registry, units].join('\n---\n');
}
