import { readFile } from 'node:fs/promises';
import { HealthSettings } from '../contract/alarms.ts';

export const HEALTH_SETTINGS_PATH = '/etc/sculptor/health.json';

/** Root's own, read at each use; all is as usual where there is none. Throws a sentence that names each field at fault. */
export async function readHealthSettings(path: string = HEALTH_SETTINGS_PATH): Promise<HealthSettings> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as { code?: string }).code === 'ENOENT') return '{}';
    throw error;
  });
  const parsed = HealthSettings.safeParse(parse(path, text));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`${path} cannot be used: ${faults.join('; ')}`);
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${path} cannot be used: it is no JSON`);
  }
}
