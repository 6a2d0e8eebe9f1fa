import { readdirSync, readFileSync } from 'node:fs';

const FOLDERS = ['api', 'state', 'worker-privileged'];
const CALL = /\bfailpoint\(\s*(?:'([^']+)'|`([^`]+)`)/g;

/** Every place that a failpoint of the source marks; what a name says of its verb or step may be anything. */
export function placesInSource(): readonly RegExp[] {
  const root = new URL('../..', import.meta.url).pathname;
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${root}${folder}/${name}`),
  );
  return files
    .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(CALL)])
    .map(([, plain, built]) => pattern(plain ?? built ?? ''));
}

function pattern(place: string): RegExp {
  const parts = place.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^$()|[\]\\{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`);
}
