import { wrong, type Check, type DoctorTools, type Finding } from './finding.ts';

export type Examined = { readonly checks: readonly string[]; readonly findings: readonly Finding[] };

/** All checks, one after the other. What cannot be looked at is wrong too, and keeps no other from being looked at. */
export async function examine(
  checks: Readonly<Record<string, Check>>,
  tools: DoctorTools,
): Promise<Examined> {
  const findings: Finding[] = [];
  for (const [check, look] of Object.entries(checks)) {
    const found = await look(tools).catch((cause: unknown) => [unseen(cause)]);
    findings.push(...found.map((each) => ({ check, ...each })));
  }
  return { checks: Object.keys(checks), findings };
}

function unseen(cause: unknown) {
  const why = cause instanceof Error ? cause.message : String(cause);
  return wrong(`This could not be looked at: ${why}`, 'Mend what the sentence names, then look again.');
}
