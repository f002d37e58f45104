import { once } from 'node:events';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';

const THREADS = 4;
const MIB = 1024 * 1024;

/** Reports how many of its collections left garbage of a MiB behind. */
const COLLECTING = `
  const { parentPort } = require('node:worker_threads');
  const work = async () => {
    const { collectGarbage } = await import('${pathToFileURL(resolve('core/garbage.ts')).href}');
    let left = 0;
    for (let round = 0; round < 50; round++) {
      const garbage = (() => new WeakRef(new ArrayBuffer(${MIB})))();
      // A weak reference holds its object until the end of the job that made it.
      await new Promise(setImmediate);
      await collectGarbage();
      if (garbage.deref() !== undefined) left += 1;
    }
    parentPort.postMessage(left);
  };
  void work();`;

it('threads of one process collect at the same time, each its own garbage', async () => {
  const threads = Array.from({ length: THREADS }, () => new Worker(COLLECTING, { eval: true }));
  // An error in a thread rejects this.
  const left = await Promise.all(threads.map((thread) => once(thread, 'message')));
  expect(left.flat()).toEqual(Array.from({ length: THREADS }, () => 0));
  await Promise.all(threads.map((thread) => thread.terminate()));
});
