import { z } from 'zod';
import { isIPv6 } from 'node:net';
import { Ban, type BanAddress, type BanJail } from '../../../contract/bans.ts';

/** What fail2ban's client and nft say, and what it means. */
export type TimedBan = Pick<Ban, 'address' | 'since' | 'until'>;

/** `203.0.113.7 <tab>2026-01-31 12:00:00 + 3600 = 2026-01-31 13:00:00`, by this server's clock; -1 for what does not end. */
const BAN = /^(\S+) \t(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) \+ (-?\d{1,12}) = /;

/** Those that end first come first. What is no address is none of ours. */
export function bansIn(text: string): TimedBan[] {
  return text.split('\n').flatMap((line) => {
    const [, address, day = '', time = '', seconds] = BAN.exec(line) ?? [];
    const since = Date.parse(`${day}T${time}`);
    const until = since + Number(seconds) * 1000;
    const ban = Ban.omit({ jail: true }).safeParse({
      address,
      since: timeOf(since),
      until: Number(seconds) < 0 || until > LAST ? null : timeOf(until),
    });
    return ban.success ? [ban.data] : [];
  });
}

/** What fail2ban calls the last day of all. */
const LAST = Date.UTC(9999, 11, 30);

function timeOf(milliseconds: number): string | undefined {
  return Number.isNaN(milliseconds) ? undefined : new Date(milliseconds).toISOString();
}

/** In a list with commas. */
export function namesIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

const Table = z.object({ nftables: z.array(z.record(z.string(), z.unknown())) });
const NftSet = z.object({ set: z.object({ name: z.string(), elem: z.array(z.unknown()).default([]) }) });

/** Whether fail2ban's table, as `nft -j list table` writes it, holds the address for that jail, and a rule goes by it. */
export function isInTable(text: string, jail: BanJail, address: BanAddress): boolean {
  if (text === '') return false;
  const { nftables } = Table.parse(JSON.parse(text));
  const name = `${isIPv6(address) ? 'addr6' : 'addr'}-set-${jail}`;
  const holds = nftables.some((one) => {
    const { data } = NftSet.safeParse(one);
    return data?.set.name === name && data.set.elem.includes(address);
  });
  return holds && nftables.some((one) => 'rule' in one && JSON.stringify(one).includes(`"@${name}"`));
}
