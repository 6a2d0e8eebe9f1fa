import { z } from 'zod';
import type { RootLine } from '../../../contract/audit.ts';
import { jsonOf } from '../../../contract/json-text.ts';
import type { ChainedLine } from './audit-chain.ts';

const Facts = z.looseObject({
  event: z.string(),
  operation: z.string().nullish(),
  verb: z.string().optional(),
  command: z.string().optional(),
  subject: z.string().optional(),
  id: z.string().optional(),
  outcome: z.string().optional(),
  login: z.number().optional(),
});
type Facts = z.infer<typeof Facts>;

/**
 * What the audit has of a line; null of one in which a head is noted. Of a line that is none of ours nothing more is told than
 * that it is there. Copies are held against this for as long as they are kept: what it says of a line stays.
 */
export function toRootLine({
  number,
  hash,
  text,
}: Pick<ChainedLine, 'number' | 'hash' | 'text'>): RootLine | null {
  const facts: Facts = Facts.safeParse(jsonOf(text)).data ?? { event: 'unknown' };
  if (facts.event === 'head') return null;
  const { event, verb, command, subject, id, outcome = '' } = facts;
  return {
    ...{ line: number, hash, actor: command === undefined ? 'executor' : 'root' },
    action: (command ?? verb ?? 'request').slice(0, 60),
    resource: (id ?? subject ?? '').slice(0, 60),
    outcome: (event === 'ended' ? outcome : event).slice(0, 40),
    about: aboutOf(facts).slice(0, 150),
  };
}

/** Why it was refused, whose it was, or who had logged in to ask for it. */
function aboutOf({ event, operation, outcome = '', login }: Facts): string {
  if (event === 'refused') return outcome;
  if (operation) return `operation ${operation}`;
  return login === undefined ? '' : `login ${login}`;
}

/** When it was written, as it says itself; 0 where it does not. */
export function timeOf({ text }: Pick<ChainedLine, 'text'>): number {
  const { time } = z.looseObject({ time: z.string() }).safeParse(jsonOf(text)).data ?? { time: '' };
  return Date.parse(time) || 0;
}
