import type { DoorLimit } from '../system/agent-state.ts';
import { Limits } from '../system/limits.ts';
import { paths } from '../system/paths.ts';
import {
  choose,
  requireNoWords,
  UsageError,
  type AdminAnswer,
  type AdminCommand,
  type AdminRequest,
  type AdminTools,
} from './command.ts';

type LimitName = keyof Limits;
const LimitName = Limits.keyof();

const WHAT: Readonly<Record<LimitName, string>> = {
  graceHours: 'hours that what was removed is kept before it is purged',
  destroyPerHour: 'how much may be removed, switched off or pointed elsewhere in an hour',
  letInPerHour:
    'how many database users and passwords may be made in an hour, and how many keys, programs and visitors',
  repairsPerHour: 'how many sites may be made again in an hour as they were asked for',
  siteRepairsPerHour: 'and how often one of them',
  upgradesPerHour: 'how often security updates may be asked for in an hour',
  bansPerHour: 'how many addresses may be banned in an hour by the API',
  cacheMebibytes: "MiB that the sites' caches may be given, all together",
  ordersPerHour: 'how many certificates an authority is asked for in an hour',
  ordersPerWeek: 'and in a week',
  tenantOrdersPerHour: 'how many of them for one tenant in an hour',
  tenantOrdersPerWeek: 'and in a week',
  siteOrdersPerHour: 'how many of them for one site in an hour',
  siteOrdersPerWeek: 'and in a week',
  connectionsPerAccount: 'the most connections that a database user may have at once',
};

/** Accounts are made and dropped by MariaDB's procedures, which count, and cap connections, for themselves. */
const IN_THE_DOOR: { readonly [N in LimitName]?: DoorLimit } = {
  destroyPerHour: 'destroy_per_hour',
  letInPerHour: 'let_in_per_hour',
  connectionsPerAccount: 'connections_per_account',
};

const WORDS = { list, set } as const satisfies Readonly<
  Record<string, (words: readonly string[]) => AdminRequest>
>;

export const limit: AdminCommand = {
  synopsis: 'limit list | set NAME NUMBER',
  summary: `Shows and sets the caps: ${LimitName.options.join(', ')}. They hold from then on.`,
  read: (words) => choose(WORDS, words),
};

function list(words: readonly string[]): AdminRequest {
  requireNoWords(words);
  return { subject: 'list', act: async ({ system }) => answerOf(await (await system()).limits()) };
}

function set([name, number, ...more]: readonly string[]): AdminRequest {
  const known = LimitName.safeParse(name);
  if (!known.success || number === undefined || more.length > 0)
    throw new UsageError(`it wants a number for one of ${LimitName.options.join(', ')}`);
  const value = numberOf(known.data, number);
  return { subject: `${known.data} ${value}`, act: (tools) => change(tools, known.data, value) };
}

function numberOf(name: LimitName, word: string): number {
  const value = /^[0-9]{1,7}(?:\.[0-9]{1,3})?$/.test(word) ? Number(word) : Number.NaN;
  const parsed = Limits.shape[name].safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UsageError(`${name} is ${RANGES[name] ?? 'a whole number up to 1000000'}`);
}

const RANGES: { readonly [N in LimitName]?: string } = {
  graceHours: 'a number up to 8760',
  connectionsPerAccount: 'a whole number from 1 to 100000',
};

/** What the door counts it is told; of the rest the file alone decides, and the state hears when the trash is purged. */
async function change({ system, records }: AdminTools, name: LimitName, value: number): Promise<AdminAnswer> {
  const { files, limits, locks } = await system();
  await locks.during('limits', async () => {
    const wanted = Limits.parse({ ...(await limits()), [name]: value });
    await files.replace(paths.limits, `${JSON.stringify(wanted, null, 2)}\n`);
  });
  const { state } = await records();
  const inTheDoor = IN_THE_DOOR[name];
  if (name === 'graceHours') await state.graceSet(value);
  else if (inTheDoor !== undefined) await state.doorSet(inTheDoor, value);
  return answerOf(await limits());
}

function answerOf(limits: Limits): AdminAnswer {
  const lines = LimitName.options.map(
    (name) => `${name.padEnd(21)}  ${String(limits[name]).padStart(7)}  ${WHAT[name]}`,
  );
  return { lines, document: limits };
}
