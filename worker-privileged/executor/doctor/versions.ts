import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { wrong, type Check, type Found } from './finding.ts';

const Package = z.object({ engines: z.object({ node: z.string() }) });

/** This runs on the Node.js that all of the agent runs on. */
export const versions: Check = () => {
  const { engines } = Package.parse(JSON.parse(readFileSync('/usr/lib/sculptor/app/package.json', 'utf8')));
  return Promise.resolve(newEnough(process.versions.node, engines.node));
};

export function newEnough(version: string, wanted: string): readonly Found[] {
  const [now, least] = [version, wanted].map((text) => (text.match(/\d+/g) ?? []).map(Number));
  for (const [index, part] of (least ?? []).entries()) {
    const mine = now?.[index] ?? 0;
    if (mine > part) return [];
    if (mine < part) return [wrong(`The agent runs on Node.js ${version} and needs ${wanted}.`)];
  }
  return [];
}
