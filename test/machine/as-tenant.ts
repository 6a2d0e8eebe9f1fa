import { setTimeout as pause } from 'node:timers/promises';
import { ENDED, Operation } from '../../contract/operations.ts';
import { Tenant } from '../../contract/tenants.ts';
import { accepted, api, operationId, succeeded, unique } from './agent.ts';
import type { Answer, Call, Method } from './agent.ts';

/* What an administrator asks for in the name of a tenant. */

export async function tenant(plan: object = {}): Promise<string> {
  const made = await accepted('POST', '/v1/tenants', { body: { name: unique('t'), plan } });
  await succeeded(made);
  return Tenant.parse(made.json['tenant']).id;
}

export const header = (id: string, call: Call = {}): Call => ({
  ...call,
  headers: { 'sculptor-tenant': id },
});

/** A write of a tenant's, once its operation has ended. */
export async function ends(id: string, answer: Answer): Promise<Operation> {
  for (;;) {
    const found = await api('GET', `/v1/operations/${operationId(answer)}`, header(id));
    const operation = Operation.parse(found.json);
    if (ENDED.has(operation.status)) return operation;
    await pause(50);
  }
}

export async function asTenant(id: string, [method, path, body]: [Method, string, object?]): Promise<Answer> {
  const answer = await accepted(method, path, header(id, body === undefined ? {} : { body }));
  const { status, error } = await ends(id, answer);
  expect([path, status, error]).toEqual([path, 'succeeded', null]);
  return answer;
}

export const idIn = (answer: Answer, noun?: string) =>
  ((noun === undefined ? answer.json : answer.json[noun]) as { id: string }).id;

export async function change(id: string, word: string, body?: object): Promise<Operation> {
  return succeeded(await accepted('POST', `/v1/tenants/${id}/${word}`, body === undefined ? {} : { body }));
}
