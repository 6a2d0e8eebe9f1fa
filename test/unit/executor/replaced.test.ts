import { createReplaced, staleIn } from '../../../worker-privileged/executor/system/replaced.ts';

const UNITS = [
  'mariadb.service',
  'sculptor-executor.service',
  'sculptor-api.service',
  'sculptor-php@d00000000001.service',
  'sculptor-php-pool@d00000000002.service',
  'sculptor-php-next@d00000000003.service',
  'sculptor-php@../../x.service',
  '',
].join('\n');

function build(mode: 'systemd' | 'supervisor') {
  const started: string[] = [];
  const run = ({ args }: { readonly args: readonly string[] }) =>
    Promise.resolve('').finally(() => started.push(args.join(' ')));
  const files = { read: () => Promise.resolve(UNITS) };
  return { started, replaced: createReplaced({ commands: { run }, files, mode }) };
}

test('sites are named by their masters, and of services the agent’s own alone', () => {
  expect(staleIn(UNITS)).toEqual({
    sites: ['d00000000001', 'd00000000002'],
    services: ['sculptor-api.service', 'sculptor-executor.service'],
  });
});

test('a unit of its own looks, and what is started anew is not waited for', async () => {
  const { replaced, started } = build('systemd');
  await replaced.restart((await replaced.look()).services);
  expect(started).toEqual([
    '--no-ask-password start -- sculptor-replaced.service',
    '--no-ask-password try-restart --no-block -- sculptor-api.service sculptor-executor.service',
  ]);
});

test('where nothing is a unit nothing is looked at', async () => {
  const { replaced, started } = build('supervisor');
  expect(await replaced.look()).toEqual({ sites: [], services: [] });
  await replaced.restart([]);
  expect(started).toEqual([]);
});
