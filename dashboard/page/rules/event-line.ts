import type { SessionEvent } from '../../../client/index.ts';
import { statusSchema } from '../../../contract/lifecycle.ts';
import { eventWords, reasonWords, STATUS_WORDS } from './words.ts';

type EventLine = {
  readonly title: string;
  readonly detail?: string;
  readonly tone: 'good' | 'bad' | 'plain';
};

/** A lifecycle event as one line of the timeline. */
export const eventLine = ({ event, payload }: SessionEvent): EventLine => {
  const detail = typeof payload.detail === 'string' && payload.detail !== '' ? payload.detail : undefined;
  if (event === 'session.status') {
    const status = statusSchema.safeParse(payload.status);
    if (status.success)
      return {
        title: STATUS_WORDS[status.data],
        ...(detail ? { detail } : {}),
        tone: status.data === 'WORKING' ? 'good' : status.data === 'FAILED' ? 'bad' : 'plain',
      };
  }
  if (event === 'session.restarting') {
    const reason = typeof payload.reason === 'string' ? reasonWords(payload.reason) : 'task lost';
    const { attempt, maxAttempts } = payload;
    const number = typeof attempt === 'number' ? ` (${attempt} of ${String(maxAttempts)})` : '';
    return { title: `Starts again: ${reason}${number}`, ...(detail ? { detail } : {}), tone: 'bad' };
  }
  if (event === 'session.stopped') {
    const reason = typeof payload.stopReason === 'string' ? reasonWords(payload.stopReason) : undefined;
    const failed = payload.state === 'FAILED' || payload.status === 'FAILED';
    return {
      title: reason ? `Ended: ${reason}` : 'Ended',
      ...(detail ? { detail } : {}),
      tone: failed ? 'bad' : 'plain',
    };
  }
  return { title: eventWords(event), ...(detail ? { detail } : {}), tone: 'plain' };
};
