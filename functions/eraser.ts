import { type ErasureReport, eraseDeleted } from '../core/accounts/erasure.ts';
import { recordRun } from '../core/observability/health.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { s3Eraser } from './adapters/s3-eraser.ts';

const deps = { ...base, store: dynamoDbStore(), objects: s3Eraser() };

/** Less than the function's own time, so that a sweep ends between two jobs. */
const BUDGET_MS = 90_000;

/** On a schedule: erases what deleted sessions left behind. */
export const handler = async (): Promise<ErasureReport> => {
  const report = await eraseDeleted(deps, BUDGET_MS);
  await recordRun(deps, 'eraser', report);
  if (report.erased + report.failed > 0) base.log.info('erased', report);
  return report;
};
