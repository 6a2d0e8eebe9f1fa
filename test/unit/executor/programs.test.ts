import type { PartId } from '../../../contract/ids.ts';
import { renderSupervisedProgram } from '../../../worker-privileged/executor/render/supervised-program.ts';
import { CommandError } from '../../../worker-privileged/executor/system/command.ts';
import { linesOf } from '../../../worker-privileged/executor/system/outputs.ts';
import { byPart, createPrograms, type Program } from '../../../worker-privileged/executor/system/programs.ts';
import { XmlRpcFault, type XmlRpc } from '../../../worker-privileged/executor/system/xml-rpc.ts';

const part = 'p1b2c3d4e5f6' as PartId;
const other = 'o1b2c3d4e5f6' as PartId;
const group = (of: PartId) => `sculptor-part-${of}`;
const CONF = `/etc/sculptor/supervised/sculptor-part-${part}.conf`;

const program: Program = {
  part,
  words: 'true\0',
  processes: 2,
  stopSignal: 'TERM',
  stopSeconds: 10,
  startOnBoot: true,
  running: true,
};

/** A supervisord: the groups that it runs with their state, the files that it would read, and what it was asked. */
function supervisor({
  refuses = false,
  mode = 'systemd' as const,
  stops = [] as number[],
  /** How often it says of a group that was added that it is stopped. */
  late = 0,
} = {}) {
  let turns = late;
  const files = new Map<string, string>();
  const groups = new Map<string, string>();
  const asked: string[] = [];
  const fault = (code: number) => Promise.reject(new XmlRpcFault(code, 'refused'));
  const processesOf = (name: string) =>
    name === group(part) ? Number(/numprocs=(\d+)/.exec(files.get(CONF) ?? '')?.[1] ?? program.processes) : 1;
  const methods: Record<string, (name: string) => Promise<unknown>> = {
    reloadConfig: () => (refuses ? fault(92) : Promise.resolve([])),
    addProcessGroup: (name) => {
      const autostart = files.get(CONF)?.includes('autostart=true') ?? false;
      groups.set(name, autostart ? 'STARTING' : 'STOPPED');
      return Promise.resolve(true);
    },
    startProcessGroup: (name) => Promise.resolve(groups.set(name, 'RUNNING')),
    stopProcessGroup: (name) => (groups.has(name) ? Promise.resolve(groups.set(name, 'STOPPED')) : fault(10)),
    removeProcessGroup: (name) => (groups.delete(name) ? Promise.resolve(true) : fault(10)),
    getAllProcessInfo: () =>
      Promise.resolve(
        [...groups].flatMap(([name, statename]) =>
          Array.from({ length: processesOf(name) }, (_, index) => ({
            ...{
              group: name,
              name: String(index),
              statename: (turns -= 1) >= 0 ? 'STOPPED' : statename,
              start: 1_700_000_000,
              stop: 0,
              exitstatus: 0,
            },
          })),
        ),
      ),
  };
  const call: XmlRpc = (method, params) => {
    const name = method.replace('supervisor.', '');
    asked.push(`${name} ${String(params[0] ?? '')}`.trim());
    return methods[name]!(String(params[0]));
  };
  const programs = createPrograms({
    ...{ call, mode },
    commands: {
      run: ({ file, args }) => {
        asked.push(args.join(' '));
        const code = stops.shift() ?? 0;
        return code === 0 ? Promise.resolve('') : Promise.reject(new CommandError(file, code, ''));
      },
    },
    folders: { ensure: () => Promise.resolve(() => Promise.resolve()), look: () => Promise.resolve(null) },
    files: {
      read: (path) => Promise.resolve(files.get(path) ?? null),
      replace: (path, text) => {
        const before = files.get(path);
        files.set(path, text);
        return Promise.resolve(() => {
          if (before === undefined) files.delete(path);
          else files.set(path, before);
          return Promise.resolve();
        });
      },
      remove: (path) => Promise.resolve(files.delete(path)).then(() => () => Promise.resolve()),
    },
  });
  return { programs, files, groups, asked };
}

test('what Supervisor is told of a program holds ids and numbers, and none of its words', () => {
  expect(
    renderSupervisedProgram({ part, processes: 3, stopSignal: 'USR1', stopSeconds: 7, autostart: false }),
  ).toBe(`; Written by the agent; what is changed here is lost.
[program:sculptor-part-p1b2c3d4e5f6]
command=/usr/lib/sculptor/launch p1b2c3d4e5f6 %(process_num)d
process_name=%(process_num)d
numprocs=3
directory=/
umask=077
autostart=false
autorestart=true
startsecs=5
startretries=5
stopsignal=USR1
stopwaitsecs=7
killasgroup=true
redirect_stderr=true
stdout_logfile=/var/log/sculptor/programs/p1b2c3d4e5f6/launch
stdout_logfile_maxbytes=64KB
stdout_logfile_backups=0
`);
});

test('a program is on when Supervisor runs as many of it as it shall, from its file and its words', async () => {
  const { programs, files } = supervisor();
  expect(await programs.lookOn(program)).toBe('it is another program');
  await programs.turnOn(program);
  expect(await programs.lookOn(program)).toBeNull();
  expect(await programs.lookOn({ ...program, words: 'false\0' })).toBe('it is another program');
  expect(await programs.lookOn({ ...program, stopSeconds: 11 })).toBe('Supervisor was told otherwise');
  expect(files.get(`/etc/sculptor/programs/${part}`)).toBe('true\0');
});

test('one that Supervisor has been given is on, though it begins it at its next turn', async () => {
  const { programs } = supervisor({ late: 5 });
  await programs.turnOn(program);
  expect(await programs.lookOn(program)).toBeNull();
});

test('one that has failed is not on, one that is started again by itself is', async () => {
  const { programs, groups } = supervisor();
  await programs.turnOn(program);
  groups.set(group(part), 'BACKOFF');
  expect(await programs.lookOn(program)).toBeNull();
  groups.set(group(part), 'FATAL');
  expect(await programs.lookOn(program)).toBe('2 processes of it are failed');
  groups.set(group(part), 'EXITED');
  expect(await programs.lookOn(program)).toBe('2 processes of it are stopped');
});

test('one that shall not run is known and stopped, and one that shall not start with the server is started now', async () => {
  const { programs, groups, files } = supervisor();
  await programs.turnOn({ ...program, running: false });
  expect(groups.get(group(part))).toBe('STOPPED');
  expect(await programs.lookOn({ ...program, running: false })).toBeNull();
  expect(await programs.lookOn(program)).not.toBeNull();
  await programs.turnOn({ ...program, startOnBoot: false });
  expect(files.get(CONF)).toMatch(/^autostart=false$/m);
  expect(groups.get(group(part))).toBe('RUNNING');
});

test('what is turned on, off or started anew touches no other program', async () => {
  const { programs, groups, asked } = supervisor();
  groups.set(group(other), 'RUNNING');
  await programs.turnOn(program);
  await programs.restart(part);
  await programs.turnOff(part);
  expect(groups).toEqual(new Map([[group(other), 'RUNNING']]));
  expect(asked.filter((one) => one.includes(other))).toEqual([]);
  expect(asked.filter((one) => one.startsWith('stop') || one.startsWith('--'))).toContain(
    `--no-ask-password stop -- sculptor-part-${part}-*.scope`,
  );
});

test('one that is off has neither file nor words, and Supervisor does not know it', async () => {
  const { programs, files } = supervisor();
  expect(await programs.lookOff(part)).toBeNull();
  await programs.turnOn(program);
  expect(await programs.lookOff(part)).toBe('Supervisor is told of it');
  await programs.turnOff(part);
  expect(await programs.lookOff(part)).toBeNull();
  expect(files.size).toBe(0);
});

test('where Supervisor refuses, what was there before is back', async () => {
  const { programs, files } = supervisor({ refuses: true });
  await expect(programs.turnOn(program)).rejects.toThrow(XmlRpcFault);
  expect(files.size).toBe(0);
});

test('a scope that ends while it is to be stopped stops nothing else, and is asked for once more', async () => {
  const { programs, asked } = supervisor({ stops: [5] });
  await programs.turnOn(program);
  expect(await programs.lookOn(program)).toBeNull();
  expect(asked.filter((words) => words.includes('.scope'))).toHaveLength(2);
  await expect(supervisor({ stops: [5, 5] }).programs.turnOn(program)).rejects.toThrow('ended with 5');
  await expect(supervisor({ stops: [1] }).programs.turnOn(program)).rejects.toThrow('ended with 1');
});

test('a change that is undone brings the one before back', async () => {
  const { programs } = supervisor();
  await programs.turnOn(program);
  const undo = await programs.turnOn({ ...program, words: 'false\0', running: false });
  await undo();
  expect(await programs.lookOn(program)).toBeNull();
});

test('Supervisor’s states are told in the agent’s words, and what is no program of a site is passed over', () => {
  const info = (name: string, statename: string, more: object = {}) => ({
    ...{
      group: group(part),
      name,
      statename,
      start: 1_700_000_000,
      stop: 1_700_000_100,
      exitstatus: 3,
      ...more,
    },
  });
  const all = byPart([
    info('1', 'FATAL'),
    info('0', 'RUNNING'),
    info('2', 'EXITED'),
    info('3', 'STOPPED', { start: 0, stop: 0 }),
    info('x', 'RUNNING'),
    info('sculptor-php-a1b2c3d4e5f6', 'RUNNING', { group: 'sculptor-php-a1b2c3d4e5f6' }),
  ]);
  const [start, stop] = ['2023-11-14T22:13:20.000Z', '2023-11-14T22:15:00.000Z'];
  expect([...all]).toEqual([
    [
      part,
      [
        { number: 0, state: 'running', since: start, exitCode: null },
        { number: 1, state: 'failed', since: stop, exitCode: null },
        { number: 2, state: 'stopped', since: stop, exitCode: 3 },
        { number: 3, state: 'stopped', since: null, exitCode: null },
      ],
    ],
  ]);
});

test.each([
  ['a\nb\n', ['a', 'b']],
  ['a\r\n\nb', ['a', '', 'b']],
  ['', []],
  ['\u001b[2J\u0007\u009b\u2028\u007f', ['\\u001b[2J\\u0007\\u009b\\u2028\\u007f']],
  ['a\tb', ['a b']],
  [`${'é'.repeat(2000)}\n`, [`${'é'.repeat(999)}…`]],
])('of what was said, %j, the lines are harmless', (text, lines) => {
  expect(linesOf(text)).toEqual(lines);
});

test('of many lines the last two hundred are kept', () => {
  const lines = linesOf(Array.from({ length: 500 }, (_, index) => `line ${index}`).join('\n'));
  expect([lines.length, lines[0], lines.at(-1)]).toEqual([200, 'line 300', 'line 499']);
});
