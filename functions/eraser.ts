import { eraseUsers, type UserErasures } from '../core/accounts/erase-user.ts';
import { type ErasureReport, eraseDeleted } from '../core/accounts/erasure.ts';
import { recordRun } from '../core/observability/health.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { s3Eraser } from './adapters/s3-eraser.ts';
import { sqsEvents } from './adapters/sqs-events.ts';

const deps = { ...base, store: dynamoDbStore(), objects: s3Eraser(), tasks: ecsTasks(), events: sqsEvents() };

/** Less than the function's own time, so that a sweep ends between two jobs. */
const BUDGET_MS = 90_000;

/** On a schedule: deletes the sessions of users that are erased, and erases what deleted sessions left behind. */
export const handler = async (): Promise<ErasureReport & { readonly users: UserErasures }> => {
  const begun = deps.clock();
  const users = await eraseUsers(deps, begun + BUDGET_MS / 2);
  const report = { ...(await eraseDeleted(deps, begun + BUDGET_MS - deps.clock())), users };
  await recordRun(deps, 'eraser', report);
  if (report.erased + report.failed + users.erased + users.failed > 0) base.log.info('erased', report);
  return report;
};
