import { XmlRpcFault } from './xml-rpc.ts';

/** Supervisor's fault codes: a name it does not know, a group that is there already, a process that does not run. */
export const BAD_NAME = 10;
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
