/** One user's list alone, and beside 45 simultaneous long polls of another user's key. */
import { createClient } from '../client/index.ts';
import { sleep } from '../contract/poll.ts';
import { percentile } from '../test/soak/ledger.ts';
import { startSoakSystem } from '../test/soak/system.ts';
import { heading, printTable } from './support/table.ts';

const POLLS = 45;
const LISTS = 40;
const WAIT_SECONDS = 20;

export const openPolls = async (): Promise<void> => {
  heading(`One user's list beside ${POLLS} open long polls of another user's key`);
  const system = await startSoakSystem();
  try {
    const keyOf = async (userId: string) => (await system.berth.keys.create({ userId })).key;
    const [ann, ben] = [await keyOf('ann'), await keyOf('ben')];
    const lister = createClient({ baseUrl: system.url, apiKey: ben });
    const lists = async (): Promise<number[]> => {
      const times: number[] = [];
      for (let n = 0; n < LISTS; n++) {
        const begun = performance.now();
        await Array.fromAsync(lister.sessions.list());
        times.push(performance.now() - begun);
      }
      return times;
    };
    // Functions are loaded.
    await lists();
    const alone = await lists();
    const polls = await keepPolling(`${system.url}/api/events?wait=${WAIT_SECONDS}`, ann);
    const beside = await lists();
    const { refused, waiting } = await polls.end();
    const p50 = (times: readonly number[]) => percentile(times, 0.5) ?? Number.NaN;
    const row = (name: string, times: readonly number[], toAlone: number) => [
      name,
      p50(times),
      Math.max(...times),
      toAlone,
    ];
    printTable(
      ['', 'p50 ms', 'slowest ms', 'p50 to alone'],
      [
        row('alone', alone, 1),
        row(
          `beside ${POLLS} polls (${waiting} waited, ${refused} were refused)`,
          beside,
          p50(beside) / p50(alone),
        ),
      ],
    );
  } finally {
    await system.stop();
  }
};

/** Returns once all polls were sent; `end` says how many waited and how many were refused. */
const keepPolling = async (url: string, key: string) => {
  const over = new AbortController();
  const ask = (): Promise<number> =>
    fetch(url, {
      headers: { 'x-api-key': key, accept: 'application/json' },
      signal: over.signal,
    }).then(
      (response) => response.status,
      () => 0,
    );
  let refused = 0;
  const polls = Array.from({ length: POLLS }, ask);
  for (const poll of polls)
    void poll.then((status) => {
      if (status === 429) refused += 1;
    });
  // All were sent by then; refusals may still be on their way.
  await sleep(1_500);
  return {
    end: async () => {
      over.abort();
      await Promise.all(polls);
      return { refused, waiting: POLLS - refused };
    },
  };
};
