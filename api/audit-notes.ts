import type { Logger } from '../runtime/logger.ts';
import type { AuditLine } from '../state/audit.ts';

/** Notes what was asked, in its own time: no answer waits for it. */
export type NoteRequest = (line: AuditLine, tenant?: string) => void;

export interface AuditNotes {
  readonly note: NoteRequest;
  /** Writes down what is not yet. */
  readonly close: () => Promise<void>;
}

export interface AuditNotesParts {
  /** All of them or none. */
  readonly insert: (lines: readonly AuditLine[]) => Promise<void>;
  readonly logger: Logger;
  readonly now?: () => number;
}

/** Who sent no token that is one. */
export const NOBODY = 'nobody';

const WRITE_AFTER_MS = 1000;
const MINUTE_MS = 60_000;

/**
 * How many different lines a minute may have: of nobody known, of one token, of a tenant's tokens together, of all tenants
 * together, and of all. What is more is counted.
 */
export const MOST_LINES = { nobody: 10, token: 40, tenant: 60, tenants: 240, all: 480 } as const;

interface Noted {
  readonly line: AuditLine;
  readonly tenant: string | undefined;
  readonly minute: number;
  /** How often since it was written last. */
  times: number;
  written: boolean;
}

/**
 * The first of its kind in a minute is written within a second, and what is like it is counted and written when the
 * minute is over: a flood of requests is some lines a minute. While it cannot be written it is kept.
 */
export function createAuditNotes({ insert, logger, now = Date.now }: AuditNotesParts): AuditNotes {
  const noted = new Map<string, Noted>();
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();
  const minuteOf = () => Math.floor(now() / MINUTE_MS);

  async function write(all: boolean): Promise<void> {
    const minute = minuteOf();
    const due = [...noted.values()].filter(
      (one) => one.times > 0 && (all || !one.written || one.minute < minute),
    );
    const lines = due.map(({ line, times }) => ({ ...line, times }));
    try {
      if (lines.length > 0) await insert(lines);
      for (const [index, one] of due.entries()) {
        one.times -= lines[index]?.times ?? 0;
        one.written = true;
      }
    } catch (error) {
      logger.warn({ err: error, count: lines.length }, 'requests are not in the audit yet');
    }
    for (const [key, one] of noted) if (one.times === 0 && one.minute < minuteOf()) noted.delete(key);
  }

  function wait(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      writing = write(false).then(() => {
        if (noted.size > 0) wait();
      });
    }, WRITE_AFTER_MS).unref();
  }

  return {
    note: (line, tenant) => {
      const asked = { line, tenant, minute: minuteOf() };
      const one = kept(noted, hasRoom(noted, asked) ? asked : { ...asked, line: oneOfMany(line) });
      one.times += 1;
      wait();
    },
    close: async () => {
      clearTimeout(timer);
      await writing;
      clearTimeout(timer);
      await write(true);
    },
  };
}

type Asked = Pick<Noted, 'line' | 'tenant' | 'minute'>;

function kept(noted: Map<string, Noted>, asked: Asked): Noted {
  const key = keyOf(asked);
  const one = noted.get(key) ?? { ...asked, times: 0, written: false };
  noted.set(key, one);
  return one;
}

function hasRoom(noted: ReadonlyMap<string, Noted>, asked: Asked): boolean {
  if (noted.has(keyOf(asked))) return true;
  if (noted.size >= MOST_LINES.all) return false;
  const { line, tenant } = asked;
  const these = [...noted.values()].filter(({ minute }) => minute === asked.minute);
  const count = (isLike: (one: Noted) => boolean) => these.filter(isLike).length;
  if (count((one) => one.line.actor === line.actor) >= MOST_LINES[line.actor === NOBODY ? 'nobody' : 'token'])
    return false;
  return (
    tenant === undefined ||
    (count((one) => one.tenant === tenant) < MOST_LINES.tenant &&
      count((one) => one.tenant !== undefined) < MOST_LINES.tenants)
  );
}

/** What is known of one that is only counted. */
function oneOfMany({ actor }: AuditLine): AuditLine {
  return { actor, address: 'several', action: 'requests', resource: '', outcome: 'counted' };
}

function keyOf({ line, minute }: Asked): string {
  const { actor, address, action, resource, outcome, detail } = line;
  return JSON.stringify([minute, actor, address, action, resource, outcome, detail]);
}
