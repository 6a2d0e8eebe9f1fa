import type { Probe } from '../../../../contract/executor.ts';
import type { DomainId } from '../../../../contract/ids.ts';
import type { DomainName } from '../../../../contract/names.ts';

export type Answering = {
  readonly id: DomainId;
  /** Its own name first. */
  readonly names: readonly DomainName[];
  readonly enabled: boolean;
  readonly suspended: boolean;
  /** What its PHP answers; null where it has none, or none that runs. */
  readonly ping: string | null;
};

/** What only this site can answer, in the state that it is to be in. */
export function probesOf({ id, names, enabled, suspended, ping }: Answering): Probe[] {
  const who = names.map((host): Probe => ({
    host,
    path: '/.sculptor/site',
    expect: { status: 200, body: id },
  }));
  const [host] = names;
  if (host === undefined) return who;
  if (suspended || !enabled) return [...who, { host, path: '/', expect: { status: 503 } }];
  if (ping === null) return who;
  return [...who, { host, path: '/.sculptor/ping', expect: { status: 200, body: ping } }];
}
