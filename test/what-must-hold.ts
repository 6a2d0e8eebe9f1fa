/* What is promised of every operation that was answered with 202, and the tests that hold the agent to it, each with the real programs on a throwaway server. */

/** A test file of that suite, and the title of a test in it. */
export type Proof = readonly [file: string, title: string];

export type Held = {
  readonly promise: string;
  /** In a sentence. */
  readonly means: string;
  readonly proofs: readonly Proof[];
};

export const HOLDS: readonly Held[] = [
  {
    promise: 'durable',
    means: 'It survives whatever dies, and none stays running without an owner.',
    proofs: [
      ['failpoints/failpoints', '$title ends the same wherever a process dies of it'],
      [
        'fault/parts',
        'an executor that is killed in the middle is started again, and every site comes about',
      ],
      ['fault/parts', 'MariaDB that is restarted in the middle costs nothing but time'],
      ['fault/parts', 'an API that is restarted goes on with the next call'],
      ['fault/parts', 'without Redis work is accepted, and done when Redis is back'],
      ['machine/operations', 'with Redis flushed no operation is lost'],
      ['machine/operations', 'a worker that is killed in the middle leaves nothing running'],
      [
        'chaos/chaos',
        'nothing is lost, nothing done twice or half, no neighbour is down, and every end is true',
      ],
      ['scripts/reboot', 'a server %s while it makes sites makes all of them, each once'],
    ],
  },
  {
    promise: 'once',
    means: 'Its effects happen once and in order, by epochs and kernel locks.',
    proofs: [
      ['failpoints/failpoints', '$title ends the same wherever a process dies of it'],
      ['machine/operations', 'ten of the same at once are one'],
      ['machine/operations', 'a repeated key is answered with the first answer, and nothing is done twice'],
      ['machine/operations', 'a newer change takes the place of those that had not begun'],
      ['attack/executor', 'row 28: of many who ask for one id at once, by both ways, one at a time is heard'],
      [
        'machine/claims',
        'what %s was asked for by a later claim, %s does not do for an earlier one, started anew or not',
      ],
    ],
  },
  {
    promise: 'whole',
    means: 'A step that fails is undone or taken up again, and a half-made site never answers.',
    proofs: [
      ['failpoints/failpoints', '$title ends the same wherever a process dies of it'],
      ['fault/parts', 'what an executor that was killed left half written is gone when the next one starts'],
      [
        'fault/parts',
        'an executor that is killed while a certificate is put leaves a whole one, and the next is put all the same',
      ],
      ['fault/parts', "a folder that stands where a site's should be is refused and left as it is"],
      [
        'machine/certificates',
        'one that cannot be shown is not said to be there: the operation fails, and the former one stays',
      ],
      ['fault/acme', 'the former one is shown while that happens, whole'],
    ],
  },
  {
    promise: 'neighbours',
    means: "One broken vhost, pool, queue or certificate, ours or a stranger's, stops nobody.",
    proofs: [
      [
        'fault/parts',
        "a foreign file in nginx's folder stops what needs a reload, with its reason, and nothing else",
      ],
      ['machine/php-change', 'a configuration that php-fpm cannot start from leaves the old one at work'],
      [
        'machine/php-change',
        'a site changes its version and back, and no request to it or its neighbour fails',
      ],
      ['machine/queues', 'one that keeps dying is failed, with its last words, and is told once'],
      ['machine/certificates', 'another certificate under load fails no request, here and at a neighbour'],
      ['machine/options', 'a change of any option under load fails no request, here and at a neighbour'],
    ],
  },
  {
    promise: 'truthful',
    means: 'Succeeded means that it was seen working, and the same fault has the same code.',
    proofs: [
      [
        'fault/parts',
        'a PHP that was uninstalled meanwhile is said to be missing, and its site can be made when it is back',
      ],
      ['machine/operations', 'an operation tells what was done, step by step, and when'],
    ],
  },
  {
    promise: 'retry',
    means: 'What may pass is tried again with growing pauses, what will not is not, and delays nobody else.',
    proofs: [
      [
        'fault/acme',
        'an executor that is killed each time fails the operation in the end, and the next attempt succeeds',
      ],
      [
        'fault/acme',
        'an executor that is killed while certbot works is started again, and the certificate comes',
      ],
      [
        'machine/operations',
        'what finds its site held is tried again after a pause, and what others wait for goes on',
      ],
      ['machine/making-room', 'what is under way ends before a package is touched'],
    ],
  },
  {
    promise: 'plan and drift',
    means: 'What would change, and what was changed by hand, is shown as a diff.',
    proofs: [
      ['machine/plans', 'a site that is not there yet is shown file by file, and none of it is made'],
      [
        'machine/plans',
        'of a site that stands, a change is a diff of what it changes, and a removal names what would go',
      ],
      [
        'machine/plan-requests',
        'of a site that is to be made it shows the files, and the request makes just those',
      ],
      [
        'machine/plan-requests',
        'of a change it shows the diff, of a removal what would go, and neither is done',
      ],
      ['machine/drift', 'a site that was made has not drifted'],
      ['machine/drift', '%s is told, left alone, and as it was once it is repaired'],
      ['machine/drift', 'an ordinary change overwrites nothing that was done by hand without a word'],
      ['machine/drift', 'a grant that was taken away is told, and there again'],
    ],
  },
  {
    promise: 'resources',
    means: 'Too little of the disk, inodes, memory or connections is a clear error before anything changed.',
    proofs: [
      [
        'machine/room',
        'where there is too little of %s, a site is refused with that, nothing was made, and then it can be',
      ],
      [
        'machine/room',
        'where there is no room a database is refused too, and what switches off or takes away goes on',
      ],
      [
        'machine/room',
        'where as many operations wait as may, the next is refused for now with 429, and later it is taken',
      ],
    ],
  },
  {
    promise: 'audit',
    means: 'Whoever changes, takes out or swaps a row of the audit is found.',
    proofs: [
      ['machine/audit', 'what was asked for, by whom, and what root did for it is sealed, and right'],
      ['machine/audit', 'a row that nobody seals is said after a minute'],
      ['machine/audit', 'lines that are missing at its end, or all of them, are found by their copies'],
      [
        'machine/audit',
        'after an incident root accepts what stands there, says what it gives up, and notes it',
      ],
    ],
  },
  {
    promise: 'upgrading',
    means:
      'A newer version loses nothing that is under way, and a failed migration leaves the old one running.',
    proofs: [
      [
        'machine/upgrade',
        'a newer tree whose migration fails is not put in place, and the version from before goes on',
      ],
      [
        'machine/upgrade',
        'a newer tree migrates and restarts while sites are made, and each of them comes about, once',
      ],
      ['machine/upgrade', 'the tree from before is refused with the reason, and nothing is changed'],
      ['machine/upgrade', 'a tree with the same state goes back, and sites go on being made'],
    ],
  },
  {
    promise: 'shutdown',
    means: 'Each process ends within 30 s of SIGTERM, with its step finished or handed back.',
    proofs: [
      ['machine/stopping', '%s ends by itself while ten sites are made, and each site comes about'],
      [
        'machine/stopping',
        'an operation that takes longer than a worker may, when it stops, goes back in the queue, and is done once',
      ],
    ],
  },
];
