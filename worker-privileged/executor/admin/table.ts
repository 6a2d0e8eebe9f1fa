import type { AdminCommand } from './command.ts';
import { doctor } from './doctor.ts';

/** The closed table of root's own commands; `systemd/sculptorctl` sends their words here. */
export const ADMIN_COMMANDS = { doctor } as const satisfies Readonly<Record<string, AdminCommand>>;
