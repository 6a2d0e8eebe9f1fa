import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import type { SiteEntry } from '../system/registry.ts';
import { warning, wrong, type Found } from './finding.ts';
import { linesOf, type Server } from './server.ts';
import { askAgain, withPhp, withRelay, type Standing } from './standing.ts';

const WANTS = '/etc/systemd/system/sockets.target.wants';
const SITE = /^sculptor-(?:php(?:-pool)?(?:-next)?|relay)@[a-z0-9]+\.(?:socket|service)$/;

/** The sites' sockets, instances of two templates: there, wanted at boot, and no other. */
export async function sitesUnits(server: Server): Promise<readonly Found[]> {
  const { entries } = await server.registry();
  const listed = await server.run('/usr/bin/systemctl', [
    'list-units',
    '--all',
    '--plain',
    '--no-legend',
    '--no-pager',
    'sculptor-php*',
    'sculptor-relay@*',
  ]);
  const states = new Map(
    linesOf(listed).map((line) => [line.split(/\s+/)[0] ?? '', line.split(/\s+/)[2] ?? '']),
  );
  const wanted = readdirSync(WANTS).filter((name) => SITE.test(name));
  return [
    ...socketsOf(entries).flatMap(([site, socket]) => {
      const found: Found[] = [];
      if (states.get(socket) !== 'active')
        found.push(
          wrong(
            `${socket} of ${site.name} is ${states.get(socket) ?? 'not there'} and should be active.`,
            askAgain(site),
          ),
        );
      if (!leadsToTemplate(socket))
        found.push(wrong(`${socket} of ${site.name} is not wanted at boot.`, askAgain(site)));
      return found;
    }),
    ...strays(entries, [
      ...wanted,
      ...[...states].flatMap(([unit, state]) => (state === 'active' ? [unit] : [])),
    ]),
    ...[...states].flatMap(([unit, state]) => (state === 'failed' ? [failed(unit)] : [])),
  ];
}

function socketsOf(entries: readonly SiteEntry[]): readonly (readonly [Standing, string])[] {
  return [
    ...withPhp(entries).map((site) => [site, phpSocket(site)] as const),
    ...withRelay(entries).map((site) => [site, `sculptor-relay@${site.id}.socket`] as const),
  ];
}

function phpSocket({ id, isolation }: SiteEntry): string {
  return `sculptor-php${isolation === 'pool' ? '-pool' : ''}@${id}.socket`;
}

function leadsToTemplate(socket: string): boolean {
  const path = `${WANTS}/${socket}`;
  const template = `/etc/systemd/system/${socket.replace(/@.*\./, '@.')}`;
  return (
    lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true && readlinkSync(path) === template
  );
}

function strays(entries: readonly SiteEntry[], there: readonly string[]): readonly Found[] {
  const known = new Set(
    socketsOf(entries).flatMap(([, socket]) => [socket, socket.replace(/socket$/, 'service')]),
  );
  return [...new Set(there)]
    .filter((unit) => SITE.test(unit) && !known.has(unit))
    .map((unit) =>
      wrong(`${unit} belongs to no site that has it on.`, `Run systemctl disable --now ${unit}.`),
    );
}

function failed(unit: string): Found {
  return warning(`${unit} has failed.`, `Run journalctl -u ${unit}, then systemctl reset-failed ${unit}.`);
}
