import * as z from 'zod';
import { ecsArn } from '../../iam/arn.ts';
import type { OperationInput, Permission } from './permission.ts';

/** What RunTask's checks need to know of a task definition. */
export interface TaskDefinitionFacts {
  /** Full ARN with its revision. */
  readonly arn: string;
  readonly taskRoleArn?: string;
  readonly executionRoleArn?: string;
}

/** Finds a task definition by ARN, `family:revision` or `family`. */
export type TaskDefinitionOf = (reference: string) => TaskDefinitionFacts | undefined;

const common = z.object({
  cluster: z.string().default('default'),
  task: z.string().optional(),
  tasks: z.array(z.string()).optional(),
  clusters: z.array(z.string()).optional(),
  resourceArn: z.string().optional(),
  taskDefinition: z.string().optional(),
  tags: z.array(z.unknown()).optional(),
  propagateTags: z.string().optional(),
  enableECSManagedTags: z.boolean().optional(),
  overrides: z
    .object({ taskRoleArn: z.string().optional(), executionRoleArn: z.string().optional() })
    .optional(),
});

/** A task's ARN; a bare id is one in the named cluster. */
const taskArn = (cluster: string, task: string): string =>
  task.includes('/') ? ecsArn('task', task) : ecsArn('task', `${cluster.split('/').at(-1)}/${task}`);

/**
 * The IAM actions and ARNs that an ECS call is checked on: RunTask on the task definition, `iam:PassRole`
 * on every role that the task would get, `ecs:TagResource` when it is tagged at launch, by the caller or by the task definition.
 * Source: the Service Authorization Reference for ECS.
 */
export const ecsPermissions = (
  { operation, input }: OperationInput,
  taskDefinitionOf: TaskDefinitionOf,
): Permission[] => {
  const request = common.parse(input);
  const action = `ecs:${operation}`;
  const cluster = ecsArn('cluster', request.cluster);
  const context = { 'ecs:cluster': cluster };
  switch (operation) {
    case 'RunTask': {
      const reference = request.taskDefinition ?? '';
      const definition = taskDefinitionOf(reference) ?? { arn: ecsArn('task-definition', reference) };
      const roles = [
        request.overrides?.taskRoleArn ?? definition.taskRoleArn,
        request.overrides?.executionRoleArn ?? definition.executionRoleArn,
      ].filter((role) => role !== undefined);
      const permissions: Permission[] = [{ action, resources: [definition.arn], context }];
      if (roles.length > 0) {
        permissions.push({
          action: 'iam:PassRole',
          resources: [...new Set(roles)],
          context: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
        });
      }
      const tagged =
        (request.tags ?? []).length > 0 ||
        request.enableECSManagedTags === true ||
        (request.propagateTags ?? 'NONE') !== 'NONE';
      if (tagged) {
        permissions.push({
          action: 'ecs:TagResource',
          resources: [taskArn(request.cluster, '*')],
          context: { 'ecs:CreateAction': 'RunTask' },
        });
      }
      return permissions;
    }
    case 'StopTask':
      return [{ action, resources: [taskArn(request.cluster, request.task ?? '')], context }];
    case 'DescribeTasks':
      return [
        { action, resources: (request.tasks ?? []).map((task) => taskArn(request.cluster, task)), context },
      ];
    case 'DescribeClusters':
      return [
        {
          action,
          resources: (request.clusters ?? ['default']).map((name) => ecsArn('cluster', name)),
          context: {},
        },
      ];
    case 'TagResource':
    case 'UntagResource':
    case 'ListTagsForResource':
      return [{ action, resources: [request.resourceArn ?? ''] }];
    case 'ListTasks':
      // With the Fargate launch type no container instance is named, and the resource is `*`.
      return [{ action, resources: ['*'], context }];
    default:
      return [{ action, resources: ['*'] }];
  }
};
