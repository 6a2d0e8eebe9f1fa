import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProgram } from '../../../cli/program.ts';
import { createTerminal } from '../../../cli/terminal.ts';
import { FailureError } from '../../../contract/failures.ts';
import {
  requireNoWords,
  UsageError,
  type AdminAnswer,
  type AdminCommand,
} from '../../../worker-privileged/executor/admin/command.ts';
import { runAdmin } from '../../../worker-privileged/executor/admin/run.ts';
import { ADMIN_COMMANDS } from '../../../worker-privileged/executor/admin/table.ts';
import type { AuditEvent } from '../../../worker-privileged/executor/server/audit.ts';

const unused = () => {
  throw new Error('this command needs nothing of the server');
};

function command(act: () => Promise<AdminAnswer>): AdminCommand {
  return {
    synopsis: 'purge domain NAME',
    summary: 'Empties.',
    read: ([kind, name, ...more]) => {
      if (kind !== 'domain' || name === undefined)
        throw new UsageError('it wants the word domain and a name');
      requireNoWords(more);
      return { subject: `domain ${name}`, act };
    },
  };
}

async function sculptorctl(
  words: readonly string[],
  act: () => Promise<AdminAnswer> = () => Promise.resolve({ lines: ['gone'], document: { gone: true } }),
  isRoot = true,
) {
  const said = { out: '', err: '' };
  const events: AuditEvent[] = [];
  const logged: string[] = [];
  const code = await runAdmin({
    words,
    isRoot,
    commands: { purge: command(act) },
    tools: {
      ...{
        commands: { run: unused, hold: unused },
        log: unused,
        input: unused,
        system: unused,
        records: unused,
        firewall: unused,
        mailer: { tell: unused },
      },
      terminal: { input: process.stdin, output: process.stdout, errors: process.stderr, interactive: false },
    },
    audit: (event) => void events.push(event),
    log: (_level, message) => void logged.push(message),
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
  });
  return { code, ...said, events, logged };
}

test('a command is done, and leaves a line for its begin and one for its end', async () => {
  const { code, out, err, events } = await sculptorctl(['purge', 'domain', 'shop.example']);
  expect({ code, out, err }).toEqual({ code: 0, out: 'gone\n', err: '' });
  const noted = { command: 'purge', subject: 'domain shop.example' };
  expect(events).toEqual([
    { event: 'begun', ...noted },
    { event: 'ended', ...noted, outcome: 'succeeded', durationMs: expect.any(Number) },
  ]);
});

test.each([[['--json', 'purge', 'domain', 'a.example']], [['purge', 'domain', 'a.example', '--json']]])(
  '%j answers with one document for programs',
  async (words) => {
    const { code, out } = await sculptorctl(words);
    expect([code, JSON.parse(out)]).toEqual([0, { gone: true }]);
  },
);

test.each([
  ['no command', [], 'no such command'],
  ['another command', ['empty'], 'no such command'],
  ['a word of the prototype', ['constructor'], 'no such command'],
  ['too few words', ['purge', 'domain'], 'it wants the word domain and a name'],
  ['too many words', ['purge', 'domain', 'a.example', 'b.example'], 'it takes no argument'],
  ['an option that is none', ['purge', '--force', 'domain'], 'it wants the word domain and a name'],
])('%s is used wrongly: a sentence, 2, and nothing is done', async (_, words, sentence) => {
  const { code, out, err, events } = await sculptorctl(words, unused);
  expect(err).toContain(sentence);
  expect({ code, out, events }).toEqual({ code: 2, out: '', events: [] });
});

test('whoever is not root is refused, whatever is asked for', async () => {
  const { code, out, err, events } = await sculptorctl(['purge', 'domain', 'a.example'], unused, false);
  expect({ code, out, events }).toEqual({ code: 1, out: '', events: [] });
  expect(err).toContain('for root');
});

test('--help tells how it is used, and does nothing', async () => {
  const { code, out, events } = await sculptorctl(['purge', '--help'], unused);
  expect(out).toContain('Usage: sculptorctl [--json] purge domain NAME');
  expect([code, events]).toEqual([0, []]);
});

test('what cannot be done is told by its code, its sentence and what to do', async () => {
  const refuse = () => Promise.reject(new FailureError('not_found', 'It is not there.', 'Look again.'));
  const { code, err, events } = await sculptorctl(['purge', 'domain', 'a.example'], refuse);
  expect([code, err]).toEqual([1, 'sculptorctl: not_found: It is not there.\nLook again.\n']);
  expect(events.at(-1)).toMatchObject({ event: 'ended', outcome: 'not_found' });
});

test('what nobody foresaw is logged, and 1', async () => {
  const { code, logged, events } = await sculptorctl(['purge', 'domain', 'a.example'], () =>
    Promise.reject(new Error('boom')),
  );
  expect([code, logged]).toEqual([1, ["root's command failed"]]);
  expect(events.at(-1)).toMatchObject({ event: 'ended', outcome: 'internal' });
});

test('what it finds not to be as it should is 1', async () => {
  const { code, events } = await sculptorctl(['purge', 'domain', 'a.example'], () =>
    Promise.resolve({ lines: [], document: null, good: false }),
  );
  expect([code, events.at(-1)?.outcome]).toEqual([1, 'not as it should be']);
});

test('nothing that a tenant chose drives the terminal', async () => {
  const evil = { lines: ['\u001b]0;x\u0007\u202e'], document: { evil: '\u009b2J\u202e' } };
  const lines = await sculptorctl(['purge', 'domain', 'a.example'], () => Promise.resolve(evil));
  const json = await sculptorctl(['--json', 'purge', 'domain', 'a.example'], () => Promise.resolve(evil));
  expect(lines.out).toBe('\\u001b]0;x\\u0007\\u202e\n');
  expect(json.out).not.toMatch(/[\u009b\u202e]/);
  expect(JSON.parse(json.out)).toEqual(evil.document);
});

test("sculptorctl sends every word of root's to root's entry, with an environment of its own", () => {
  const script = readFileSync(join(__dirname, '../../../systemd/sculptorctl'), 'utf8');
  const sent = /^ {2}([a-z |]+)\)$/m.exec(script)?.[1]?.split(' | ') ?? [];
  expect(sent).toEqual(expect.arrayContaining(Object.keys(ADMIN_COMMANDS)));
  expect(script).toContain('/usr/bin/env -i');
});

test('sculptorctl --help lists all of them, as they are used', () => {
  let help = '';
  const terminal = createTerminal({ out: (text) => (help += text), err: unused });
  createProgram(terminal, unused).outputHelp();
  const listed = Object.values(ADMIN_COMMANDS).filter(({ synopsis }) => help.includes(`\n  ${synopsis} `));
  expect(listed).toEqual(Object.values(ADMIN_COMMANDS));
});
