import type { Level, Operation } from 'dynalite/db/index.js';

/**
 * Group commit: operations that arrive while a batch is written are written together in the next batch. Crossing into
 * LevelDB costs more than writing does, so this more than doubles writes a second under load, and costs a lone write
 * nothing. Each caller's operations stay atomic, since the batch around them is; if it fails, all callers in it
 * receive the error.
 */
export const groupCommits = (db: Level): Level['batch'] => {
  const write = db.batch.bind(db);
  let waiting: { operations: readonly Operation[]; resolve: () => void; reject: (error: unknown) => void }[] =
    [];
  let writing = false;

  const drain = async (): Promise<void> => {
    writing = true;
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        await write(group.flatMap((commit) => commit.operations));
        for (const commit of group) commit.resolve();
      } catch (error) {
        for (const commit of group) commit.reject(error);
      }
    }
    writing = false;
  };

  return (operations) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiting.push({ operations, resolve, reject });
    if (!writing) void drain();
    return promise;
  };
};
