import type { ReplacedPackage, UpdateReport } from '../contract/updates.ts';

/** What was looked at afterwards, and who of it does not answer, or is not as it was asked for. */
export interface Checked {
  readonly asked: number;
  readonly silent: readonly string[];
  readonly drifted: readonly string[];
}

/** Of the 500 characters that there are, packages leave enough for what came of it. */
const FOR_PACKAGES = 200;
const NAMES = 3;

export function sentencesOf(report: UpdateReport, checked: Checked): string {
  return [...packagesOf(report), ...renewedOf(report), rebootOf(report), checkedOf(checked)].join(' ');
}

function packagesOf({ packages, more }: UpdateReport): readonly string[] {
  const half = packages.filter(({ whole }) => !whole).map(({ name }) => name);
  const shown: string[] = [];
  for (const one of packages.map(versionsOf))
    if (shown.join(', ').length + one.length < FOR_PACKAGES || shown.length === 0) shown.push(one);
    else break;
  const left = packages.length - shown.length + more;
  return [
    `Updated: ${shown.join(', ')}${left === 0 ? '' : ` and ${left} more`}.`,
    ...(half.length === 0 ? [] : [`Left half-way: ${some(half)}; dpkg --configure --pending says why.`]),
  ];
}

function versionsOf({ name, from, to }: ReplacedPackage): string {
  if (to === null) return `${name} removed`;
  return from === null ? `${name} ${to}` : `${name} ${from} to ${to}`;
}

function renewedOf({ services, sites }: UpdateReport): readonly string[] {
  const php = sites === 0 ? [] : [`PHP of ${sites === 1 ? 'a site' : `${sites} sites`}`];
  const all = [...php, ...services.map((name) => name.replace(/\.service$/, ''))];
  return all.length === 0 ? [] : [`Started anew: ${all.join(', ')}.`];
}

function checkedOf({ asked, silent, drifted }: Checked): string {
  const answer = `MariaDB answers${asked === 0 ? '' : ` and ${asked} of sites, databases and tenants were looked at`}`;
  const wrong = [
    ...(silent.length === 0 ? [] : [`no answer from ${some(silent)}`]),
    ...(drifted.length === 0 ? [] : [`not as asked for: ${some(drifted)}`]),
  ];
  return `${answer}${asked === 0 ? '' : `: ${wrong.length === 0 ? 'all is well' : wrong.join('; ')}`}.`;
}

function rebootOf({ reboot }: UpdateReport): string {
  if (reboot === null) return 'The server need not be started anew.';
  return `The server has to be started anew${reboot.length === 0 ? '' : ` for ${some(reboot)}`}.`;
}

function some(names: readonly string[]): string {
  const left = names.length - NAMES;
  return `${names.slice(0, NAMES).join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}
