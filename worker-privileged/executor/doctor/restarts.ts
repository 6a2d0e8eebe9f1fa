import { warning, type Found } from './finding.ts';

/** What comes back by itself once it can: so nobody would hear of it that it has to, again and again. */
const WATCHED = ['mariadb.service', 'sculptor-redis.service'];
const OFTEN = 3;
const HOURS = 24;

/** Counted by systemd since somebody started it; told as long as the last of them is not long ago. */
export function restarts(
  state: ReadonlyMap<string, string>,
  nowSeconds: number = monotonic(),
): readonly Found[] {
  const id = state.get('Id') ?? '';
  const times = Number(state.get('NRestarts') ?? 0);
  const startedSeconds = Number(state.get('InactiveExitTimestampMonotonic') ?? 0) / 1_000_000;
  const isRecent = nowSeconds - startedSeconds < HOURS * 3600;
  if (!WATCHED.includes(id) || !(times >= OFTEN) || !isRecent) return [];
  return [
    warning(
      `${id} has ended by itself and was started again ${times} times.`,
      `Look why: journalctl -u ${id}; df -h. systemctl restart ${id} begins to count anew.`,
    ),
  ];
}

/** The clock by which systemd says when something was. */
function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1_000_000_000;
}
