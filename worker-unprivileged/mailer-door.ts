import { request } from 'node:http';
import { NoticeAnswer, NoticesWanted } from '../contract/mail-notices.ts';
import type { Notice } from '../contract/mail-notices.ts';

export const MAILER_SOCKET = '/var/lib/sculptor-mail/sites/agent/socket';

/**
 * `full`: the hour's letters are written. `away`: nothing is taken now. `failed`: this is not, and others may be. `refused`: it is none
 * that can be told.
 */
export type HandedOver =
  | { readonly kind: 'taken'; readonly answer: NoticeAnswer }
  | { readonly kind: 'full'; readonly seconds: number }
  | { readonly kind: 'away'; readonly said: string }
  | { readonly kind: 'failed' }
  | { readonly kind: 'refused' };

export interface MailerDoor {
  /** Which events anybody is told of; throws where the mailer does not say. */
  readonly wanted: () => Promise<NoticesWanted>;
  readonly hand: (notices: readonly Notice[]) => Promise<HandedOver>;
}

const PATIENCE_MS = 15_000;
const MOST_OF_ANSWER = 65_536;

/** The way to the mailer, which alone knows to whom letters go, and by what login. */
export function createMailerDoor(socketPath: string = MAILER_SOCKET): MailerDoor {
  return {
    wanted: async () => {
      const { status, body } = await ask(socketPath);
      if (status !== 200) throw new Error(`the mailer answers ${status}`);
      return NoticesWanted.parse(JSON.parse(body)).wanted;
    },
    hand: async (notices) => {
      try {
        return meaning(await ask(socketPath, JSON.stringify({ notices })));
      } catch (error) {
        return { kind: 'away', said: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
}

function meaning({ status, body, retryAfter }: Answer): HandedOver {
  if (status === 202) return { kind: 'taken', answer: NoticeAnswer.parse(JSON.parse(body)) };
  if (status === 429) return { kind: 'full', seconds: Number(retryAfter ?? 60) };
  if (status === 400 || status === 413) return { kind: 'refused' };
  return status === 500 ? { kind: 'failed' } : { kind: 'away', said: body.slice(0, 300) };
}

function ask(socketPath: string, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const headers = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const asked = request({ socketPath, path: '/', method, headers, agent: false, signal }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
        if (text.length > MOST_OF_ANSWER) asked.destroy(new Error('the answer is too long'));
      });
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, body: text, retryAfter: answer.headers['retry-after'] }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
