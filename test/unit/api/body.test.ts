import type { NextFunction, Request, Response } from 'express';
import { readBody } from '../../../api/body.ts';

/** What becomes of a request whose bytes were read, or passed over, already. */
function parse(headers: Record<string, string>, body: unknown): unknown {
  const request = { headers, body } as unknown as Request;
  let called = false;
  void readBody().at(-1)?.(request, {} as unknown as Response, (() => (called = true)) as NextFunction);
  expect(called).toBe(true);
  return request.body;
}

test('a body is read, and one of no bytes is none', () => {
  expect(parse({ 'content-length': '7' }, Buffer.from('{"a":1}'))).toEqual({ a: 1 });
  expect(parse({ 'transfer-encoding': 'chunked' }, Buffer.alloc(0))).toBeUndefined();
  expect(parse({ 'content-length': '0' }, undefined)).toBeUndefined();
  expect(parse({}, undefined)).toBeUndefined();
});

test.each([{ 'content-length': '2' }, { 'transfer-encoding': 'chunked' }])(
  'where a body was said (%j) and none came, because the connection broke, it is not taken for none',
  (headers) => {
    expect(() => parse(headers, undefined)).toThrow('The body did not come in whole.');
  },
);
