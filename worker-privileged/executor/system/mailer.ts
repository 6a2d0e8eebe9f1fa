import { request } from 'node:http';
import { FailureError } from '../../../contract/failures.ts';
import { NoticeAnswer, type Notice } from '../../../contract/mail-notices.ts';
import { because } from './because.ts';
import { paths } from './paths.ts';

/** The way that www-data has to the mailer, for root's own test. Answers what the mailer says, or throws FailureError. */
export type Mailer = { readonly tell: (notice: Notice) => Promise<NoticeAnswer> };

const TIMEOUT_MS = 30_000;

export function createMailer(socketPath: string = paths.mailDoor): Mailer {
  return {
    tell: async (notice) => {
      const { status, text } = await post(socketPath, JSON.stringify({ notices: [notice] }));
      if (status === 202) return NoticeAnswer.parse(JSON.parse(text));
      throw new FailureError(
        status === 429 ? 'limit_reached' : 'server_broken',
        `The mailer takes no letter now: ${sentenceOf(text)}`,
        'Look at sculptorctl mail show, and at the mailer: journalctl -u sculptor-mailer, or /var/log/sculptor/mailer.log.',
      );
    },
  };
}

function post(socketPath: string, body: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': Buffer.byteLength(body) };
    const options = { socketPath, path: '/', method: 'POST', headers, timeout: TIMEOUT_MS, agent: false };
    const call = request(options, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
        if (text.length > 4096) call.destroy(new Error('the answer is too long'));
      });
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    call.on('timeout', () => call.destroy(new Error('no answer in time')));
    call.on('error', (cause) => reject(because(cause, notThere())));
    call.end(body);
  });
}

function sentenceOf(text: string): string {
  const error = /"error":"([^"\\]*)"/.exec(text)?.[1];
  return error ?? 'it does not say why.';
}

function notThere(): FailureError {
  return new FailureError(
    'server_broken',
    'The mailer does not answer.',
    'Run systemctl restart sculptor-mailer, or supervisorctl restart sculptor-mailer.',
  );
}
