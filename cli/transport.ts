/** One HTTP request to the API; the body is JSON text. */
export type Request = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type Reply = {
  readonly status: number;
  readonly contentType: string;
  /** Text as it arrives; leaving a loop over it closes the connection. */
  readonly body: AsyncIterable<string>;
};

/** Sends a request; throws a `ConnectionError` when no answer begins, and from `body` when one breaks off. */
export type Transport = (request: Request) => Promise<Reply>;
