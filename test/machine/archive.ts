import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { must } from './server.ts';
import { createSigningKey } from './signing-key.ts';

/* A signed archive of packages on this server, in the place of the distribution's. */

const ROOT = '/srv/archive';
const ASIDE = '/srv/archive-aside';
const SOURCES = ['/etc/apt/sources.list', '/etc/apt/sources.list.d'];
/** What apt has read of them: without a network it could not read it again. */
const LISTS = '/var/lib/apt/lists';
const RING = `${ROOT}/ring.gpg`;

/** What its Release says of itself. */
export type Release = Readonly<Record<'Origin' | 'Label' | 'Suite' | 'Codename', string>>;

export type Package = {
  readonly name: string;
  readonly version: string;
  /** Its maintainer's script that is run when it was unpacked. */
  readonly configured?: string;
};

const { VERSION_CODENAME: codename = '' } = Object.fromEntries(
  Array.from(readFileSync('/etc/os-release', 'utf8').matchAll(/^(\w+)="?([^"\n]*)/gm), ([, name, value]) => [
    name,
    value,
  ]),
) as Record<string, string>;

export const SECURITY: Release = {
  ...{ Origin: 'Debian', Label: 'Debian-Security' },
  ...{ Suite: 'stable-security', Codename: `${codename}-security` },
};
export const POINT_RELEASE: Release = {
  ...{ Origin: 'Debian', Label: 'Debian', Suite: 'stable', Codename: codename },
};

const key = createSigningKey('An archive of this test <archive@host.example>');

/** The distribution's archives are put aside until `forget`: without a network there is nothing in them. */
export function begin(): void {
  for (const folder of [ROOT, ASIDE]) mkdirSync(folder, { recursive: true });
  for (const path of SOURCES) if (existsSync(path)) must('mv', ['--', path, ASIDE]);
  mkdirSync(SOURCES[1] ?? '');
  must('mv', ['--', LISTS, ASIDE]);
  mkdirSync(LISTS);
  writeFileSync(RING, key.ring);
}

export function forget(): void {
  for (const path of [SOURCES[1] ?? '', LISTS]) rmSync(path, { recursive: true });
  must('mv', ['--', `${ASIDE}/lists`, LISTS]);
  forgetRead();
  for (const name of readdirSync(ASIDE)) must('mv', ['--', `${ASIDE}/${name}`, '/etc/apt/']);
  for (const folder of [ROOT, ASIDE]) rmSync(folder, { recursive: true });
}

/** apt takes what it has read for what is there by size and by second, and a downgrade may be of both the same. */
export function forgetRead(): void {
  for (const name of ['pkgcache.bin', 'srcpkgcache.bin']) rmSync(`/var/cache/apt/${name}`, { force: true });
}

/** Writes an archive, and has apt read it. */
export function publish(name: string, release: Release, packages: readonly Package[]): void {
  const folder = `${ROOT}/${name}`;
  mkdirSync(folder, { recursive: true });
  publishFiles(
    name,
    release,
    packages.map((one) => build(folder, one)),
  );
}

/** The same of packages whose files lie in its folder already. */
export function publishFiles(name: string, release: Release, files: readonly string[]): void {
  const folder = `${ROOT}/${name}`;
  const listed = files.map((file) => described(folder, file)).join('\n');
  writeFileSync(`${folder}/Packages`, listed);
  const digest = createHash('sha256').update(listed).digest('hex');
  const text = Buffer.from(
    [
      ...Object.entries(release).map(([field, value]) => `${field}: ${value}`),
      `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
      'SHA256:',
      ` ${digest} ${Buffer.byteLength(listed)} Packages`,
      '',
    ].join('\n'),
  );
  writeFileSync(`${folder}/Release`, text);
  writeFileSync(`${folder}/Release.gpg`, key.signatureOf(text));
  writeFileSync(`/etc/apt/sources.list.d/${name}.list`, `deb [signed-by=${RING}] file:${folder} ./\n`);
  must('apt-get', ['--quiet', 'update', '--option=APT::Update::Error-Mode=any']);
}

/** Gives the package's file. */
export function build(folder: string, { name, version, configured }: Package): string {
  const tree = `${folder}/.${name}`;
  mkdirSync(`${tree}/DEBIAN`, { recursive: true });
  const control = {
    ...{ Package: name, Version: version, Architecture: 'all' },
    ...{ Maintainer: 'Nobody <nobody@host.example>', Description: `of a test, ${version}` },
  };
  const lines = Object.entries(control).map(([field, value]) => `${field}: ${value}\n`);
  writeFileSync(`${tree}/DEBIAN/control`, lines.join(''));
  if (configured !== undefined)
    writeFileSync(`${tree}/DEBIAN/postinst`, `#!/bin/sh\n${configured}\n`, { mode: 0o755 });
  const file = `${folder}/${name}_${version}_all.deb`;
  must('dpkg-deb', ['--root-owner-group', '--build', tree, file]);
  rmSync(tree, { recursive: true });
  return file;
}

function described(folder: string, file: string): string {
  const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
  const where = `Filename: .${file.slice(folder.length)}\nSize: ${statSync(file).size}\nSHA256: ${digest}\n`;
  return `${must('dpkg-deb', ['--field', file]).trim()}\n${where}`;
}

export function versionOf(name: string): string {
  return must('dpkg-query', ['--show', '--showformat=${Version}', name]);
}

const [HALF_WAY, GO] = ['/run/probe-half-way', '/run/probe-go'];
/** What a package runs, as it is configured, that waits half-way until it is let go. */
export const WAITS = `touch ${HALF_WAY}; while [ ! -e ${GO} ]; do sleep 0.1; done`;

export const isHalfWay = (): boolean => existsSync(HALF_WAY);
export const letGo = (): void => writeFileSync(GO, '');

/** Takes those packages away, and whatever waited. */
export function purge(...names: readonly string[]): void {
  letGo();
  must('dpkg', ['--configure', '--pending']);
  must('dpkg', ['--purge', '--force-hold', ...names]);
  for (const path of [HALF_WAY, GO]) rmSync(path, { force: true });
}
