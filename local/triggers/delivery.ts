import type { Clock } from '../../contract/clock.ts';
import { messageOfError } from '../../contract/message-of-error.ts';
import { mayInvoke } from '../api/permission.ts';
import type { PermissionModel, TargetModel } from '../assembly/model.ts';
import type { Authorize } from '../iam/authorize.ts';
import type { InvokeResult } from '../runtime/pool.ts';
import { backoffMs, pause } from './backoff.ts';

const FIRST_RETRY_MS = 1_000;
/** Short: a function that works again is not kept waiting by what was wrong before. */
const MOST_RETRY_MS = 15_000;

export type DeliveryOptions = {
  readonly invoke: (functionName: string, event: unknown) => Promise<InvokeResult>;
  readonly functionArn: (functionName: string) => string;
  readonly permissions: readonly PermissionModel[];
  readonly authorize: Authorize;
  /** Puts an event that could not be delivered into its dead-letter queue. */
  readonly sendToDeadLetters: (queueArn: string, body: string) => Promise<void>;
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
  /** Waits between attempts; ends early when everything stops. */
  readonly pause?: typeof pause;
};

export type Delivered = 'delivered' | 'dead-lettered' | 'dropped' | 'stopped';

/** Whether AWS would let this target's source invoke it: by a role (Scheduler) or a resource permission (rules). */
const isAllowed = (options: DeliveryOptions, target: TargetModel, sourceArn: string): boolean => {
  if (target.role === undefined) {
    return mayInvoke(options.permissions, target.functionName, 'events.amazonaws.com', sourceArn);
  }
  const resources = [options.functionArn(target.functionName)];
  const request = { principal: target.role, action: 'lambda:InvokeFunction', resources, context: {} };
  return options.authorize(request).decision === 'allow';
};

/**
 * Hands one event to one target as EventBridge does: again with a growing wait, until the target's attempts or the
 * event's age are used up, then into its dead-letter queue.
 */
export const deliver = async (
  options: DeliveryOptions,
  target: TargetModel,
  sourceArn: string,
  event: unknown,
  signal: AbortSignal,
): Promise<Delivered> => {
  const payload: unknown = target.input === undefined ? event : JSON.parse(target.input);
  const giveUpAt = options.clock() + target.maxAgeSeconds * 1000;
  const wait = options.pause ?? pause;
  let detail = `${sourceArn} may not invoke ${target.functionName}`;
  if (isAllowed(options, target, sourceArn)) {
    for (let attempt = 0; attempt <= target.retries; attempt++) {
      const outcome = await attemptOnce(options, target.functionName, payload);
      if (outcome === undefined) {
        return 'delivered';
      }
      detail = outcome;
      const delay = backoffMs(attempt, FIRST_RETRY_MS, MOST_RETRY_MS);
      if (attempt === target.retries || options.clock() + delay > giveUpAt) {
        break;
      }
      if (!(await wait(delay, signal))) {
        return 'stopped';
      }
    }
  }
  options.onProblem(`an event for ${target.functionName} was given up: ${detail}`);
  if (target.deadLetterArn === undefined) {
    return 'dropped';
  }
  await options.sendToDeadLetters(target.deadLetterArn, JSON.stringify(payload));
  return 'dead-lettered';
};

/** Undefined: it worked; else what went wrong. */
const attemptOnce = async (
  options: DeliveryOptions,
  functionName: string,
  payload: unknown,
): Promise<string | undefined> => {
  try {
    const result = await options.invoke(functionName, payload);
    return result.ok ? undefined : result.error.errorMessage;
  } catch (error) {
    return messageOfError(error);
  }
};
