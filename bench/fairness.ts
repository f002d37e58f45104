/** Measures one user's share of common resources, and the service of another user beside it. */
import { percentile } from '../test/soak/ledger.ts';
import { measureFairness } from '../test/webhooks/fairness.ts';
import { openPolls } from './open-polls.ts';
import { heading, printTable } from './support/table.ts';

const EVENTS = 40;
const ENDLESS = 10;

export const fairness = async (): Promise<void> => {
  await openPolls();
  heading(`One user's webhook beside ${ENDLESS} endpoints of another user that never answer`);
  const alone = await measureFairness({ endless: 0, events: EVENTS });
  const beside = await measureFairness({ endless: ENDLESS, events: EVENTS });
  const p50 = (times: readonly number[]) => percentile(times, 0.5) ?? 0;
  printTable(
    ['', 'p50 ms', 'slowest ms', 'p50 to alone'],
    [
      ['alone', p50(alone.times), Math.max(...alone.times), 1],
      [
        `beside ${ENDLESS} endless endpoints`,
        p50(beside.times),
        Math.max(...beside.times),
        p50(beside.times) / p50(alone.times),
      ],
    ],
  );
};
