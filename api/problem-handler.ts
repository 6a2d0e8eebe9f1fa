import type { ErrorRequestHandler, Response } from 'express';
import type { ProblemKind } from '../contract/problems.ts';
import type { Logger } from '../runtime/logger.ts';
import { isUnavailable } from '../state/connection.ts';
import { notFound, problemDocument, ProblemError, unavailable } from './problems.ts';

export function sendProblem(res: Response, error: ProblemError): void {
  const document = problemDocument(error);
  res.locals['problem'] = error.kind;
  (res.locals['whenRefused'] as (() => void) | undefined)?.();
  res
    .status(document.status)
    .set(error.parts.headers ?? {})
    .type('application/problem+json')
    .send(JSON.stringify(document));
}

/** For whoever has to know of it also where nobody waits for the answer any more. */
export function whenRefused(res: Response, act: () => void): void {
  res.locals['whenRefused'] = act;
}

/** The kind of problem that was answered, if one was. */
export function problemOf(res: Response): ProblemKind | undefined {
  return res.locals['problem'] as ProblemKind | undefined;
}

/** The last middleware: whatever was thrown becomes a problem document, and its cause stays in the log. */
export function createProblemHandler(logger: Logger): ErrorRequestHandler {
  // Express knows a handler of errors by its four parameters.
  // eslint-disable-next-line max-params
  return (error: unknown, _req, res, next) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    const problem = toProblem(error);
    if (problem.kind === 'internal') logger.error({ err: error }, 'a request failed');
    if (problem.kind === 'unavailable') logger.warn({ err: error }, 'a request could not be served now');
    sendProblem(res, problem);
  };
}

export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (isUnavailable(error)) return unavailable('The database of the agent does not answer. Ask again soon.');
  return HTTP_ERRORS[typeOf(error)] ?? new ProblemError('internal', "The cause stands in the API's log.");
}

/** What Express and its parser of bodies throw, by the type they give it. */
const HTTP_ERRORS: Readonly<Record<string, ProblemError>> = {
  'entity.too.large': new ProblemError('too-large', 'At most 64 KiB are taken.'),
  'encoding.unsupported': new ProblemError('unsupported-media-type', 'A compressed body is not taken.'),
  'request.aborted': new ProblemError('invalid-json', 'The body broke off.'),
  'request.size.invalid': new ProblemError('invalid-json', 'The body is not as long as it says.'),
  // A path with a percent sign that encodes nothing.
  URIError: notFound('resource'),
};

function typeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('type' in error && typeof error.type === 'string') return error.type;
  return 'name' in error && typeof error.name === 'string' ? error.name : '';
}
