import { examine } from '../../../worker-privileged/executor/doctor/examine.ts';
import { note, warning, wrong } from '../../../worker-privileged/executor/doctor/finding.ts';
import { parseInstalled } from '../../../worker-privileged/executor/doctor/installed.ts';
import { commandOf, parseStatus, unitOf } from '../../../worker-privileged/executor/doctor/process-list.ts';
import { report } from '../../../worker-privileged/executor/doctor/report.ts';
import { createServer } from '../../../worker-privileged/executor/doctor/server.ts';
import { allowedIn, rulesIn } from '../../../worker-privileged/executor/doctor/sudoers.ts';
import { foldersIn, socketIn } from '../../../worker-privileged/executor/doctor/sockets.ts';
import { parseUnit, valueOf } from '../../../worker-privileged/executor/doctor/unit-file.ts';
import { CommandError } from '../../../worker-privileged/executor/system/command.ts';

const server = createServer({ run: () => Promise.reject(new Error('no program is needed')) });

describe('an examination', () => {
  test('goes on after a check that could not look, and calls that wrong', async () => {
    const checks = {
      first: () => Promise.reject(new CommandError('/usr/bin/ss', 1, 'a line\nthe last one\n')),
      second: () => Promise.resolve([]),
    };
    const { findings } = await examine(checks, server);
    expect(findings).toEqual([
      {
        check: 'first',
        level: 'wrong',
        sentence: 'This could not be looked at: /usr/bin/ss ended with 1: the last one',
        mend: expect.any(String),
      },
    ]);
  });

  test.each([
    { found: [], good: true, verdict: 'Everything is as it should be.' },
    { found: [note('So it is.')], good: true, verdict: 'Everything is as it should be.' },
    {
      found: [warning('Soon.', 'Look.')],
      good: true,
      verdict: 'Everything is as it should be, 1 to look at.',
    },
    { found: [wrong('No.'), warning('Soon.', 'Look.')], good: false, verdict: '1 wrong, 1 to look at.' },
  ])('ends with the verdict: $verdict', async ({ found, good, verdict }) => {
    const answer = report(await examine({ things: () => Promise.resolve(found) }, server));
    expect([answer.good, answer.lines.at(-1)]).toEqual([good, verdict]);
  });

  test('has a line for each thing, with the way to mend it, and none to mend a note', async () => {
    const found = [note('So it is.')];
    const checks = { one: () => Promise.resolve(found), two: () => Promise.resolve([wrong('No.', 'Do.')]) };
    const { lines } = report(await examine(checks, server));
    expect(lines.slice(0, -2)).toEqual([
      'ok       one',
      'note     one: So it is.',
      'WRONG    two: No.',
      '         Do.',
    ]);
  });
});

describe('the list of what was installed', () => {
  const sha256 = 'a'.repeat(64);

  test('is read line by line', () => {
    const text = `content 0644 root:root ${sha256} /etc/a b\nfolder 2750 www-data:nginx - /run/x\ncode - root:root ${sha256} /usr/y\n`;
    expect(parseInstalled(text)).toEqual([
      { kind: 'content', mode: 0o644, owner: 'root:root', sha256, path: '/etc/a b' },
      { kind: 'folder', mode: 0o2750, owner: 'www-data:nginx', sha256: null, path: '/run/x' },
      { kind: 'code', mode: null, owner: 'root:root', sha256, path: '/usr/y' },
    ]);
  });

  test.each([
    'content 0644 root:root',
    'content 0999 root:root - /x',
    'other 0644 root:root - /x',
    'rights 0644 root:root - x',
  ])('is refused whole where a line is %j', (line) => expect(() => parseInstalled(`${line}\n`)).toThrow());
});

describe('what the kernel says of a process', () => {
  test('is who it is, and in which groups', () => {
    const status = 'Name:\tx\nUid:\t33\t33\t33\t0\nGid:\t33\t33\t33\t33\nGroups:\t33 997 \nNoNewPrivs:\t1\n';
    expect(parseStatus(status)).toEqual({ uids: [33, 0], gids: [33, 997], noNewPrivileges: true });
  });

  test('is in no group, where its line is empty, whatever stands in the next', () => {
    expect(parseStatus('Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t \nNStgid:\t996\n').gids).toEqual([0]);
  });

  test.each([
    ['0::/system.slice/sculptor-api.service\n', 'sculptor-api.service'],
    ['9:name=systemd:/system.slice/nginx.service\n8:pids:/other.service\n0::/\n', 'nginx.service'],
    ['0::/sculptor.slice/sculptor-a.slice/sculptor-php@a.service/sub\n', 'sculptor-php@a.service'],
    ['0::/\n', ''],
  ])('is in %j its unit', (cgroup, unit) => expect(unitOf(cgroup)).toBe(unit));

  test('is one line of words, without the blanks that fill up a title', () => {
    expect(commandOf('node\0main.js\0')).toBe('node main.js');
    expect(commandOf('nginx: worker process    \0\0\0')).toBe('nginx: worker process');
  });
});

describe('sudo', () => {
  test('lists what our own file says, in the same form', () => {
    const listed =
      'Matching Defaults entries for sculptor on host:\n    env_reset\n\nUser sculptor may run the following commands on host:\n' +
      '    (root : root) NOPASSWD: /usr/lib/sculptor/executor ""\n';
    const rules = rulesIn('sculptor ALL=(root:root) NOPASSWD: /usr/lib/sculptor/executor ""\n');
    expect(allowedIn(listed)).toEqual(rules);
    expect(rules).toEqual(['(root:root) NOPASSWD: /usr/lib/sculptor/executor ""']);
  });

  test('lists nothing for whom nothing is allowed', () => {
    expect(allowedIn('User www-data is not allowed to run sudo on host.\n')).toEqual([]);
  });
});

describe('a unit', () => {
  const text =
    '[Socket]\nListenStream=/run/x.sock\nSocketUser = a\nSocketMode=0660\n# SocketMode=0666\n[Service]\nA=1\nA=2\n';

  test('has the last value of each key, by its section', () => {
    expect(valueOf(parseUnit(text), 'Service.A')).toBe('2');
    expect(valueOf(parseUnit(text), 'Socket.A')).toBeNull();
  });

  test('says whose its socket is, with what systemd takes where nothing is said', () => {
    expect(socketIn(text)).toEqual({ path: '/run/x.sock', rights: 'a:root 660' });
    expect(socketIn('[Socket]\nListenDatagram=/run/y\n')).toEqual({
      path: '/run/y',
      rights: 'root:root 666',
    });
    expect(socketIn('[Socket]\nListenStream=80\n')).toBeNull();
  });

  test('and tmpfiles whose its folders are', () => {
    expect(foldersIn('# d /no 0755 a a\nd /run/x 2750 www-data nginx\n')).toEqual([
      { path: '/run/x', rights: 'www-data:nginx 2750' },
    ]);
  });
});
