import { wrong, type Check, type Finding } from './finding.ts';
import type { Server } from './server.ts';

export type Examined = { readonly checks: readonly string[]; readonly findings: readonly Finding[] };

/** All checks, one after the other. What cannot be looked at is wrong too, and keeps no other from being looked at. */
export async function examine(checks: Readonly<Record<string, Check>>, server: Server): Promise<Examined> {
  const findings: Finding[] = [];
  for (const [check, look] of Object.entries(checks)) {
    const found = await look(server).catch((cause: unknown) => [unseen(cause)]);
    findings.push(...found.map((each) => ({ check, ...each })));
  }
  return { checks: Object.keys(checks), findings };
}

function unseen(cause: unknown) {
  return wrong(
    `This could not be looked at: ${whyOf(cause)}`,
    'Mend what the sentence names, then look again.',
  );
}

/** What a program said says more than that it ended badly. */
function whyOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const said = 'stderr' in cause ? String(cause.stderr).trim() : '';
  return said === '' ? cause.message : `${cause.message}: ${said.split('\n').at(-1) ?? ''}`;
}
