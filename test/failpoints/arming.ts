import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { transformSync } from '@swc/core';
import { z } from 'zod';
import { ready } from '../machine/agent.ts';
import { must } from '../machine/server.ts';

const Role = z.enum(['api', 'worker', 'executor']);
export type Role = z.infer<typeof Role>;

/** A boundary as one process passes it: the same place may be passed several times by one operation. */
export type Point = { readonly role: Role; readonly place: string; readonly nth: number };

export const titleOf = ({ role, place, nth }: Point): string =>
  `${role}, ${place}${nth > 1 ? ` (${nth})` : ''}`;

const FOLDER = '/run/failpoints';
const PASSED = `${FOLDER}/passed`;
const ARMED = `${FOLDER}/armed`;
const EMPTY = '/usr/lib/sculptor/app/contract/failpoint.js';
const PAUSES = '/usr/lib/sculptor/app/worker-privileged/pauses.js';
const UNITS: Readonly<Record<Role, string>> = {
  api: 'sculptor-api.service',
  worker: 'sculptor-worker-privileged.service',
  executor: 'sculptor-executor.service',
};

/** They may write what they pass, and are started again at once however often they die. */
const DROP_IN = `[Unit]
StartLimitIntervalSec=0
[Service]
RestartSec=0
ReadWritePaths=${FOLDER}
`;

function compiled(text: string): string {
  return transformSync(text, { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }).code;
}

/** Puts `armed.ts` where the installed agent has its empty function, and starts what reads it anew. */
export async function replaceFailpoint(): Promise<void> {
  for (const folder of [FOLDER, ARMED]) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
  }
  forgetPassed();
  writeFileSync(EMPTY, compiled(readFileSync(new URL('armed.ts', import.meta.url), 'utf8')));
  // What died is back at once here: nobody has to wait a second for it some thousand times.
  const pauses = readFileSync(PAUSES, 'utf8').replace('[1000, 4000,', '[100, 400,');
  if (!pauses.includes('[100, 400,')) throw new Error('the pauses of the worker are others');
  writeFileSync(PAUSES, pauses);
  for (const unit of Object.values(UNITS)) {
    mkdirSync(`/etc/systemd/system/${unit}.d`, { recursive: true });
    writeFileSync(`/etc/systemd/system/${unit}.d/failpoints.conf`, DROP_IN);
  }
  must('systemctl', ['daemon-reload']);
  must('systemctl', ['restart', ...Object.values(UNITS)]);
  await ready();
}

export function forgetPassed(): void {
  writeFileSync(PASSED, '');
  chmodSync(PASSED, 0o666);
}

const Passed = z.strictObject({ role: Role, place: z.string() });

/** What was passed since it was forgotten, in order. */
export function passed(): readonly Point[] {
  const counts = new Map<string, number>();
  return readFileSync(PASSED, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const { role, place } = Passed.parse(JSON.parse(line));
      const nth = (counts.get(line) ?? 0) + 1;
      counts.set(line, nth);
      return { role, place, nth };
    });
}

/** The process that passes the point so often from now on dies of it, once. */
export function arm(point: Point): { readonly isPassed: () => boolean; readonly disarm: () => void } {
  const path = `${ARMED}/${randomUUID()}`;
  writeFileSync(path, JSON.stringify(point));
  chmodSync(path, 0o666);
  return { isPassed: () => !existsSync(path), disarm: () => rmSync(path, { force: true }) };
}
