import { EventEmitter } from 'node:events';
import type { Request, Response } from 'express';
import { sendProblem } from '../../../api/problem-handler.ts';
import { ProblemError } from '../../../api/problems.ts';
import { auditRequests } from '../../../api/request-audit.ts';
import type { AuditLine } from '../../../state/audit.ts';

/* What is noted of a request, also of one whose answer nobody waits for. */

function ask(method: string) {
  const noted: AuditLine[] = [];
  const state = { writableEnded: false, locals: {}, hasHeader: () => false };
  const res = Object.assign(new EventEmitter(), state) as unknown as Response;
  const chain = { status: () => res, set: () => res, type: () => res };
  Object.assign(res, chain, { send: () => Object.assign(res, { writableEnded: true }) });
  const req = { method, query: {}, path: '/v1/domains', originalUrl: '/v1/domains', headers: {}, socket: {} };
  const wanted = { ...req, url: '/v1/domains', get: () => undefined, header: () => undefined };
  auditRequests((line) => noted.push(line))(wanted as unknown as Request, res, () => undefined);
  const refuse = () => {
    sendProblem(res, new ProblemError('forbidden', 'No.'));
  };
  return { noted, res, refuse };
}

test('a refusal is noted once, when it was answered', () => {
  const { noted, res, refuse } = ask('POST');
  refuse();
  expect(noted).toEqual([]);
  res.emit('close');
  expect(noted).toMatchObject([{ action: 'POST', outcome: 'refused:forbidden' }]);
});

test('who hangs up before that is noted as refused all the same', () => {
  const { noted, res, refuse } = ask('POST');
  res.emit('close');
  expect(noted).toEqual([]);
  refuse();
  expect(noted).toMatchObject([{ action: 'POST', outcome: 'refused:forbidden' }]);
});
