import { recordRun } from '../core/observability/health.ts';
import { type ReconcileReport, reconcile } from '../core/reconciliation/reconcile.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { withStats } from './edge/stats.ts';

const deps = { ...base, store: dynamoDbStore(), tasks: ecsTasks(), events: sqsEvents() };

/**
 * On a schedule: recounts, stops tasks without a session, releases sessions whose task is gone. Throws if a read
 * failed.
 */
export const handler = withStats(async (): Promise<ReconcileReport> => {
  const report = await reconcile(deps);
  await recordRun(deps, 'reconciler', report);
  return report;
});
