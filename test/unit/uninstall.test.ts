import { readdirSync, readFileSync } from 'node:fs';

/** The sites go on without the agent, and these are theirs. */
const OF_SITES = /^sculptor-(?:php|php-pool|relay|run)@\.(?:service|socket)$|^sculptor-supervisor\.service$/;

test('every unit that is installed and is not the sites’ goes when the agent is uninstalled', () => {
  const script = readFileSync('scripts/uninstall.sh', 'utf8');
  const units = readdirSync('systemd/units').filter((name) => !OF_SITES.test(name));
  expect(units.length).toBeGreaterThan(15);
  expect(
    units.filter((name) => !new RegExp(`[ /]${name.replaceAll('.', '\\.')}[ "';]`).test(script)),
  ).toEqual([]);
});
