/**
 * What this server answers to, in the forms of /proc/net/fib_trie and /proc/net/if_inet6. Throws where there is none: every
 * server has one, so nothing was read.
 */
export function ownAddresses(trie: string, six: string): readonly string[] {
  const own = [...ipv4In(trie), ...ipv6In(six)];
  if (own.length === 0) throw new Error('this server has no address');
  return [...new Set(own)];
}

/** An address stands above the lines that say what it is. */
function ipv4In(trie: string): readonly string[] {
  let address = '';
  return trie.split('\n').flatMap((line) => {
    address = /\|-- ([0-9.]+)$/.exec(line)?.[1] ?? address;
    return /^\s*\/32 host LOCAL$/.test(line) ? [address] : [];
  });
}

/** 32 hexadecimal digits at the beginning of a line. */
function ipv6In(six: string): readonly string[] {
  return Array.from(six.matchAll(/^([0-9a-f]{32}) /gm), ([, digits = '']) =>
    Array.from({ length: 8 }, (_, at) => digits.slice(at * 4, at * 4 + 4)).join(':'),
  );
}
