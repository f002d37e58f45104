import { measureBuilds } from '../core/builds/ruling.ts';
import { recordRun } from '../core/observability/health.ts';
import { recordUse } from '../core/observability/read-history.ts';
import { reap, type SweepReport } from '../core/reaping/reap.ts';
import { stepRollout } from '../core/rollout/rollout.ts';
import { keepStandby } from '../core/standby/keep.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { withStats } from './edge/stats.ts';

const deps = { ...base, store: dynamoDbStore(), tasks: ecsTasks(), events: sqsEvents() };

/** On a schedule: ends what is due. Throws if the sweep failed, so that the schedule tries again. */
export const handler = withStats(async (): Promise<SweepReport> => {
  const report = await reap(deps);
  await recordRun(deps, 'reaper', report);
  await recordUse(deps, report.use).catch((error: unknown) =>
    base.log.warn('the trend has no sample of this sweep', { error: String(error) }),
  );
  await measureBuilds(deps).catch((error: unknown) =>
    base.log.warn('the builds were not measured in this sweep', { error: String(error) }),
  );
  await keepStandby(deps).catch((error: unknown) =>
    base.log.error('the standby tasks were not kept in this sweep', { error: String(error) }),
  );
  await stepRollout(deps).catch((error: unknown) =>
    base.log.warn('the rollout made no step in this sweep', { error: String(error) }),
  );
  if (report.due > 0) base.log.info('swept', report);
  return report;
});
