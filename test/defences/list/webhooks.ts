import type { Defence } from '../defence.ts';

const ADDRESSES = 'test/unit/runtime/outward-addresses.test.ts';
const WORKER = 'test/unit/worker/webhooks.test.ts';

/** The agent as a client: to where it sends what happened, and that it is from here. */
export const WEBHOOKS_DEFENCES: readonly Defence[] = [
  {
    name: 'no kept address',
    against: 'a webhook to what only this server reaches',
    change: {
      file: 'runtime/outward-addresses.ts',
      from: "if (isIPv4(address)) return kept.check(address, 'ipv4');",
      to: 'if (isIPv4(address)) return false;',
    },
    noticed: { file: ADDRESSES, test: 'sends nothing to loopback: 127.0.0.1' },
  },
  {
    name: 'no address within an address',
    against: 'a webhook to loopback through NAT64 or 6to4',
    change: {
      file: 'runtime/outward-addresses.ts',
      from: "return !givenOut.check(address, 'ipv6') || kept.check(address, 'ipv6');",
      to: "return kept.check(address, 'ipv6');",
    },
    noticed: { file: ADDRESSES, test: 'sends nothing to NAT64: 64:ff9b::7f00:1' },
  },
  {
    name: 'each address of a name',
    against: 'a name with an inner address among others',
    change: {
      file: 'worker-unprivileged/resolving.ts',
      from: 'if (found.some((address) => isRefusedAddress(address, sendable)))',
      to: 'if (found.every((address) => isRefusedAddress(address, sendable)))',
    },
    noticed: { file: WORKER, test: 'where a name leads is refused where it is a private one among others' },
  },
  {
    name: 'the address that was looked at',
    against: 'a name that leads elsewhere a moment later',
    change: {
      file: 'worker-unprivileged/posting.ts',
      from: 'lookup: pinnedTo(addresses),',
      to: '',
    },
    noticed: {
      file: 'test/integration/worker/posting.test.ts',
      test: 'what is sent comes in whole, at the address that was looked at, under the name of the URL',
    },
  },
];
