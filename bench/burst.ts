/**
 * 55 creates at once in a new local system whose limit is 50: what is answered and how soon, when all QR codes are
 * there, and what memory the main process takes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../client/errors.ts';
import { createClient } from '../client/index.ts';
import { percentile } from '../test/soak/ledger.ts';
import { memoryOf, usageOf } from '../test/soak/processes.ts';
import { startSoakSystem } from '../test/soak/system.ts';
import { heading, printTable } from './support/table.ts';

const CREATES = 55;
const LIMIT = 50;
const CODES_LIMIT_MS = 180_000;
/** The sweeps that a start catches up have ended by then. */
const REST_MS = 20_000;

export const burst = async (): Promise<void> => {
  heading(`${CREATES} creates at once, limit ${LIMIT}`);
  const system = await startSoakSystem('--no-throttle');
  try {
    await system.berth.limits.set({ global: LIMIT, userDefault: LIMIT });
    await sleep(REST_MS);
    const atRest = await usageOf(system.pid);
    // One attempt each: what is measured is the first answer.
    const berth = createClient({ baseUrl: system.url, apiKey: system.key, retries: 0 });
    const begun = performance.now();
    const since = () => performance.now() - begun;
    let peak = atRest.main;
    const over = new AbortController();
    const watching = (async () => {
      while (!over.signal.aborted) {
        // The main process alone: to add up the memory of two hundred processes would cost the burst half a core.
        peak = Math.max(peak, await memoryOf(system.pid));
        await sleep(500);
      }
    })();

    const answers = await Promise.all(
      Array.from({ length: CREATES }, async (_, n) => {
        const answer = await berth.sessions.create({ name: `burst-${n}` }).then(
          () => '201',
          (error: unknown) => (error instanceof ApiError ? String(error.status) : 'none'),
        );
        return { answer, ms: since() };
      }),
    );
    let codes = 0;
    let allAt: number | undefined;
    while (allAt === undefined && since() < CODES_LIMIT_MS) {
      codes = 0;
      for await (const { status } of system.berth.sessions.list({ pageSize: 100 }))
        codes += status === 'SCAN_QR_CODE' ? 1 : 0;
      if (codes >= LIMIT) allAt = since();
      else await sleep(200);
    }
    over.abort();
    await watching;
    const settled = await usageOf(system.pid);
    const counts = [...new Set(answers.map(({ answer }) => answer))]
      .sort()
      .map((answer) => `${answers.filter((each) => each.answer === answer).length} × ${answer}`);
    const times = answers.map(({ ms }) => ms);
    const megabytes = (bytes: number) => `${(bytes / 1_000_000).toFixed(0)} MB`;
    printTable(
      ['', 'measured', 'goal'],
      [
        ['answers', counts.join(', '), `${LIMIT} × 201, ${CREATES - LIMIT} × 429`],
        ['median answer', `${((percentile(times, 0.5) ?? 0) / 1000).toFixed(1)} s`, ''],
        ['slowest answer', `${(Math.max(...times) / 1000).toFixed(1)} s`, '3 s'],
        ['codes', `${codes} of ${LIMIT}`, `${LIMIT}`],
        ['last code', allAt === undefined ? 'never' : `${(allAt / 1000).toFixed(1)} s`, '25 s'],
        ['main process with no session', megabytes(atRest.main), '250 MB'],
        ['main process at its peak', megabytes(peak), ''],
        ['main process with all sessions', megabytes(settled.main), '600 MB'],
        [
          'a session, worker and browser',
          megabytes((settled.all - settled.main) / Math.max(1, codes)),
          '200 MB',
        ],
      ],
    );
  } finally {
    await system.stop();
  }
};
