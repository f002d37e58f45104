/** A bounded form for every test run; `npm run contend` gives the long one. */
const LONG = process.env.BERTH_CONTEND === 'long';

export const PROCESSES = LONG ? 8 : 3;
/** Calls in flight in each; more would measure how one machine's cores are shared, not how slots are. */
export const AT_ONCE = 16;
/** Killed of them. */
export const KILLED = LONG ? 3 : 1;

export const ONE_COUNTER = {
  limit: 50,
  userLimit: 5,
  users: 25,
  contendersPerUser: LONG ? 40 : 20,
};

export const SHARDED = {
  limit: 240,
  /** One after the other while slots are taken and given back; with fewer shards needed, and again with more. */
  changes: LONG ? [210, 180, 240, 150, 240] : [210, 150, 240],
  userLimit: 16,
  users: 30,
  contendersPerUser: LONG ? 20 : 10,
  refillersPerUser: LONG ? 20 : 3,
  /** Of the slots taken, before others take slots and give them back, while limits change and processes die. */
  givenBack: 60,
  churnersPerUser: LONG ? 8 : 2,
  rounds: LONG ? 12 : 2,
};

export const REPEATS = LONG ? 10 : 1;
export const PATIENCE_MS = LONG ? 900_000 : 300_000;
