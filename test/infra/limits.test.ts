/** docs/limits.md says the numbers that follow from what is configured. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { costOf } from '../../cli/cost/model.ts';
import { totalOf } from '../../cli/cost/parts.ts';
import { DUE_BUCKETS } from '../../core/items.ts';
import { reservedSum, workerCallsASecond } from '../../infra/concurrency-schema.ts';
import { ROUTES_AT_ONCE } from '../../infra/constructs/pace-routes.ts';
import { environmentOf } from '../../infra/environments.ts';
import { FUNCTIONS } from '../../infra/functions.ts';
import { taskAddresses } from '../../infra/network-schema.ts';
import { root } from './synthesized.ts';

const PAGE = readFileSync(join(root, 'docs', 'limits.md'), 'utf8');
const { settings, task, api, network, concurrency } = environmentOf('prod');

/** AWS's default quotas, and what DynamoDB writes a second in one partition. */
const VCPUS_OF_A_NEW_ACCOUNT = 6;
const NETWORK_INTERFACES = 5_000;
const PARTITION_WRITES = 1_000;
/** The attributes of a session in a list, 1 to 2 KiB, at each report of activity. */
const USER_INDEX_WRITES = 2;
/** Of one heartbeat of three: taken out of `due` and put in again. */
const DUE_INDEX_WRITES = 2;
const HEARTBEATS_AN_ENTRY = 3;

const sessionsAt = (writes: number, seconds: number): number =>
  Math.floor((PARTITION_WRITES * seconds) / writes);

it('has the rows in the order in which they are met, each with its number', () => {
  const rows = [...PAGE.matchAll(/^\| ([\d,]+) \| (.+?) \|/gm)].map(([, count = '']) =>
    Number(count.replaceAll(',', '')),
  );
  expect(rows).toEqual([
    Math.floor((VCPUS_OF_A_NEW_ACCOUNT * 1024) / task.cpu),
    NETWORK_INTERFACES,
    taskAddresses(network),
    Math.floor(api.workers.rateLimit / workerCallsASecond(1, settings.heartbeatSeconds)),
    sessionsAt(USER_INDEX_WRITES, settings.activitySeconds),
    DUE_BUCKETS.length * sessionsAt(DUE_INDEX_WRITES, HEARTBEATS_AN_ENTRY * settings.heartbeatSeconds),
  ]);
  expect(rows).toEqual(rows.toSorted((a, b) => a - b));
});

it('says the settings that the numbers follow from', () => {
  expect(PAGE).toContain(`${api.workers.rateLimit} requests a second`);
  expect(PAGE).toContain(`every ${settings.heartbeatSeconds} s`);
  expect(PAGE).toContain(`${api.rateLimit} requests a second and ${api.burstLimit} at once`);
  const { reserved, deliveries, account } = concurrency;
  if (reserved === false) throw new Error('prod reserves nothing');
  expect(PAGE).toContain(`Lambda runs ${account.toLocaleString('en-US')} at once`);
  expect(PAGE).toContain(`prod reserves ${reservedSum(concurrency)} of them: ${reserved['worker-api']} for`);
  expect(PAGE).toContain(`${reserved.authorizer} for the authorizer, ${reserved.reaper} for the reaper`);
  expect(PAGE).toContain(`Deliveries to webhooks take ${deliveries} at most`);
  expect(PAGE).toContain(`A user may have ${settings.openWaitsPerUser} at`);
  expect(PAGE).toContain(`${DUE_BUCKETS.length} partitions`);
  expect(PAGE).toContain(`the sweeps have ${FUNCTIONS.reconciler?.timeoutSeconds} s`);
  expect(PAGE).toContain(`creates ${ROUTES_AT_ONCE} routes at a time`);
  const month = (arch: 'arm' | 'x86') =>
    Math.round(
      730 * totalOf(costOf({ arch, vcpu: task.cpu / 1024, gib: task.memoryMiB / 1024 }).sessionHour),
    );
  expect(PAGE).toContain(`about $${month('x86')} a month on x86-64 and about $${month('arm')} on ARM64`);
});
