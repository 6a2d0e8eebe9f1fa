import { z } from 'zod';

/** The jails of fail2ban's that the agent sets up: whom one of them bans is kept off ssh, or off the web. */
export const BAN_JAILS = ['sshd', 'sculptor-api'] as const;
export const BanJail = z.enum(BAN_JAILS);
export type BanJail = z.infer<typeof BanJail>;

/** Each once. */
export const BanJails = z
  .array(BanJail)
  .min(1)
  .max(BAN_JAILS.length)
  .refine((jails) => new Set(jails).size === jails.length, 'each jail once');

const WHAT =
  'one address such as 203.0.113.7 or 2001:db8::7, which is neither a network nor of this server itself and has no zone';

/** One address from which somebody can come, in whatever spelling; it becomes the one that it has here. */
export const BanAddress = z
  .string()
  .max(45)
  .refine((text) => spellingOf(text) !== null, WHAT)
  .transform((text) => spellingOf(text) ?? text)
  .brand<'BanAddress'>();
export type BanAddress = z.infer<typeof BanAddress>;

/** The same where it has been through that already: any other spelling is refused. */
export const SpeltBanAddress = z
  .string()
  .max(45)
  .refine((text) => spellingOf(text) === text, WHAT)
  .brand<'BanAddress'>()
  .meta({ examples: ['203.0.113.7', '198.51.100.254', '2001:db8::7', '2001:db8:0:1::ffff'] });

/** As inet_ntop writes it, and with it fail2ban and nft. Null for what is none, or is nobody's to come from. */
function spellingOf(text: string): string | null {
  if (z.ipv4().safeParse(text).success) return isOrdinaryIpv4(text) ? text : null;
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !z.ipv6().safeParse(text).success) return null;
  const spelling = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  return EXTRAORDINARY_IPV6.test(spelling) ? null : spelling;
}

/** Neither this host, nor this server itself, nor many at once. */
function isOrdinaryIpv4(text: string): boolean {
  const first = Number(text.split('.', 1)[0]);
  return first !== 0 && first !== 127 && first < 224;
}

/** This server itself and what carries an address of IPv4 (::/96, ::ffff:0:0/96), of one cable (fe80::/10), of many (ff00::/8). */
const EXTRAORDINARY_IPV6 =
  /^(?:::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})?)?|::ffff:[0-9a-f]{1,4}:[0-9a-f]{1,4}|fe[89ab][0-9a-f]:.*|ff[0-9a-f]{2}:.*)$/;

export const CreateBan = z.strictObject({ address: BanAddress, jails: BanJails.default([...BAN_JAILS]) });
export type CreateBan = z.infer<typeof CreateBan>;

/** What was asked of a server about an address, as the state keeps it. */
export const WantedBan = z.strictObject({ address: SpeltBanAddress, jails: BanJails });
export type WantedBan = z.infer<typeof WantedBan>;

export const Ban = z.strictObject({
  /** As fail2ban has it, which may be a network that root has banned. */
  address: z.string().regex(/^[0-9a-fA-F.:]{2,45}(?:\/[0-9]{1,3})?$/),
  jail: BanJail,
  since: z.iso.datetime(),
  /** Null where it does not end by itself. */
  until: z.iso.datetime().nullable(),
});
export type Ban = z.infer<typeof Ban>;

export const MOST_BANS = 1000;

/** Who is banned, those that last longest first. */
export const BanReport = z.strictObject({
  /** Which of the two jails fail2ban has; none where it does not run. */
  jails: z.array(BanJail).max(BAN_JAILS.length),
  bans: z.array(Ban).max(MOST_BANS),
  /** That are not among those. */
  more: z.int().min(0),
});
export type BanReport = z.infer<typeof BanReport>;

/** The same as the worker has seen it. */
export const SeenBans = BanReport.extend({ seenAt: z.iso.datetime() });
export type SeenBans = z.infer<typeof SeenBans>;
