import { expect, test } from 'vitest';
import { ItemLocks } from '../../../local/engines/dynamodb/locks.ts';

test('a transaction waits for the writers before it and turns away those after it', async () => {
  const locks = new ItemLocks();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = locks.write('item', async () => {
    await gate.promise;
    order.push('first writer');
  });
  const second = locks.write('item', async () => void order.push('second writer'));
  expect(locks.conflicts(['item'])).toEqual([false]);
  expect(locks.busy(['item', 'other'])).toEqual([true, false]);
  const transaction = locks.transact(['other', 'item'], async () => void order.push('transaction'));
  expect(locks.conflicts(['item', 'other', 'third'])).toEqual([true, true, false]);
  await expect(locks.write('item', async () => void order.push('late writer'))).rejects.toThrow('ongoing');
  gate.resolve();
  await Promise.all([first, second, transaction]);
  expect(order).toEqual(['first writer', 'second writer', 'transaction']);
});

test('a failed write releases the item', async () => {
  const locks = new ItemLocks();
  const fail = async (): Promise<void> => {
    throw new Error('failed');
  };
  await expect(locks.write('item', fail)).rejects.toThrow('failed');
  await expect(locks.transact(['item'], fail)).rejects.toThrow('failed');
  expect(locks.busy(['item'])).toEqual([false]);
  expect(await locks.write('item', async () => 'written')).toBe('written');
});
