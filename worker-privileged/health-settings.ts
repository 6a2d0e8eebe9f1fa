import { HealthSettings } from '../contract/alarms.ts';
import type { Logger } from '../runtime/logger.ts';

/** Those that were read last where they cannot be understood now, and at first the usual ones; said once each time. */
export function createHealthSettings(
  read: () => Promise<HealthSettings>,
  logger: Logger,
): () => Promise<HealthSettings> {
  let last = HealthSettings.parse({});
  let said = '';
  return async () => {
    try {
      last = await read();
      said = '';
    } catch (error) {
      if (String(error) !== said) logger.warn({ err: error }, 'settings of alarms were not understood');
      said = String(error);
    }
    return last;
  };
}
