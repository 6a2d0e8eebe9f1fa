import { resourceStatus } from '../../../state/resource-status.ts';
import type { Standing } from '../../../state/resource-status.ts';

const rows: [string, Standing['state'], number | null, boolean, number][] = [
  ['pending', null, null, false, 1],
  ['live', 'live', 1, false, 1],
  ['pending', 'live', 1, false, 2],
  ['failed', 'failed', 2, false, 2],
  ['pending', 'failed', 2, false, 3],
  ['live', 'live', 3, false, 2],
  ['deleting', 'live', 1, true, 2],
  ['deleting', null, null, true, 2],
  ['deleting', 'failed', 1, true, 2],
  ['failed', 'failed', 2, true, 2],
  ['deleted', 'deleted', 2, true, 2],
  ['deleted', 'deleted', 1, false, 2],
];

test.each(rows)(
  'is %s where the worker says %s of version %s, removal asked for: %s, in version %i',
  (...row) => {
    const [status, state, stateGeneration, deleted, generation] = row;
    expect(resourceStatus({ state, stateGeneration, deleted, generation })).toBe(status);
  },
);
