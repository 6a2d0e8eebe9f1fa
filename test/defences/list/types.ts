import type { Defence } from '../defence.ts';

const RELAYS = 'test/attack/relays.test.ts';

/** What answers for a site beside PHP and files: its own program, or somebody else. */
export const TYPES: readonly Defence[] = [
  {
    name: 'a relay as the site',
    against: 'a link in the place of its socket that leads the relay to the API',
    change: {
      file: 'systemd/units/sculptor-relay@.service',
      from: 'User=s-%i\n',
      to: 'User=nginx\nSupplementaryGroups=s-%i\n',
    },
    noticed: {
      file: 'test/unit/executor/relays.test.ts',
      test: 'the relay runs as the site, and as nobody else',
    },
  },
  {
    name: 'the socket of the relay is nginx’s',
    against: 'a neighbour that speaks to a site’s program past nginx',
    change: { file: 'systemd/units/sculptor-relay@.socket', from: 'SocketMode=0660', to: 'SocketMode=0666' },
    noticed: {
      file: RELAYS,
      test: 'row 41: nobody but nginx and the site speaks to its program, or takes its place',
    },
  },
  {
    name: 'an answer chooses no other',
    against: 'a program that has nginx serve what lies behind it',
    change: {
      file: 'systemd/nginx/parts/proxy.conf',
      from: 'proxy_ignore_headers X-Accel-Redirect ',
      to: 'proxy_ignore_headers ',
    },
    noticed: {
      file: 'test/machine/types.test.ts',
      test: 'its program is told of the visitor by nginx alone, and takes long requests, slow answers and large bodies',
    },
  },
  {
    name: 'who visits is nginx’s word',
    against: 'a visitor that says it is another',
    change: {
      file: 'systemd/nginx/parts/proxy.conf',
      from: 'proxy_set_header X-Forwarded-For $remote_addr;\n',
      to: '',
    },
    noticed: {
      file: RELAYS,
      test: 'row 33: what a visitor says of itself does not reach the program as nginx’s word',
    },
  },
  {
    name: 'an address without a directive',
    against: 'the address that visitors are sent to ends the line and begins another',
    change: {
      file: 'worker-privileged/executor/render/redirect.ts',
      from: 'if (!Redirect.safeParse(redirect).success || /[\\s"\'$;{}\\\\#?]/.test(to))',
      to: 'if (to === "")',
    },
    noticed: {
      file: 'test/unit/executor/render.test.ts',
      test: 'an address that would mean something to nginx is not written',
    },
  },
  {
    name: 'no program by a type',
    against: 'a token that may make sites and no programs runs one',
    change: {
      file: 'api/domains/type-parts.ts',
      from: 'if (caller.scopes.includes(scope)) return;',
      to: 'if (scope.length > 0) return;',
    },
    noticed: {
      file: 'test/integration/api/types.test.ts',
      test: 'a token that may make no queues makes none by the type of a domain',
    },
  },
  {
    name: 'root looks at the type too',
    against: 'a stolen API that sends visitors in a circle, or runs a program as the shared user',
    change: {
      file: 'worker-privileged/executor/verbs/site.ts',
      from: '    await requireType(system, spec);\n',
      to: '',
    },
    noticed: {
      file: 'test/unit/executor/relays.test.ts',
      test: /^a site that cannot be of its type is refused by the executor too: a redirect to itself$/,
    },
  },
];
