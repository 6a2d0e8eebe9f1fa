import { z } from 'zod';
import type { Files } from './files.ts';
import { paths } from './paths.ts';

/** What the executor needs of `/etc/sculptor/agent.json`; the rest is for the others who read it. */
export const ExecutorConfig = z.object({
  mode: z.enum(['systemd', 'supervisor']),
  serverName: z.string().max(253),
  mariadbSocket: z.string().regex(/^\/[A-Za-z0-9._/-]{1,100}$/),
});
export type ExecutorConfig = z.infer<typeof ExecutorConfig>;

export async function readConfig(files: Pick<Files, 'read'>): Promise<ExecutorConfig> {
  const text = await files.read(paths.agentConfig);
  if (text === null) throw new Error(`${paths.agentConfig} is not there: install the agent first`);
  return ExecutorConfig.parse(JSON.parse(text));
}
