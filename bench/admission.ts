/**
 * The cost of admission, release, rejection and a sweep: in time, as a ratio to bare conditional updates on the same
 * engine in the same run, and in DynamoDB's units.
 */
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { Problem } from '../contract/errors.ts';
import { createSession } from '../core/admission/create.ts';
import { publish } from '../core/events/outbox.ts';
import { release } from '../core/lifecycle/release.ts';
import type { Session } from '../core/lifecycle/session.ts';
import { reap } from '../core/reaping/reap.ts';
import { closedLoop, type Figures, openLoop } from './support/measure.ts';
import { runningSessions, stoppedSessions } from './support/sessions.ts';
import { type BenchSystem, openBenchSystem } from './support/system.ts';
import { heading, printTable } from './support/table.ts';

const MANY = 10_000;
/** Calls in flight. */
const CONCURRENCY = 16;
const CALLS = 400;
const WINDOW_MS = [10, 20] as const;
const RATES = [20, 40, 80];
const SECONDS = 5;

const admit = async ({ deps }: BenchSystem, n: number, prefix = 'a'): Promise<Session> => {
  const request = { userId: `user-${prefix}-${n}`, name: 'default', config: {}, start: true };
  return (await createSession(deps, request)).session;
};

/** Answers the refusal; a call that is admitted, or fails otherwise, is a defect of the bench. */
const refused = async (call: Promise<unknown>): Promise<void> => {
  try {
    await call;
  } catch (error) {
    if (error instanceof Problem && error.code === 'too_many') return;
    throw error;
  }
  throw new Error('This call was to be refused.');
};

/** The least that any counted admission costs: one conditional update of one of `shards` counters. */
const bareUpdate = ({ client, table }: BenchSystem, shards: number, n: number) =>
  client.send(
    new UpdateItemCommand({
      TableName: table,
      Key: { pk: { S: 'BARE' }, sk: { S: `COUNTER#${n % shards}` } },
      UpdateExpression: 'ADD active :one',
      ConditionExpression: 'attribute_not_exists(active) OR active < :limit',
      ExpressionAttributeValues: { ':one': { N: '1' }, ':limit': { N: '1000000' } },
    }),
  );

export const throughput = async (): Promise<void> => {
  heading(`Calls a second, ${CONCURRENCY} in flight`);
  const rows: (string | number)[][] = [];
  for (const shards of [1, 8]) {
    for (const others of [0, MANY]) {
      await using system = await openBenchSystem({ limit: 100_000, shards });
      await system.load(stoppedSessions(others, Date.now()));
      await closedLoop(50, CONCURRENCY, (n) => admit(system, n, 'warm'));

      const bare = await closedLoop(CALLS * 2, CONCURRENCY, (n) => bareUpdate(system, shards, n));
      const sessions: Session[] = [];
      const admissions = await closedLoop(CALLS, CONCURRENCY, async (n) => {
        sessions.push(await admit(system, n));
      });
      const releases = await closedLoop(CALLS, CONCURRENCY, async (n) => {
        const session = sessions[n];
        if (session) await release(system.deps, session, 'user');
      });
      const where = `${shards === 1 ? '1 counter' : `${shards} shards`}, ${others} other sessions`;
      const row = (what: string, f: Figures) => [
        where,
        what,
        f.perSecond,
        f.perSecond / bare.perSecond,
        f.p50,
        f.p99,
      ];
      rows.push(
        row('bare conditional UpdateItem', bare),
        row('admission', admissions),
        row('release', releases),
      );
    }
  }
  for (const shards of [1, 8]) {
    await using system = await openBenchSystem({ limit: 50, shards });
    await closedLoop(50, 1, (n) => admit(system, n));
    const bare = await closedLoop(CALLS * 2, CONCURRENCY, (n) => bareUpdate(system, shards, n));
    const refusals = await closedLoop(CALLS, CONCURRENCY, (n) => refused(admit(system, n, 'late')));
    const where = `${shards === 1 ? '1 counter' : `${shards} shards`}, all 50 slots taken`;
    rows.push([
      where,
      'refusal',
      refusals.perSecond,
      refusals.perSecond / bare.perSecond,
      refusals.p50,
      refusals.p99,
    ]);
  }
  printTable(['table', 'call', 'a second', 'ratio to bare', 'p50 ms', 'p99 ms'], rows);
};

export const units = async (): Promise<void> => {
  heading('Units of the table and its indexes, each');
  const rows: (string | number)[][] = [];
  const count = async (
    system: BenchSystem,
    what: string,
    times: number,
    run: (n: number) => Promise<unknown>,
  ) => {
    const { calls, read, write } = await system.units.during(async () => {
      for (let n = 0; n < times; n++) await run(n);
    });
    rows.push([what, calls / times, read / times, write / times]);
  };

  for (const shards of [1, 8]) {
    await using system = await openBenchSystem({ limit: 50, shards });
    const suffix = shards === 1 ? ', 1 counter' : `, ${shards} shards`;
    const sessions: Session[] = [];
    await count(system, `admission of a new session, with its event${suffix}`, 50, async (n) => {
      const session = await admit(system, n);
      await publish(system.deps, session);
      sessions.push(session);
    });
    await count(system, `refusal by the global limit${suffix}`, 20, (n) => refused(admit(system, n, 'late')));
    await count(system, `release, with its event${suffix}`, 50, async (n) => {
      const session = sessions[n];
      if (session) await release(system.deps, session, 'user');
    });
  }
  {
    await using system = await openBenchSystem({ limit: 50, shards: 1 });
    const limited = (name: string) =>
      createSession(system.deps, { userId: 'limited', name, config: {}, start: true });
    await system.load([
      {
        pk: 'USER#limited',
        sk: 'QUOTA',
        listUser: '#quotas',
        listName: 'limited',
        active: 0,
        limit: 5,
        version: 0,
      },
    ]);
    for (let n = 0; n < 5; n++) await limited(`s${n}`);
    await count(system, "refusal by a user's limit of 5", 20, (n) => refused(limited(`late-${n}`)));
  }
  for (const due of [0, 100]) {
    await using system = await openBenchSystem({ limit: MANY, shards: 1 });
    await system.load(runningSessions(MANY, due, system.deps.settings, Date.now()));
    await count(system, `sweep, ${due} due of ${MANY}`, 1, () => reap(system.deps));
  }
  printTable(['', 'calls', 'read units', 'write units'], rows);
};

export const window = async (): Promise<void> => {
  heading(`Admissions offered at a rate, items held ${WINDOW_MS.join('–')} ms by each transaction`);
  const rows: (string | number)[][] = [];
  for (const shards of [1, 8]) {
    for (const rate of RATES) {
      await using system = await openBenchSystem({ limit: 100_000, shards, window: WINDOW_MS });
      const f = await openLoop(rate, SECONDS, (n) => admit(system, n));
      rows.push([shards === 1 ? '1 counter' : `${shards} shards`, rate, f.perSecond, f.p50, f.p99, f.failed]);
    }
  }
  printTable(['', 'offered a second', 'admitted a second', 'p50 ms', 'p99 ms', 'answered 503'], rows);
};
