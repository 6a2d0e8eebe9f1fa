import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { paths } from '../system/paths.ts';
import { note, warning, wrong, type Check, type Found } from './finding.ts';
import type { Server } from './server.ts';

const TAIL_BYTES = 65_536;
const SLACK_MS = 60_000;

/** Tokens, trash and caps go by the clock. */
export const clock: Check = async (server) => [
  ...(await synchronised(server)),
  ...notBefore(await endOfAudit(), server.now()),
];

async function synchronised(server: Server): Promise<readonly Found[]> {
  if ((await server.config()).mode !== 'systemd') return [];
  if (existsSync('/run/systemd/container'))
    return [note('This is a container: its clock is that of its host.')];
  const answer = await server.run('/usr/bin/timedatectl', ['show', '--property=NTPSynchronized', '--value']);
  if (answer.trim() === 'yes') return [];
  return [
    warning(
      'The clock is not synchronised with any other.',
      'Run timedatectl set-ntp true, or install chrony.',
    ),
  ];
}

/** What was done already cannot have been done later than now. The last lines do: one of them is this command's own. */
export function notBefore(audit: string, now: Date): readonly Found[] {
  const times = Array.from(audit.matchAll(/"time":"([^"]+)"/g), ([, time = '']) => time).sort();
  const newest = times.at(-1) ?? '';
  if (!(Date.parse(newest) > now.getTime() + SLACK_MS)) return [];
  const sentence = `The clock says ${now.toISOString()}, and there was a request at ${newest}: it went back.`;
  return [wrong(sentence, 'Set the clock right.')];
}

async function endOfAudit(): Promise<string> {
  const file = await open(paths.auditLog, 'r');
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8');
  } finally {
    await file.close();
  }
}
