import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { begin, build, forget, forgetRead, POINT_RELEASE, publish, SECURITY, versionOf } from './archive.ts';
import { must, run } from './server.ts';

/* A true unattended-upgrade, from signed archives that say of themselves what the distribution's own say. */

const OURS = '/etc/apt/apt.conf.d/99-sculptor-updates';
const NAMES = ['probe-fixed', 'probe-moved', 'probe-both'] as const;
const REBOOT = '/run/reboot-required';

const versions = () => NAMES.map(versionOf);

function asBefore(): void {
  const files = NAMES.map((name) => build('/srv/archive', { name, version: '1.0' }));
  must('dpkg', ['--install', '--force-downgrade', ...files]);
  forgetRead();
}

function upgrade(...args: readonly string[]): string {
  return must('unattended-upgrade', ['--verbose', ...args]);
}

beforeAll(() => {
  begin();
  asBefore();
  publish('security', SECURITY, [
    { name: 'probe-fixed', version: '1.1' },
    { name: 'probe-both', version: '1.1' },
  ]);
  publish('point', POINT_RELEASE, [
    { name: 'probe-moved', version: '1.2' },
    { name: 'probe-both', version: '1.2' },
  ]);
});

afterAll(() => {
  must('dpkg', ['--purge', ...NAMES]);
  forget();
});

test('takes a security update and no point release, of a package that has both the security update', () => {
  upgrade();
  expect(versions()).toEqual(['1.1', '1.0', '1.1']);
});

test('as Debian has it, the point release would be taken as well', () => {
  const text = readFileSync(OURS);
  asBefore();
  rmSync(OURS);
  try {
    upgrade();
    expect(versions()).toEqual(['1.1', '1.2', '1.2']);
  } finally {
    writeFileSync(OURS, text);
  }
});

test('does not start the server anew for an update that asks for it', () => {
  asBefore();
  writeFileSync(REBOOT, '*** System restart required ***\n');
  try {
    upgrade();
    expect(versions()).toEqual(['1.1', '1.0', '1.1']);
    expect(existsSync('/run/systemd/shutdown/scheduled')).toBe(false);
  } finally {
    rmSync(REBOOT);
  }
});

test.each<[string, string, boolean]>([
  ['Debian bookworm', 'o=Debian,a=stable-security,n=bookworm-security,l=Debian-Security', true],
  ['Debian bookworm', 'o=Debian,a=stable,n=bookworm,l=Debian', false],
  ['Debian bookworm', 'o=Debian,a=stable-updates,n=bookworm-updates,l=Debian', false],
  ['Debian bookworm', 'o=Debian,a=testing-security,n=trixie-security,l=Debian-Security', false],
  ['Debian bookworm', 'o=Elsewhere,a=stable-security,n=bookworm-security,l=Debian-Security', false],
  ['Ubuntu noble', 'o=Ubuntu,a=noble-security,n=noble,l=Ubuntu', true],
  ['Ubuntu noble', 'o=UbuntuESM,a=noble-infra-security,n=noble,l=UbuntuESM', true],
  ['Ubuntu noble', 'o=Ubuntu,a=noble,n=noble,l=Ubuntu', false],
  ['Ubuntu noble', 'o=Ubuntu,a=noble-updates,n=noble,l=Ubuntu', false],
  ['Ubuntu noble', 'o=LP-PPA-someone,a=noble,n=noble,l=PPA', false],
])('on %s, whatever the distribution had, of %s it takes an update: %s', (on, says, taken) => {
  const asked = String.raw`
import importlib.machinery, importlib.util, sys, types, apt_pkg
loader = importlib.machinery.SourceFileLoader('uu', '/usr/bin/unattended-upgrade')
uu = importlib.util.module_from_spec(importlib.util.spec_from_loader('uu', loader))
sys.dont_write_bytecode = True
loader.exec_module(uu)
apt_pkg.init_config()
apt_pkg.config.clear('Unattended-Upgrade')
for file in sys.argv[4:]: apt_pkg.read_config_file(apt_pkg.config, file)
uu.DISTRO_ID, uu.DISTRO_CODENAME = sys.argv[1:3]
said = dict(field.split('=') for field in sys.argv[3].split(','))
origin = types.SimpleNamespace(origin=said['o'], archive=said['a'], codename=said['n'], label=said['l'], component='main', site='')
print(any(uu.match_whitelist_string(one, origin) for one in uu.get_allowed_origins()))
`;
  const theirs = '/run/50unattended-upgrades';
  // As Ubuntu has it; Debian's is /usr/share/unattended-upgrades/50unattended-upgrades.
  writeFileSync(
    theirs,
    'Unattended-Upgrade::Allowed-Origins { "${distro_id}:${distro_codename}"; "${distro_id}:${distro_codename}-updates"; };\n',
  );
  const files = ['/usr/share/unattended-upgrades/50unattended-upgrades', theirs, OURS];
  expect(must('python3', ['-', ...on.split(' '), says, ...files], asked).trim()).toBe(
    taken ? 'True' : 'False',
  );
  rmSync(theirs);
});

test('a server where something else comes after says so', () => {
  const later = '/etc/apt/apt.conf.d/99zz';
  writeFileSync(later, 'APT::Periodic::Unattended-Upgrade "0";\n');
  const { out } = run('sculptorctl', ['doctor']);
  rmSync(later);
  expect(out).toMatch(/^WRONG +updates: APT::Periodic::Unattended-Upgrade is 0: no security update/m);
  expect(run('sculptorctl', ['doctor']).out).not.toMatch(/^(WRONG|warning) +updates:/m);
});
