import { XmlRpcFault, type XmlRpc } from './xml-rpc.ts';

/** Supervisor's fault codes: a name it does not know, a group that is there already, a process that does not run. */
const BAD_NAME = 10;
export const ALREADY_ADDED = 90;
export const NOT_RUNNING = 70;

/** Null where it was refused with that fault. */
export async function tolerating(fault: number, act: () => Promise<unknown>): Promise<unknown> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof XmlRpcFault && cause.faultCode === fault) return null;
    throw cause;
  }
}

/** What Supervisor calls the state of one process; null where it knows none of that name. */
export async function stateNameOf(call: XmlRpc, process: string): Promise<string | null> {
  const info = await tolerating(BAD_NAME, () => call('supervisor.getProcessInfo', [process]));
  return info === null ? null : String((info as Record<string, unknown>)['statename']);
}

/** Ends a group and forgets it, whether it is there or not. */
export async function dropGroup(call: XmlRpc, group: string): Promise<void> {
  await tolerating(BAD_NAME, () => call('supervisor.stopProcessGroup', [group, true]));
  await tolerating(BAD_NAME, () => call('supervisor.removeProcessGroup', [group]));
}
