import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { begin, forget } from '../machine/archive.ts';
import { must, run } from '../machine/server.ts';
import { SECOND_WORKER } from './checker-calls.ts';
import { weaken, type Weakening } from './weakened.ts';

/* What the nemesis needs of the server before it begins, and how that is taken away again. */

export const DISK = '/var/chaos-disk';
const SHIM = '/usr/lib/sculptor-chaos';
export const CLOCK = `${SHIM}/offset`;
const UNITS = '/run/systemd/system';
/** unattended-upgrade makes it where it is not. */
const SOURCES = '/etc/apt/sources.list';
const ACL = '/etc/sculptor/redis.acl';

export const WORKER = 'sculptor-worker-privileged.service';
const TICKING = ['sculptor-api.service', WORKER, 'sculptor-worker-unprivileged.service', SECOND_WORKER];
const ALL = [
  ...['sculptor-api', 'sculptor-worker-privileged', 'sculptor-worker-unprivileged'],
  ...['sculptor-executor', 'sculptor-redis', 'mariadb'],
];

/** As an account of the agent's Redis that may do everything, which an installed server has none of. */
export const REDIS = { path: '/run/sculptor-redis/redis.sock', username: 'chaos', password: 'chaos' };

export function prepare(weakening: Weakening | undefined): void {
  must('systemctl', ['stop', ...ALL]);
  if (weakening !== undefined) weaken(weakening);
  shareOneDisk();
  mkdirSync(SHIM, { recursive: true });
  writeFileSync(join(SHIM, 'clock.cjs'), readFileSync(join(__dirname, 'clock.cjs')));
  const unit = must('systemctl', ['cat', WORKER]).replace(/^\[Install\][^]*?(?=^#|$(?![^]))/m, '');
  writeFileSync(join(UNITS, SECOND_WORKER), unit);
  for (const name of TICKING) {
    mkdirSync(join(UNITS, `${name}.d`), { recursive: true });
    const options = `[Service]\nEnvironment=NODE_OPTIONS=--require=${SHIM}/clock.cjs\n`;
    writeFileSync(join(UNITS, `${name}.d`, 'chaos.conf'), options);
  }
  // Updates are asked for too, and none are there: without a network the distribution's own archives cannot be read.
  begin();
  writeFileSync(SOURCES, '');
  appendFileSync(ACL, `user ${REDIS.username} on >${REDIS.password} ~* &* +@all\n`);
  must('systemctl', ['daemon-reload']);
  must('systemctl', ['start', ...ALL]);
}

/** One that is small enough to be filled, for all that the agent and its database write. */
function shareOneDisk(): void {
  const folders = ['/var/lib/mysql', '/var/lib/sculptor-root', '/var/lib/sculptor-redis', '/home'];
  const kibibytes = folders.map((folder) => Number(must('du', ['-sxk', folder]).split('\t')[0]));
  const size = kibibytes.reduce((sum, one) => sum + one, 400 * 1024);
  mkdirSync(DISK, { recursive: true });
  must('mount', ['-t', 'tmpfs', '-o', `size=${size}k,mode=0711`, 'tmpfs', DISK]);
  for (const folder of folders) {
    const there = join(DISK, folder.replaceAll('/', '-'));
    must('cp', ['-a', '--', folder, there]);
    must('mount', ['--bind', there, folder]);
  }
}

/** As it was, but for the disk, so that what looks the server over finds nothing of ours. */
export function tidy(): void {
  writeFileSync(CLOCK, '0');
  run('rm', ['-f', join(DISK, 'filling')]);
  run('systemctl', ['stop', SECOND_WORKER]);
  for (const name of TICKING) run('rm', ['-rf', join(UNITS, `${name}.d`)]);
  run('rm', ['-rf', join(UNITS, SECOND_WORKER), SHIM]);
  rmSync(SOURCES, { force: true });
  forget();
  const accounts = readFileSync(ACL, 'utf8').split('\n');
  writeFileSync(ACL, accounts.filter((line) => !line.startsWith(`user ${REDIS.username} `)).join('\n'));
  must('systemctl', ['daemon-reload']);
  must('systemctl', ['restart', 'sculptor-redis']);
  must('systemctl', ['restart', 'sculptor-api', WORKER, 'sculptor-worker-unprivileged']);
}
