import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Database, DatabaseUser } from '../../contract/databases.ts';
import { Domain } from '../../contract/domains.ts';
import { ShownOperation } from '../../contract/changes.ts';
import { ENDED } from '../../contract/operations.ts';
import type { Operation } from '../../contract/operations.ts';

/** The API as root speaks to it on an installed server: over its socket, with the administrator's token. */
export const API_SOCKET = '/run/sculptor/api.sock';
export const TOKEN_FILE = '/etc/sculptor/admin-token';

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body, where it is JSON. */
  readonly json: Record<string, unknown>;
};

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Call = {
  readonly body?: unknown;
  /** What is sent instead of the JSON of `body`. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
};

/** One request; a write has an Idempotency-Key of its own unless `headers` says otherwise. */
export function api(method: Method, path: string, call: Call = {}): Promise<Answer> {
  const content = call.raw ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
  const headers = {
    authorization: `Bearer ${readFileSync(TOKEN_FILE, 'utf8').trim()}`,
    ...(content === undefined ? {} : { 'content-type': 'application/json' }),
    ...(method === 'GET' ? {} : { 'idempotency-key': randomUUID() }),
    ...call.headers,
  };
  return exchange({ socketPath: API_SOCKET, method, path, headers, host: 'localhost' }, content);
}

export function exchange(options: object, content?: string | Buffer): Promise<Answer> {
  return answered((done) => request({ agent: false, ...options }, done), content);
}

/** What a request gets, once it has come in whole. */
export function answered(
  begin: (done: (answer: IncomingMessage) => void) => ClientRequest,
  content?: string | Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = begin((answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: parse(text) }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(content);
  });
}

/** A write that the API accepts; fails with the problem where it does not. */
export async function accepted(method: Method, path: string, call: Call = {}): Promise<Answer> {
  const answer = await api(method, path, call);
  if (answer.status !== 202) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer;
}

export function operationId(answer: Answer): string {
  return (answer.json['operation'] as { id: string }).id;
}

export async function readOperation(id: string): Promise<ShownOperation> {
  return ShownOperation.parse((await api('GET', `/v1/operations/${id}`)).json);
}

/** The operation that an answer began, once it has ended, however that is. */
export async function ended(answer: Answer): Promise<ShownOperation> {
  for (;;) {
    const operation = await readOperation(operationId(answer));
    if (ENDED.has(operation.status)) return operation;
    await pause(50);
  }
}

/** The same, and it must have gone well. */
export async function succeeded(answer: Answer): Promise<ShownOperation> {
  const operation = await ended(answer);
  if (operation.status !== 'succeeded') {
    throw new Error(`${operation.kind} ${operation.resource.name}: ${JSON.stringify(operation, null, 1)}`);
  }
  return operation;
}

/** A domain, live. */
export async function createDomain(
  wanted: { readonly name: string } & Record<string, unknown>,
): Promise<Domain> {
  await succeeded(await accepted('POST', '/v1/domains', { body: wanted }));
  return readDomain(wanted.name);
}

export async function readDomain(idOrName: string): Promise<Domain> {
  return Domain.parse((await api('GET', `/v1/domains/${idOrName}`)).json);
}

export async function updateDomain(idOrName: string, change: object): Promise<Operation> {
  return succeeded(await accepted('PATCH', `/v1/domains/${idOrName}`, { body: change }));
}

export async function createDatabase(name: string): Promise<Database> {
  await succeeded(await accepted('POST', '/v1/databases', { body: { name } }));
  return Database.parse((await api('GET', `/v1/databases/${name}`)).json);
}

export type Login = { readonly id: string; readonly name: string; readonly password: string };

export async function createUser(
  database: string,
  wanted: { name: string; privileges?: string; readonly maxConnections?: number },
): Promise<Login> {
  const answer = await accepted('POST', `/v1/databases/${database}/users`, { body: wanted });
  await succeeded(answer);
  const { id, name } = DatabaseUser.parse(answer.json['databaseUser']);
  return { id, name, password: String(answer.json['password']) };
}

/** Waits until the agent says that it is ready: the server may have started a moment ago. */
export async function ready(): Promise<void> {
  for (;;) {
    const status = await api('GET', '/v1/health/ready').then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return;
    await pause(100);
  }
}

/** A name that no other test has. */
export function unique(prefix: string): string {
  return `${prefix}${randomBytes(4).toString('hex')}`;
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
