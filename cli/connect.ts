import { readFileSync } from 'node:fs';
import { TenantId } from '../contract/ids.ts';
import { createClient } from './client.ts';
import { codeOf, UsageError } from './errors.ts';
import { createHttpTransport, type Endpoint } from './http-transport.ts';
import type { GlobalOptions, OpenSession } from './session.ts';
import type { Terminal } from './terminal.ts';

export type World = {
  readonly terminal: Terminal;
  /** SCULPTOR_TOKEN and SCULPTOR_ADDRESS, where set. */
  readonly token: string | undefined;
  readonly address: string | undefined;
  readonly socket: string;
  readonly tokenFile: string;
  readonly idempotencyKey: string;
  readonly pause: (ms: number) => Promise<void>;
  readonly patienceMs: number;
};

/** Finds the API and the token that belongs to it. Throws a `UsageError` where one of them is not given right. */
export function createOpenSession(world: World): OpenSession {
  return (options) => {
    const endpoint = findEndpoint(options, world);
    const token = (): string => findToken(options, world, 'socketPath' in endpoint);
    const { terminal, idempotencyKey, pause, patienceMs } = world;
    const plan = options.plan === true;
    const client = createClient({
      ...{ transport: createHttpTransport(endpoint), token, idempotencyKey, pause },
      ...{ tenant: tenantOf(options), plan },
    });
    return { client, terminal, json: options.json === true, wait: options.wait, plan, pause, patienceMs };
  };
}

/** It becomes a header: nothing but an id is let through. */
function tenantOf({ tenant }: GlobalOptions): string | undefined {
  if (tenant === undefined || TenantId.safeParse(tenant).success) return tenant;
  throw new UsageError(`${tenant} is no tenant's id; sculptorctl tenant list shows them`);
}

function findEndpoint(options: GlobalOptions, world: World): Endpoint {
  if (options.socket !== undefined) return { socketPath: options.socket };
  const text = options.address ?? world.address;
  if (text === undefined) return { socketPath: world.socket };
  const address = URL.canParse(text) ? new URL(text) : undefined;
  const plain = address?.protocol === 'http:' && isLoopback(address.hostname);
  if (!address || (address.protocol !== 'https:' && !plain)) {
    throw new UsageError(`${text} is no address: https://, a host and perhaps a port are wanted`);
  }
  if (
    address.pathname !== '/' ||
    address.search !== '' ||
    address.username !== '' ||
    address.password !== ''
  ) {
    throw new UsageError('the address may hold a host and a port, nothing else');
  }
  return { address, ca: options.ca === undefined ? undefined : read(options.ca) };
}

/** This server's own token goes to this server's own socket only, never to an address somebody gave. */
function findToken(options: GlobalOptions, world: World, local: boolean): string {
  if (options.tokenFile !== undefined) return checked(read(options.tokenFile), options.tokenFile);
  if (world.token !== undefined) return checked(world.token, 'SCULPTOR_TOKEN');
  if (!local) throw new UsageError('a token is needed: --token-file FILE, or SCULPTOR_TOKEN');
  try {
    return checked(readFileSync(world.tokenFile, 'utf8'), world.tokenFile);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `${world.tokenFile} cannot be read: run as root, or give --token-file or SCULPTOR_TOKEN`,
    );
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${codeOf(error)})`);
  }
}

function checked(text: string, where: string): string {
  const token = text.trim();
  if (!/^[\x21-\x7e]{1,512}$/.test(token)) throw new UsageError(`${where} holds no token`);
  return token;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.[0-9]{1,3}){3}$/.test(host);
}
