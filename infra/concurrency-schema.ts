/**
 * How many functions run at once, and how many of those executions belong to one function alone. Lambda counts them for
 * an account and region. Without reservations, callers who wait use up what heartbeats and sweeps need.
 */
import * as z from 'zod';

/** Lambda refuses a reservation that would leave less than this to functions without one (Lambda, reserved concurrency). */
export const LEAST_UNRESERVED = 100;

/** By handler. A reservation is a floor and a ceiling: the function never runs more often at once than this. */
const reservedSchema = z.strictObject({
  /** Runs before each request of a caller. */
  authorizer: z.int().positive().default(200),
  /** All that workers ask: heartbeats, events, auth states. */
  'worker-api': z.int().positive().default(300),
  /** A sweep may take longer than the time between two sweeps. */
  reaper: z.int().min(2).default(2),
});

export const concurrencySchema = z.strictObject({
  /** Concurrent executions of the account in this region, as Lambda's quota says. A new account has 10. */
  account: z.int().min(10).default(1000),
  /** `false`: nothing is reserved. An account with a small quota can't reserve anything. */
  reserved: z.union([z.literal(false), reservedSchema]).prefault({}),
  /** Deliveries to webhooks at once. One takes up to 30 s if the endpoint does not answer. */
  deliveries: z.int().min(2).max(1000).default(100),
  /** Topics of live events that are served at once. One pass takes 25 s at most. */
  live: z.int().min(2).max(1000).default(10),
});
type Concurrency = z.infer<typeof concurrencySchema>;

export const reservedSum = ({ reserved }: Pick<Concurrency, 'reserved'>): number =>
  reserved ? Object.values(reserved).reduce((sum, count) => sum + count, 0) : 0;

/** Of one handler; undefined if it has no reservation. */
export const reservedFor = (
  { reserved }: Pick<Concurrency, 'reserved'>,
  handler: string,
): number | undefined => (reserved ? new Map(Object.entries(reserved)).get(handler) : undefined);

type Throttle = { readonly rateLimit: number; readonly burstLimit: number };
type Settings = {
  readonly concurrency: Concurrency;
  readonly api: Throttle & { readonly workers: Throttle };
  readonly settings: { readonly globalLimit: number; readonly heartbeatSeconds: number };
};
type Issue = { readonly path: readonly string[]; readonly message: string };

/** Calls of one session a second: its heartbeats, and as many again for events, snapshots and commands. */
export const workerCallsASecond = (sessions: number, heartbeatSeconds: number): number =>
  (2 * sessions) / heartbeatSeconds;

/** The conflicts between the throttles, the reservations and the limit on sessions. */
export const concurrencyIssues = ({ concurrency, api, settings }: Settings): Issue[] => {
  const { account, reserved, deliveries, live } = concurrency;
  const sum = reservedSum(concurrency);
  const shared = account - sum;
  const issues: Issue[] = [];
  const add = (path: readonly string[], message: string) => issues.push({ path, message });
  if (reserved && shared < LEAST_UNRESERVED)
    add(
      ['concurrency', 'reserved'],
      `reserves ${sum} of the ${account} executions in concurrency.account, and Lambda demands that ${LEAST_UNRESERVED} stay unreserved; ask AWS for more, reserve less, or set it to false`,
    );
  else if (deliveries > shared / 2)
    add(
      ['concurrency', 'deliveries'],
      `must not be above ${Math.floor(shared / 2)}, half of the executions that are not reserved, or deliveries to slow endpoints leave callers none`,
    );
  if (live > shared / 4)
    add(
      ['concurrency', 'live'],
      `must not be above ${Math.floor(shared / 4)}, a quarter of the executions that are not reserved, or followers leave callers none`,
    );
  if (reserved && reserved.authorizer < api.burstLimit)
    add(
      ['concurrency', 'reserved', 'authorizer'],
      `must not be below api.burstLimit (${api.burstLimit}), or Lambda refuses requests that the API lets through`,
    );
  if (reserved && reserved['worker-api'] < api.workers.burstLimit)
    add(
      ['concurrency', 'reserved', 'worker-api'],
      `must not be below api.workers.burstLimit (${api.workers.burstLimit}), or Lambda refuses calls of workers that the API lets through`,
    );
  const needed = Math.ceil(workerCallsASecond(settings.globalLimit, settings.heartbeatSeconds));
  if (api.workers.rateLimit < needed)
    add(
      ['api', 'workers', 'rateLimit'],
      `must not be below ${needed}, what ${settings.globalLimit} sessions with a heartbeat every ${settings.heartbeatSeconds} s ask for, or healthy sessions fall silent`,
    );
  return issues;
};
