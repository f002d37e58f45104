/** One pass of each sweep over a table that holds the whole fleet, every session healthy. */
import { reap } from '../../core/reaping/reap.ts';
import { reconcile } from '../../core/reconciliation/reconcile.ts';
import type { Item, Value } from '../../core/store.ts';
import type { Day } from './day.ts';
import type { Ledger } from './ledger.ts';
import { type Cloud, countingCloud } from './ports.ts';

export type Sweeps = {
  /** Counts of one pass of both. */
  readonly ledger: Ledger;
  /** Items of the table: memory bounds the size of a fleet. */
  readonly items: number;
  /** Calls of one pass, by sweep: as many round trips if they come one after the other. */
  readonly calls: { readonly reaper: number; readonly reconciler: number };
};

/** Every session of the fleet is a copy of one that the day left running, with its own ids, names and slots. */
export const measureSweeps = async (day: Day, sessions: number): Promise<Sweeps> => {
  const cloud = countingCloud({ ...day.cloud.settings });
  cloud.now = day.cloud.now;
  fill(cloud, day.cloud, sessions);
  cloud.ledger.reset();
  const callsOf = async (run: () => Promise<unknown>): Promise<number> => {
    const before = callCount(cloud.ledger);
    await run();
    return callCount(cloud.ledger) - before;
  };
  const reaper = await callsOf(() => reap(cloud.deps));
  const reconciler = await callsOf(() => reconcile(cloud.deps));
  const items = cloud.table.items().reduce((count) => count + 1, 0);
  return { ledger: cloud.ledger, items, calls: { reaper, reconciler } };
};

const callCount = (ledger: Ledger): number =>
  [...ledger.totals].reduce((sum, [name, count]) => sum + (/^(DynamoDB|ECS) /.test(name) ? count : 0), 0);

/** Of a session, hundreds of items a day that no sweep reads: with them, a large fleet does not fit into memory. */
const HISTORY = /^(EVENT|DELIVERY|IDEMPOTENCY)#/;

const fill = (cloud: Cloud, from: Cloud, sessions: number): void => {
  const items = [...from.table.items()];
  const template = items.find(
    (item) =>
      String(item.pk).startsWith('SESSION#') && item.slotShard !== undefined && item.status === 'WORKING',
  );
  if (!template) throw new Error('no session of the day runs');
  const names = [String(template.sessionId), String(template.listName), String(template.listUser)] as const;
  const own = items.filter(
    (item) =>
      !HISTORY.test(String(item.pk)) &&
      [item.pk, item.sk].some((text) => names.slice(0, 2).some((name) => String(text).includes(name))),
  );
  const quota = items.find((item) => item.pk === `USER#${names[2]}`);
  const shards = items.filter((item) => item.pk === 'GLOBAL' && String(item.sk).startsWith('SHARD#'));
  for (const item of items)
    if (item.pk === 'GLOBAL' && !String(item.sk).startsWith('SHARD#')) put(cloud, item);

  for (let n = 0; n < sessions; n++) {
    const copied = [
      `ses_copy${String(n).padStart(22, '0')}`,
      `copy-${String(n).padStart(5, '0')}`,
      `user-c${Math.floor(n / 5)}`,
    ] as const;
    const shard = n % shards.length;
    const rename = (text: string): string =>
      names.reduce((renamed, name, i) => renamed.replaceAll(name, copied[i] ?? ''), text);
    const taskArn = `arn:aws:ecs:us-east-1:123456789012:task/berth-prod/c${String(n).padStart(31, '0')}`;
    for (const item of own) {
      const text = rename(JSON.stringify(item)).replaceAll(/arn:aws:ecs:[\w:/-]+/g, taskArn);
      const copy = { ...(JSON.parse(text) as Record<string, Value>) };
      if (String(copy.pk).startsWith('SLOT#')) copy.pk = `SLOT#${shard}`;
      if (copy.slotShard !== undefined) copy.slotShard = shard;
      if (copy.lastHeartbeatAt !== undefined) {
        copy.lastHeartbeatAt = cloud.now;
        copy.nextDeadlineAt = cloud.now + cloud.settings.heartbeatTimeoutSeconds * 1000;
        copy.dueBucket = `DUE#${n % 4}`;
      }
      put(cloud, copy);
    }
    if (quota && n % 5 === 0)
      put(cloud, {
        ...(JSON.parse(rename(JSON.stringify(quota))) as Item),
        active: Math.min(5, sessions - n),
      });
    cloud.tasks.set(taskArn, {
      taskArn,
      sessionId: copied[0],
      epoch: Number(template.epoch),
      createdAt: cloud.now - 3_600_000,
      stopped: false,
    });
  }
  for (const [i, shard] of shards.entries())
    put(cloud, { ...shard, active: Math.floor((sessions + shards.length - 1 - i) / shards.length) });
};

const put = (cloud: Cloud, item: Item): void => {
  cloud.table.write({ kind: 'put', key: { pk: String(item.pk), sk: String(item.sk) }, item });
};
