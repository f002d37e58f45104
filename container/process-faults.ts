/**
 * What nobody caught. The library leaves rejections unhandled wherever a page goes away under it; they are faults of the
 * client, and the host deals with those. Anything else is a defect of ours: the session ends cleanly, with the reason.
 */
import { describeError } from './base/faults.ts';

const GONE =
  /target closed|session closed|connection closed|execution context was destroyed|cannot find context|frame (was|got) detached|navigating frame|page has been closed|browser has disconnected/i;

export type Uncaught = 'ignore' | 'client_fault' | 'defect';

/** `closing`: a client is being or has just been closed, so that what complains of its absence is no news. */
export const judgeUncaught = (error: unknown, closing: boolean): Uncaught => {
  const gone = GONE.test(describeError(error));
  if (gone && closing) return 'ignore';
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  // The library throws plain strings ('auth timeout', 'ready timeout').
  const fromLibrary =
    typeof error === 'string' || /node_modules[\\/](whatsapp-web\.js|puppeteer)/.test(stack);
  return gone || fromLibrary ? 'client_fault' : 'defect';
};
