import { portsIn, standing } from '../../../worker-privileged/executor/doctor/firewall.ts';
import { CommandError } from '../../../worker-privileged/executor/system/command.ts';
import { createFirewall } from '../../../worker-privileged/executor/system/firewall.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { readSshReach, sessionsIn } from '../../../worker-privileged/executor/system/ssh-reach.ts';
import { createFakeServer, createFakeSystem } from '../../fakes/executor-system.ts';

/* What the firewall goes by: how ssh is reached, its files, and what doctor makes of it. */

const ELSEWHERE = '198.51.100.7';

describe('how ssh is reached', () => {
  const ESTABLISHED = [
    '0      0               192.0.2.1:22      198.51.100.7:50000 users:(("sshd",pid=11,fd=4),("sshd",pid=10,fd=4))',
    '0      0      [::ffff:192.0.2.1]:2222 [::ffff:203.0.113.9]:1 users:(("sshd-session",pid=12,fd=4))',
    '0      0             [fe80::1%eth0]:22  [fe80::2%eth0]:2 users:(("sshd",pid=13,fd=4))',
    '0      0               192.0.2.1:22      198.51.100.8:50000 users:(("sshd",pid=20,fd=4),("sshd",pid=21,fd=4))',
    '0      0               192.0.2.1:22      198.51.100.9:50000 users:(("sshd",pid=30,fd=4),("sshd",pid=31,fd=4))',
    '0      0               192.0.2.1:4445    198.51.100.9:50000 users:(("sshd",pid=10",pid=21,fd=4))',
    '0      0               192.0.2.1:4446    198.51.100.9:50000 users:(("sshd",pid=22,fd=4))',
    '0      0               192.0.2.1:4449    198.51.100.9:50000 users:(("sshd",pid=1,fd=",pid=99,fd=4))',
    '0      0               192.0.2.1:4450    198.51.100.9:50000 users:(("sshd",pid=99,fd=4))',
    '0      0               127.0.0.1:22         127.0.0.1:50000 users:(("sshd",pid=14,fd=4))',
    '0      0               192.0.2.1:443     198.51.100.9:50000 users:(("nginx",pid=15,fd=4))',
    '',
  ].join('\n');
  const says: Readonly<Record<string, string>> = {
    '/usr/sbin/sshd -T': 'port 22\nlistenaddress [::]:2022\nlistenaddress 0.0.0.0:2022\nusepam yes\n',
    '/usr/bin/systemctl show --property=ActiveState --property=Listen -- ssh.socket':
      'Listen=[::]:24 (Stream)\nActiveState=inactive\n',
    '/usr/bin/ss -H -lntp':
      'LISTEN 0 128 0.0.0.0:2023 0.0.0.0:* users:(("sshd",pid=9,fd=3))\nLISTEN 0 5 0.0.0.0:4444 0.0.0.0:* users:(("sshd",pid=21,fd=3))\nLISTEN 0 5 0.0.0.0:4447 0.0.0.0:* users:(("sshd",pid=9",pid=21,fd=3))\nLISTEN 0 5 0.0.0.0:4448 0.0.0.0:* users:(("sshd\n",pid=21,fd=3))\nLISTEN 0 5 0.0.0.0:4449 0.0.0.0:* users:(("sshd",pid=1,fd=",pid=99,fd=3))\nLISTEN 0 5 0.0.0.0:4450 0.0.0.0:* users:(("sshd",pid=99,fd=3))\nLISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=8,fd=3))\n',
    '/usr/bin/ss -H -ntp state established': ESTABLISHED,
  };
  const read = (other: Readonly<Record<string, string>> = {}) =>
    readSshReach({
      commands: {
        run: ({ file, args }) => Promise.resolve({ ...says, ...other }[[file, ...args].join(' ')] ?? 'none'),
      },
      // One that has ended, a site's, one that sshd has for who has not logged in, the API's, a person's; else root's.
      uidOf: (pid) =>
        Promise.resolve(pid === 99 ? null : ({ 21: 66_001, 31: 101, 22: 33, 11: 1000 }[pid] ?? 0)),
    });

  test('is by what sshd says, by where it listens, and by who has logged in, but not by who puts files on a site or is called so', async () => {
    expect(await read()).toEqual({
      ports: [2022, 2023, 22, 2222],
      sessions: [
        { port: 22, peer: ELSEWHERE },
        { port: 2222, peer: '203.0.113.9' },
        { port: 22, peer: 'fe80::2' },
      ],
    });
  });

  test('is by the socket that systemd listens on for it', async () => {
    const socket = '/usr/bin/systemctl show --property=ActiveState --property=Listen -- ssh.socket';
    const handed = 'Listen=0.0.0.0:24 (Stream)\nListen=[::]:25 (Stream)\nActiveState=active\n';
    expect((await read({ [socket]: handed })).ports).toEqual(expect.arrayContaining([24, 25]));
  });

  test('is not guessed where sshd does not say', async () => {
    const run = () => Promise.reject(new CommandError('/usr/sbin/sshd', 255, 'bad'));
    await expect(readSshReach({ commands: { run } })).rejects.toThrow(
      'it is not known what has to stay open',
    );
  });

  test('is not by a line that is none of sshd’s', () => {
    expect(sessionsIn('0 0 1.2.3.4:22 5.6.7.8:1 users:(("x",pid=1,fd=1))\nsshd\n')).toEqual([]);
  });
});

describe('the files of it', () => {
  const settings = { on: true, open: [], sshFrom: [] };

  function tools(failing = '') {
    const { files } = createFakeSystem(createFakeServer()).system;
    const ran: string[] = [];
    const run = ({ file, args }: { readonly file: string; readonly args: readonly string[] }) => {
      const words = [file, ...args].join(' ');
      ran.push(words);
      return failing !== '' && words.endsWith(failing)
        ? Promise.reject(new CommandError(file, 1, 'no'))
        : Promise.resolve('');
    };
    return { files, ran, firewall: createFirewall({ commands: { run }, files }) };
  }

  test('are as before where nft does not take them', async () => {
    const { files, firewall } = tools(paths.firewallRules);
    await files.replace(paths.firewallRules, 'before', 0o600);
    await expect(firewall.keep({ settings, text: 'after' })).rejects.toThrow('ended with 1');
    expect(await files.read(paths.firewallRules)).toBe('before');
    expect(await files.read(paths.firewallSettings)).toBeNull();
  });

  test('are there for what takes a trial back, where none were', async () => {
    const { files, firewall } = tools();
    await firewall.tryOut({ settings, text: 'after' });
    expect(await files.read(paths.firewallRules)).toContain('table inet sculptor');
  });

  test('start what takes a trial back before the trial begins, and leave those that the next start reads', async () => {
    const { files, ran, firewall } = tools();
    await files.replace(paths.firewallRules, 'before', 0o600);
    await firewall.tryOut({ settings, text: 'after' });
    expect(ran).toEqual([
      '/usr/bin/systemctl --no-ask-password restart -- sculptor-firewall-undo.timer',
      `/usr/sbin/nft -f ${paths.firewallTrial}`,
    ]);
    expect(await firewall.text()).toBe('before');
    expect(await firewall.confirm()).toBe(true);
    const load = `/usr/sbin/nft -f ${paths.firewallRules}`;
    const stop =
      '/usr/bin/systemctl --no-ask-password stop -- sculptor-firewall-undo.timer sculptor-firewall-undo.service';
    expect(ran.slice(-3)).toEqual([load, stop, load]);
    expect([await firewall.text(), await files.read(paths.firewallTrial)]).toEqual(['after', null]);
    expect(await firewall.confirm()).toBe(false);
  });

  test('do not take what a trial has left for one that goes on', async () => {
    const { files, firewall } = tools('is-active --quiet -- sculptor-firewall-undo.timer');
    await files.replace(paths.firewallTrial, 'after', 0o600);
    await files.replace(paths.firewallTrialSettings, '{}', 0o600);
    expect([await firewall.onTrial(), await firewall.confirm()]).toEqual([false, false]);
  });

  test('allow nothing to be changed where they cannot be understood', async () => {
    const { files, firewall } = tools();
    await files.replace(paths.firewallSettings, '{"open":[0]}', 0o600);
    await expect(firewall.settings()).rejects.toThrow('cannot be understood');
  });
});

describe('doctor', () => {
  test('says where the kernel has no rules, or others', () => {
    expect(standing('a\n', 'a', false)).toEqual([]);
    expect(standing(null, 'a', false)[0]).toMatchObject({ level: 'wrong' });
    expect(standing('b', 'a', false)[0]).toMatchObject({ level: 'wrong' });
    expect(standing('b', 'a', true)[0]).toMatchObject({ level: 'warning' });
  });

  test('reads the ports of a set', () => {
    const text =
      'set ssh {\n\t\ttype inet_service\n\t\telements = { 22, 2222 }\n\t}\n\n\tset open {\n\t\telements = { 80 }\n\t}';
    expect([portsIn(text, 'ssh'), portsIn(text, 'open'), portsIn(text, 'none')]).toEqual([
      [22, 2222],
      [80],
      [],
    ]);
  });
});
