import { AwsRefusal } from './refusals.ts';

/** The engine did not end its answer before the deadline. */
export class EngineTooSlow extends AwsRefusal {
  constructor() {
    super('engineTooSlow', 'the local engine did not answer in time');
  }
}

/** The caller closed its connection before it had its answer; nothing can be answered to it. */
export class CallerGone extends AwsRefusal {
  constructor() {
    super('engineFailed', 'the caller went away');
  }
}

/**
 * Waits for the work until the deadline, or until the exchange has ended. The work itself continues: the request may
 * have been executed, as after a time-out on AWS. Throws EngineTooSlow or CallerGone.
 */
export const withDeadline = async <T>(
  work: Promise<T>,
  deadlineMs: number,
  over: AbortSignal,
): Promise<T> => {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new EngineTooSlow()), deadlineMs);
  const onOver = (): void => reject(new CallerGone());
  if (over.aborted) onOver();
  over.addEventListener('abort', onOver, { once: true });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    clearTimeout(timer);
    over.removeEventListener('abort', onOver);
  }
};
