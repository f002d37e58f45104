import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { changeLimits } from '../../../core/admission/limits.ts';
import { readCapacity } from '../../../core/admission/read-capacity.ts';
import { release } from '../../../core/lifecycle/release.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import { type DynamoDb, startDynamoDb } from '../../../local/engines/dynamodb/index.ts';
import { temporaryFolder } from '../../contract/dynamodb/folder.ts';
import { createBerthTable, databaseClient } from '../../helpers/berth-table.ts';
import { expectNothingOverOrLeaked, takeCensus } from './census.ts';
import { type Contest, startContest } from './contenders.ts';
import { type AdmissionDeps, depsOver } from './deps.ts';
import type { Job, Line } from './job.ts';
import { AT_ONCE, KILLED, ONE_COUNTER, PATIENCE_MS, PROCESSES, REPEATS, SHARDED } from './sizes.ts';
import { watch } from './watch.ts';

const TABLE = 'berth';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let database: DynamoDb;
let client: ReturnType<typeof databaseClient>;
let deps: AdmissionDeps;
let contest: Contest | undefined;
let watched: ReturnType<typeof watch> | undefined;

beforeEach(async () => {
  folder = await temporaryFolder();
  database = await startDynamoDb({ dir: folder.path });
  client = databaseClient(database.url);
  deps = depsOver(client, TABLE);
  await createBerthTable(client, TABLE);
});
afterEach(async () => {
  contest?.kill(PROCESSES);
  await contest?.ended();
  await watched?.stop();
  contest = undefined;
  watched = undefined;
  client.destroy();
  await database.close();
  await folder.remove();
});

type Contender = Job['contenders'][number];

/** Every user has as many contenders in each process as in any other, so that a killed process never takes all contenders of a user. */
const contendersOf = (prefix: string, users: number, each: number): Contender[] =>
  Array.from({ length: users * each }, (_, i) => ({
    userId: `user-${i % users}`,
    name: `${prefix}-${Math.floor(i / users)}`,
  }));

const contend = async (
  contenders: readonly Contender[],
  how: Pick<Job, 'rounds' | 'giveBack'> = { rounds: 1, giveBack: false },
): Promise<Contest> => {
  contest = await startContest(
    Array.from({ length: PROCESSES }, (_, process) => ({
      url: database.url,
      table: TABLE,
      atOnce: AT_ONCE,
      contenders: contenders.filter((_, i) => i % PROCESSES === process),
      ...how,
    })),
  );
  return contest;
};

const of = <K extends Line['kind']>(lines: readonly Line[], kind: K) =>
  lines.filter((line): line is Extract<Line, { kind: K }> => line.kind === kind);

/** Two at once for each slot, like a worker's final report and the event that its task stopped: one of them counts. */
const releaseAllTwice = async (holders: readonly Session[]): Promise<void> => {
  for (const holder of holders) {
    const outcomes = await Promise.all([release(deps, holder, 'user'), release(deps, holder, 'crashed')]);
    expect(outcomes.filter(({ ended }) => ended)).toHaveLength(1);
  }
};

describe.each(Array.from({ length: REPEATS }, (_, n) => n))('contention, run %i', () => {
  test(
    'many more contenders than slots, some killed in the middle: exactly the limit is admitted',
    async () => {
      const { limit, userLimit, users, contendersPerUser } = ONE_COUNTER;
      await changeLimits(deps, { global: limit, userDefault: userLimit });
      const contenders = contendersOf('one', users, contendersPerUser);

      const { lines, reached, kill, ended } = await contend(contenders);
      await reached(limit / 5, 'admitted');
      kill(KILLED);
      await ended();

      expect(of(lines, 'failed')).toEqual([]);
      const census = await takeCensus(deps, contenders);
      expectNothingOverOrLeaked(census, userLimit);
      // No slot was released and counts only grew, so one slot left over would mean a refusal without a reason.
      expect(census.holders).toHaveLength(limit);
      for (const { scope, active, userId, ...refused } of of(lines, 'refused')) {
        const most = scope === 'user' ? userLimit : limit;
        expect({ limit: refused.limit, active }).toEqual({ limit: most, active: most });
        if (scope === 'user') expect(census.users.get(userId)).toBe(userLimit);
      }
      // A caller that received a slot holds it. A killed caller may hold one without having received the answer.
      const answered = of(lines, 'admitted').map(({ userId, name }) => `${userId} ${name}`);
      expect(census.slots.map(({ userId, name }) => `${userId} ${name}`)).toEqual(
        expect.arrayContaining(answered),
      );
      expect(of(lines, 'refused').length).toBeGreaterThan(limit);

      await releaseAllTwice(census.holders);
      const after = await takeCensus(deps, contenders);
      expectNothingOverOrLeaked(after, userLimit);
      expect(after.holders).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    'eight shards: slots given back, limits moved and processes killed at once leave every count right',
    async () => {
      const {
        limit,
        changes,
        userLimit,
        users,
        contendersPerUser,
        refillersPerUser,
        givenBack,
        churnersPerUser,
        rounds,
      } = SHARDED;
      await changeLimits(deps, { global: limit, userDefault: userLimit });
      expect((await readCapacity(deps))?.shards).toHaveLength(8);
      const first = contendersOf('first', users, contendersPerUser);
      const churners = contendersOf('churn', users, churnersPerUser);
      const last = contendersOf('last', users, refillersPerUser);
      const everyone = [...first, ...churners, ...last];
      watched = watch(
        deps,
        everyone.map(({ userId }) => userId),
        { highest: limit, userLimit },
      );

      const filling = await contend(first);
      await filling.ended();
      expect(of(filling.lines, 'failed')).toEqual([]);
      const full = await takeCensus(deps, everyone);
      expectNothingOverOrLeaked(full, userLimit);
      expect(full.holders).toHaveLength(limit);
      await releaseAllTwice(full.holders.slice(0, givenBack));

      const churn = await contend(churners, { rounds, giveBack: true });
      // Each takes effect while admissions continue, although slots are refused as long as more are held than the limit.
      for (const [turn, global] of changes.entries()) {
        const asked = Math.floor((churners.length * rounds * turn) / (2 * changes.length));
        await churn.reached(asked, 'released', 'refused');
        await watched.changing(() => changeLimits(deps, { global }));
        if (turn === 1) churn.kill(KILLED);
      }
      await churn.ended();
      expect(of(churn.lines, 'failed')).toEqual([]);
      expect(of(churn.lines, 'released').every((line) => line.first)).toBe(true);
      expectNothingOverOrLeaked(await takeCensus(deps, everyone), userLimit);

      const refilling = await contend(last);
      await refilling.ended();
      const seen = await watched.stop();
      expect(seen.violations).toEqual([]);
      expect(seen.looks).toBeGreaterThan(0);
      expect(of(refilling.lines, 'failed')).toEqual([]);
      const census = await takeCensus(deps, everyone);
      expectNothingOverOrLeaked(census, userLimit);
      expect(census.holders).toHaveLength(limit);
    },
    PATIENCE_MS,
  );
});
