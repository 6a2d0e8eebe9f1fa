import type { Scope } from '../contract/tokens.ts';

/** All of these a token needs; `public` asks for no token at all. */
export type Needed = readonly [Scope, ...Scope[]] | 'public';

/**
 * Every address there is below /v1, with what it takes and the scopes that it takes. A router registers from here
 * alone: an address or a method without a row does not compile, and no more does a row without a handler.
 */
export const ROUTES = {
  '/health/live': { get: 'public' },
  '/health/ready': { get: 'public' },
  '/domains': { get: ['domains:read'], post: ['domains:write'] },
  '/domains/:domain': { get: ['domains:read'], patch: ['domains:write'], delete: ['domains:delete'] },
  '/domains/:domain/restore': { post: ['domains:write'] },
  // By administrators alone: it is another tenant's afterwards.
  '/domains/:domain/move': { post: ['domains:write', 'tenants:write'] },
  '/domains/:domain/checks': { get: ['domains:read'] },
  '/domains/:domain/keys': { get: ['keys:read'], post: ['keys:write'] },
  '/domains/:domain/keys/:key': { get: ['keys:read'], delete: ['keys:write'] },
  '/domains/:domain/cache': {
    get: ['caches:read'],
    post: ['caches:write'],
    patch: ['caches:write'],
    delete: ['caches:write'],
  },
  '/domains/:domain/cache/rotate-password': { post: ['caches:write'] },
  '/domains/:domain/certificate': {
    get: ['certificates:read'],
    put: ['certificates:write'],
    delete: ['certificates:write'],
  },
  '/domains/:domain/certificate/renew': { post: ['certificates:write'] },
  '/certificates': { get: ['certificates:read'] },
  '/domains/:domain/crons': { get: ['crons:read'], post: ['crons:write'] },
  '/domains/:domain/crons/:cron': { get: ['crons:read'], patch: ['crons:write'], delete: ['crons:write'] },
  '/domains/:domain/crons/:cron/run': { post: ['crons:write'] },
  '/domains/:domain/runs': { get: ['runs:read'], post: ['runs:write'] },
  '/domains/:domain/runs/:run': { get: ['runs:read'] },
  '/domains/:domain/runs/:run/stop': { post: ['runs:write'] },
  '/domains/:domain/queues': { get: ['queues:read'], post: ['queues:write'] },
  '/domains/:domain/queues/:queue': {
    get: ['queues:read'],
    patch: ['queues:write'],
    delete: ['queues:write'],
  },
  '/domains/:domain/queues/:queue/start': { post: ['queues:write'] },
  '/domains/:domain/queues/:queue/stop': { post: ['queues:write'] },
  '/domains/:domain/queues/:queue/restart': { post: ['queues:write'] },
  '/domains/:domain/queues/:queue/output': { get: ['queues:read'] },
  '/databases': { get: ['databases:read'], post: ['databases:write'] },
  '/databases/:database': {
    get: ['databases:read'],
    patch: ['databases:write'],
    delete: ['databases:delete'],
  },
  '/databases/:database/restore': { post: ['databases:write'] },
  '/databases/:database/users': { get: ['databases:read'], post: ['databases:write'] },
  '/databases/:database/users/:user': {
    get: ['databases:read'],
    patch: ['databases:write'],
    delete: ['databases:delete'],
  },
  '/databases/:database/users/:user/rotate-password': { post: ['databases:write'] },
  '/operations': { get: ['operations:read'] },
  '/operations/:operation': { get: ['operations:read'] },
  '/operations/:operation/cancel': { post: ['operations:write'] },
  '/operations/:operation/events': { get: ['operations:read'] },
  '/tokens': { get: ['tokens:read'], post: ['tokens:write'] },
  '/tokens/:token': { get: ['tokens:read'], delete: ['tokens:write'] },
  // By administrators alone: what was written by hand on the server is theirs to read.
  '/drift': { get: ['tenants:write'] },
  '/domains/:domain/drift': {
    get: ['domains:read', 'tenants:write'],
    post: ['domains:write', 'tenants:write'],
  },
  '/domains/:domain/drift/repair': { post: ['domains:write', 'tenants:write'] },
  '/databases/:database/drift': {
    get: ['databases:read', 'tenants:write'],
    post: ['databases:write', 'tenants:write'],
  },
  '/databases/:database/drift/repair': { post: ['databases:write', 'tenants:write'] },
  '/tenants/:tenant/drift': { get: ['tenants:write'], post: ['tenants:write'] },
  '/tenants/:tenant/drift/repair': { post: ['tenants:write'] },
  // Of all kinds together: whoever may not read one of them may not read this.
  '/trash': { get: ['domains:read', 'databases:read'] },
  '/notifications': { get: ['notifications:read'] },
  // What a webhook is sent can be read by it: whoever says where to has to be allowed to read that.
  '/webhooks': { get: ['webhooks:read'], post: ['webhooks:write', 'operations:read', 'notifications:read'] },
  '/webhooks/:webhook': {
    get: ['webhooks:read'],
    patch: ['webhooks:write', 'operations:read', 'notifications:read'],
    delete: ['webhooks:write'],
  },
  '/webhooks/:webhook/rotate-secret': { post: ['webhooks:write'] },
  '/webhooks/:webhook/test': { post: ['webhooks:write'] },
  '/webhooks/:webhook/deliveries': { get: ['webhooks:read'] },
  '/webhooks/:webhook/deliveries/:delivery': { get: ['webhooks:read'] },
  '/webhooks/:webhook/deliveries/:delivery/resend': { post: ['webhooks:write'] },
  // What all tokens have asked for, and from where: no tenant's.
  '/audit': { get: ['audit:read'] },
  // Changed by administrators alone: no other token has that scope.
  '/tenants': { get: ['tenants:read'], post: ['tenants:write'] },
  '/tenants/:tenant': { get: ['tenants:read'], patch: ['tenants:write'], delete: ['tenants:write'] },
  '/tenants/:tenant/suspend': { post: ['tenants:write'] },
  '/tenants/:tenant/resume': { post: ['tenants:write'] },
  '/tenants/:tenant/restore': { post: ['tenants:write'] },
  '/tenants/:tenant/usage': { get: ['tenants:read'] },
  '/server': { get: ['server:read'] },
  // By administrators alone: what this server lacks is nobody else's to know.
  '/server/updates': { get: ['server:read', 'tenants:write'] },
  '/server/updates/install': { post: ['tenants:write'] },
  // By administrators alone: whoever is banned reaches no site of any tenant's.
  '/server/bans': { get: ['server:read', 'tenants:write'], post: ['tenants:write'] },
  '/server/bans/:address': { delete: ['tenants:write'] },
  // What runs on it, and how full it is, is of all tenants together: by administrators alone.
  '/server/health': { get: ['server:read', 'tenants:write'] },
  '/server/alarms': { get: ['server:read', 'tenants:write'] },
} as const satisfies Readonly<Record<`/${string}`, { readonly [M in Method]?: Needed }>>;

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
export type Path = keyof typeof ROUTES;
