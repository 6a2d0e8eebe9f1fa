/*
 * SECURITY. sculptorctl is a client of the HTTP API and nothing more: whoever runs it may do what their token
 * may. It reads standard input where a command says so, the environment's SCULPTOR_TOKEN and SCULPTOR_ADDRESS, a token file and a certificate file; it
 * starts no program and writes no file. A token never comes from or goes into the argument list, where every
 * user of the machine could read it. All that a server sends is neutralised before it reaches the terminal.
 */
import { randomUUID } from 'node:crypto';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { createOpenSession } from './connect.ts';
import { run } from './run.ts';
import { createTerminal } from './terminal.ts';

// `sculptorctl domain list | head -1`: the reader has seen enough, which is no failure.
process.stdout.on('error', () => process.exit());

const terminal = createTerminal({
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  input: () => readText(process.stdin),
});

const open = createOpenSession({
  terminal,
  token: process.env['SCULPTOR_TOKEN'],
  address: process.env['SCULPTOR_ADDRESS'],
  socket: '/run/sculptor/api.sock',
  tokenFile: '/etc/sculptor/admin-token',
  idempotencyKey: randomUUID(),
  pause: (ms) => pause(ms),
  patienceMs: 15_000,
});

process.exitCode = await run({ words: process.argv.slice(2), terminal, open });
