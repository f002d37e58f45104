import type { OperationContext } from './context.ts';
import { invalidParameter } from './errors.ts';
import { listTagsSchema, parseRequest, tagResourceSchema, untagResourceSchema } from './requests.ts';
import type { TaskRecord } from './task.ts';

const MAX_TAGS = 50;

/** ListTagsForResource, for tasks. */
export const listTagsForResource = (context: OperationContext, input: unknown): Record<string, unknown> => {
  return { tags: taggable(context, parseRequest(listTagsSchema, input).resourceArn).tags };
};

/** TagResource, for tasks: new values replace those of the same key. */
export const tagResource = (context: OperationContext, input: unknown): Record<string, unknown> => {
  const { resourceArn, tags } = parseRequest(tagResourceSchema, input);
  const record = taggable(context, resourceArn);
  const merged = new Map([...record.tags, ...tags].map(({ key, value }) => [key, value]));
  if (merged.size > MAX_TAGS) throw invalidParameter(`A resource can have at most ${MAX_TAGS} tags.`);
  context.tasks.save({ ...record, tags: [...merged].map(([key, value]) => ({ key, value })) });
  return {};
};

/** UntagResource, for tasks. */
export const untagResource = (context: OperationContext, input: unknown): Record<string, unknown> => {
  const { resourceArn, tagKeys } = parseRequest(untagResourceSchema, input);
  const record = taggable(context, resourceArn);
  context.tasks.save({ ...record, tags: record.tags.filter(({ key }) => !tagKeys.includes(key)) });
  return {};
};

const taggable = ({ tasks, clusterArns, now }: OperationContext, arn: string): TaskRecord => {
  const record = clusterArns
    .map((clusterArn) => tasks.find(clusterArn, arn, now()))
    .find((found) => found?.taskArn === arn);
  if (record === undefined) throw invalidParameter('The specified resource was not found.');
  if (record.lastStatus === 'STOPPED') {
    throw invalidParameter('The specified task is stopped. Specify a running task and try again.');
  }
  return record;
};
