import type { OperationContext } from './context.ts';
import { EcsError, invalidParameter } from './errors.ts';
import { type ListTasksRequest, listTasksSchema, parseRequest } from './requests.ts';
import type { TaskRecord } from './task.ts';

/** ListTasks: ARNs by pages, in the order of ids, so that a page holds when tasks come and go between two calls. */
export const listTasks = (context: OperationContext, input: unknown): Record<string, unknown> => {
  const request = parseRequest(listTasksSchema, input);
  if (request.serviceName !== undefined) throw new EcsError('ServiceNotFoundException', 'Service not found.');
  const after = request.nextToken === undefined ? '' : readToken(request.nextToken);
  const rest = context.tasks
    .visible(context.cluster(request.cluster), context.now())
    .filter((record) => record.id > after && matches(record, request));
  const page = rest.slice(0, request.maxResults);
  const last = rest.length > page.length ? page.at(-1) : undefined;
  return {
    taskArns: page.map(({ taskArn }) => taskArn),
    nextToken: last === undefined ? undefined : writeToken(last.id),
  };
};

const matches = (record: TaskRecord, request: ListTasksRequest): boolean =>
  record.desiredStatus === request.desiredStatus &&
  record.family === (request.family ?? record.family) &&
  record.startedBy === (request.startedBy ?? record.startedBy) &&
  record.launchType === (request.launchType ?? record.launchType) &&
  (request.containerInstance === undefined ||
    record.containerInstanceArn?.endsWith(lastPart(request.containerInstance)) === true);

/** A host is named by its ARN or its id. */
const lastPart = (reference: string): string => `/${reference.slice(reference.lastIndexOf('/') + 1)}`;

const writeToken = (id: string): string => Buffer.from(id, 'hex').toString('base64url');

const readToken = (token: string): string => {
  const id = Buffer.from(token, 'base64url').toString('hex');
  if (!/^[0-9a-f]{32}$/.test(id)) throw invalidParameter('Invalid token.');
  return id;
};
