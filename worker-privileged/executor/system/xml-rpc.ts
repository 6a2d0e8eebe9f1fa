import { request } from 'node:http';
import { FailureError } from '../../../contract/failures.ts';
import { because } from './because.ts';

export type XmlRpcValue = string | number | boolean;

/** One call to a server behind a unix socket. Throws XmlRpcFault where the server refuses. */
export type XmlRpc = (method: string, params: readonly XmlRpcValue[]) => Promise<unknown>;

export class XmlRpcFault extends Error {
  readonly faultCode: number;

  constructor(faultCode: number, faultString: string) {
    super(faultString);
    this.name = 'XmlRpcFault';
    this.faultCode = faultCode;
  }
}

const LIMIT_BYTES = 8_388_608;
const TIMEOUT_MS = 60_000;

export function createXmlRpc(socketPath: string): XmlRpc {
  return async (method, params) => parseResponse(await post(socketPath, renderCall(method, params)));
}

export function renderCall(method: string, params: readonly XmlRpcValue[]): string {
  const list = params.map((param) => `<param><value>${renderValue(param)}</value></param>`).join('');
  return `<?xml version="1.0"?><methodCall><methodName>${escape(method)}</methodName><params>${list}</params></methodCall>`;
}

function renderValue(value: XmlRpcValue): string {
  if (typeof value === 'string') return `<string>${escape(value)}</string>`;
  return typeof value === 'number' ? `<int>${value}</int>` : `<boolean>${value ? 1 : 0}</boolean>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function post(socketPath: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(body) };
    const call = request(
      { socketPath, path: '/RPC2', method: 'POST', headers, timeout: TIMEOUT_MS },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > LIMIT_BYTES) call.destroy(new Error('the answer is too long'));
        });
        answer.on('error', reject);
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(text);
          else reject(new Error(`the answer's status is ${answer.statusCode ?? 'none'}`));
        });
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer in time')));
    call.on('error', (cause) => reject(because(cause, notThere())));
    call.end(body);
  });
}

function notThere(): FailureError {
  return new FailureError(
    'server_broken',
    'Supervisor does not answer.',
    'Start supervisord on the server, then ask again.',
  );
}

/** The value of a `methodResponse`. Throws XmlRpcFault for a fault, Error for anything that is not one. */
export function parseResponse(xml: string): unknown {
  const tokens: readonly string[] = xml.replace(/<\?[^>]*\?>/g, '').match(/<[^>]+>|[^<]+/g) ?? [];
  const fault = tokens.includes('<fault>');
  const start = tokens.indexOf('<value>');
  if (start < 0) throw new Error('the answer holds no value');
  const value = readValue({ tokens, at: start });
  if (!fault) return value;
  const { faultCode, faultString } = value as Record<string, unknown>;
  throw new XmlRpcFault(Number(faultCode), String(faultString));
}

type Cursor = { readonly tokens: readonly string[]; at: number };

/** Reads from `<value>` to the end of its `</value>`. */
function readValue(cursor: Cursor): unknown {
  expectToken(cursor, '<value>');
  const type = skipBlank(cursor);
  const value = READERS.get(type)?.(cursor) ?? readScalar(cursor);
  skipBlank(cursor);
  expectToken(cursor, '</value>');
  return value;
}

/** A map, because text without a type may say `toString`. */
const READERS: ReadonlyMap<string, (cursor: Cursor) => unknown> = new Map([
  ['<struct>', readStruct],
  ['<array>', readArray],
]);

function readStruct(cursor: Cursor): unknown {
  const members: [string, unknown][] = [];
  expectToken(cursor, '<struct>');
  while (skipBlank(cursor) === '<member>') {
    expectToken(cursor, '<member>');
    skipBlank(cursor);
    expectToken(cursor, '<name>');
    const name = readText(cursor, '</name>');
    skipBlank(cursor);
    members.push([name, readValue(cursor)]);
    skipBlank(cursor);
    expectToken(cursor, '</member>');
  }
  expectToken(cursor, '</struct>');
  return Object.fromEntries(members);
}

function readArray(cursor: Cursor): unknown {
  const items: unknown[] = [];
  expectToken(cursor, '<array>');
  skipBlank(cursor);
  expectToken(cursor, '<data>');
  while (skipBlank(cursor) === '<value>') items.push(readValue(cursor));
  expectToken(cursor, '</data>');
  skipBlank(cursor);
  expectToken(cursor, '</array>');
  return items;
}

function readScalar(cursor: Cursor): unknown {
  const open = next(cursor);
  if (open === '</value>') {
    cursor.at -= 1;
    return '';
  }
  if (!open.startsWith('<')) return unescape(open);
  if (open.endsWith('/>')) return '';
  const close = open.replace('<', '</');
  const text = readText(cursor, close);
  if (open === '<boolean>') return text === '1';
  return open === '<int>' || open === '<i4>' || open === '<double>' ? Number(text) : text;
}

/** What stands before the tag `close`, and the tag; nothing may stand there. */
function readText(cursor: Cursor, close: string): string {
  const text = cursor.tokens[cursor.at] === close ? '' : unescape(next(cursor));
  expectToken(cursor, close);
  return text;
}

function next(cursor: Cursor): string {
  const token = cursor.tokens[cursor.at];
  if (token === undefined) throw new Error('the answer breaks off');
  cursor.at += 1;
  return token;
}

function expectToken(cursor: Cursor, wanted: string): void {
  const token = next(cursor);
  if (token !== wanted) throw new Error(`the answer holds ${token} where ${wanted} should be`);
}

/** Passes over blanks between tags; the token that comes is returned and stays. */
function skipBlank(cursor: Cursor): string {
  while (/^\s+$/.test(cursor.tokens[cursor.at] ?? '')) cursor.at += 1;
  return cursor.tokens[cursor.at] ?? '';
}

function unescape(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}
