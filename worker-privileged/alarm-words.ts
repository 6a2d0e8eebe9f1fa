import type { AlarmRule, RuledKind } from '../contract/alarms.ts';

/** Of what is told, and by which rule; `name` is the place, the service, the site or the server. */
export interface Told {
  readonly name: string;
  readonly value: number;
  readonly rule: AlarmRule;
}

interface Words {
  readonly raised: (told: Told) => string;
  readonly over: (told: Told) => string;
  readonly todo: string;
}

const WORDS: { readonly [K in RuledKind]: Words } = {
  cpu: {
    raised: ({ name, value }) => `The processors of ${name} are busy to ${percent(value)}`,
    over: ({ name, value }) => `The processors of ${name} are busy to ${percent(value)} again.`,
    todo: 'top shows whose processes they are.',
  },
  memory: {
    raised: ({ name, value }) => `${percent(value)} of the memory of ${name} are in use`,
    over: ({ name, value }) => `${percent(value)} of the memory of ${name} are in use again.`,
    todo: 'systemd-cgtop --order=memory shows by whom.',
  },
  load: {
    raised: ({ name, value }) => `Each processor of ${name} has ${round(value)} processes that wait for it`,
    over: ({ name, value }) =>
      `Each processor of ${name} has ${round(value)} processes that wait for it again.`,
    todo: 'top shows which.',
  },
  disk: {
    raised: ({ name, value }) => `The disk at ${name} is full to ${percent(value)}`,
    over: ({ name, value }) => `The disk at ${name} is full to ${percent(value)} again.`,
    todo: 'du --one-file-system shows by what.',
  },
  inodes: {
    raised: ({ name, value }) =>
      `The disk at ${name} has used up ${percent(value)} of the files that it can hold`,
    over: ({ name, value }) =>
      `The disk at ${name} has used up ${percent(value)} of the files that it can hold again.`,
    todo: 'du --inodes --one-file-system shows where they are.',
  },
  service: {
    raised: ({ name }) => `${name} is not well`,
    over: ({ name }) => `${name} is well again.`,
    todo: 'systemctl status, or supervisorctl status, says more.',
  },
  certificate: {
    raised: ({ name, value }) => `The certificate of ${name} ${endsIn(value)}`,
    over: ({ name, value }) => `The certificate of ${name} ${endsIn(value)} again.`,
    todo: 'sculptorctl certificate show, or doctor for the own one of the server, says why it was not renewed.',
  },
  stateDump: {
    raised: ({ name, value }) =>
      `The state of ${name} was dumped last ${Math.floor(value)} hours ago, or the last dump failed`,
    over: ({ name }) => `The state of ${name} is dumped again.`,
    todo: 'The log of the privileged worker says why.',
  },
  siteDown: {
    raised: ({ name }) => `${name} does not answer, or with an error of its own`,
    over: ({ name }) => `${name} answers again.`,
    todo: 'The log of the site says more.',
  },
  siteSlow: {
    raised: ({ name, value }) => `${name} takes ${Math.round(value)} ms to answer`,
    over: ({ name, value }) => `${name} takes ${Math.round(value)} ms to answer again.`,
    todo: 'Its own log, and what its program waits for, say more.',
  },
};

export function raisedWords(kind: RuledKind, told: Told): string {
  const { minutes } = told.rule;
  const since =
    minutes === 0 ? '' : `, and has been for ${minutes === 1 ? 'a minute' : `${minutes} minutes`}`;
  return `${WORDS[kind].raised(told)}${since}. ${WORDS[kind].todo}`;
}

export function overWords(kind: RuledKind, told: Told): string {
  return WORDS[kind].over(told);
}

/** It is gone, or root has switched the alarm off. */
export function unwatchedWords(name: string): string {
  return `${name} is not watched for this any more: it is gone, or the alarm is off.`;
}

function percent(value: number): string {
  return `${round(value)} %`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function endsIn(days: number): string {
  if (days < 0) return 'has ended';
  return `ends in ${days === 1 ? 'a day' : `${days} days`}`;
}
