import { inTurn } from '../../../worker-privileged/executor/in-turn.ts';

function acts() {
  const did: string[] = [];
  const act =
    (name: string, undone: () => Promise<void> = () => Promise.resolve()) =>
    () => {
      did.push(name);
      return Promise.resolve(async () => {
        did.push(`no ${name}`);
        await undone();
      });
    };
  return { did, act };
}

const full = () => Promise.reject(new Error('the disk is full'));

test('where one fails, what was done before it is undone, the last first', async () => {
  const { did, act } = acts();
  await expect(inTurn([act('one'), act('two'), full])).rejects.toThrow('the disk is full');
  expect(did).toEqual(['one', 'two', 'no two', 'no one']);
});

test('an undo that fails keeps none before it from being undone, and is told', async () => {
  const { did, act } = acts();
  const undo = await inTurn([act('folder'), act('entry', full)]);
  await expect(undo()).rejects.toThrow('the disk is full');
  expect(did).toEqual(['folder', 'entry', 'no entry', 'no folder']);
});
