/** A message that is not taken. The sentence is for whoever wrote the site's program. */
export class MailRefusedError extends Error {
  readonly status: 400 | 403 | 413 | 429 | 503;

  constructor(status: MailRefusedError['status'], sentence: string) {
    super(sentence);
    this.name = 'MailRefusedError';
    this.status = status;
  }
}

export function refuse(sentence: string): never {
  throw new MailRefusedError(400, sentence);
}
