import * as z from 'zod';
import { drainHost } from '../core/lifecycle/drain-host.ts';
import { taskStopped } from '../core/lifecycle/task-stopped.ts';
import { standbyTaskStopped } from '../core/standby/stopped.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { sqsEvents } from './adapters/sqs-events.ts';
import { writeStats } from './edge/stats.ts';

const deps = { ...base, store: dynamoDbStore(), tasks: ecsTasks(), events: sqsEvents() };

/** The parts that are read of an "ECS Task State Change" event. */
const eventSchema = z.object({
  detail: z.object({
    taskArn: z.string(),
    lastStatus: z.string(),
    startedAt: z.string().optional(),
    stoppedReason: z.string().optional(),
    stopCode: z.string().optional(),
    containers: z
      .array(z.object({ exitCode: z.int().optional(), reason: z.string().optional() }))
      .default([]),
    overrides: z.object({
      containerOverrides: z.array(
        z.object({ environment: z.array(z.object({ name: z.string(), value: z.string() })).default([]) }),
      ),
    }),
  }),
});

/** The parts that are read of an "ECS Container Instance State Change" event. */
const hostEventSchema = z.object({
  'detail-type': z.literal('ECS Container Instance State Change'),
  detail: z.object({ containerInstanceArn: z.string(), status: z.string() }),
});

/** On ECS task state changes: a stopped task gives its session's slot back, or its session restarts by its policy. On a host
 * that drains: its sessions are stopped, which saves their accounts. */
export const handler = async (event: unknown): Promise<void> => {
  const host = hostEventSchema.safeParse(event);
  if (host.success) {
    const { containerInstanceArn, status } = host.data.detail;
    if (status === 'DRAINING') await drainHost(deps, containerInstanceArn).finally(writeStats);
    return;
  }
  const { detail } = eventSchema.parse(event);
  if (detail.lastStatus !== 'STOPPED') return;
  const variables = detail.overrides.containerOverrides.flatMap((container) => container.environment);
  const sessionId = variables.find(({ name }) => name === 'BERTH_SESSION_ID')?.value;
  const epoch = variables.find(({ name }) => name === 'BERTH_EPOCH')?.value;
  const standbyId = variables.find(({ name }) => name === 'BERTH_STANDBY_ID')?.value;
  const task = {
    taskArn: detail.taskArn,
    neverStarted: detail.startedAt === undefined,
    stopCode: detail.stopCode,
    detail: describe(detail),
  };
  if (standbyId !== undefined) await standbyTaskStopped(deps, { ...task, standbyId }).finally(writeStats);
  else if (sessionId !== undefined && epoch !== undefined)
    await taskStopped(deps, { ...task, sessionId, epoch: Number(epoch) }).finally(writeStats);
};

const describe = (detail: z.infer<typeof eventSchema>['detail']): string => {
  const { exitCode, reason } = detail.containers[0] ?? {};
  const parts = [
    detail.stopCode,
    detail.stoppedReason,
    reason,
    exitCode === undefined ? undefined : `exit code ${exitCode}`,
  ];
  return parts.filter((part) => part !== undefined).join('; ');
};
