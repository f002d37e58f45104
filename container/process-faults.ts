/**
 * Uncaught errors. The library leaves rejections unhandled wherever a page goes away under it; they are faults of the
 * client, and the host deals with those. Anything else is a defect of ours: the session ends cleanly, with the reason.
 */
import { describeError } from './base/faults.ts';

const GONE =
  /target closed|session closed|connection closed|execution context was destroyed|cannot find context|frame (was|got) detached|detached frame|navigating frame|page has been closed|browser has disconnected/i;

/**
 * The pipe to a browser that was killed: puppeteer takes its error handlers away when it closes, and what was unread then
 * arrives as a reset. No other stream of the worker is without a handler.
 */
const isPipeEcho = (error: unknown): boolean =>
  error instanceof Error &&
  ['ECONNRESET', 'EPIPE'].includes(String(Reflect.get(error, 'code'))) &&
  /\bPipe\.onStreamRead\b|\bWriteWrap\.onWriteComplete\b/.test(error.stack ?? '');

type Uncaught = 'ignore' | 'client_fault' | 'defect';

/** `closing`: a client is being closed or has just been closed, so faults of its absence are expected. */
export const judgeUncaught = (error: unknown, closing: boolean): Uncaught => {
  const gone = GONE.test(describeError(error)) || isPipeEcho(error);
  if (gone && closing) return 'ignore';
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  // The library throws plain strings ('auth timeout', 'ready timeout').
  const fromLibrary =
    typeof error === 'string' || /node_modules[\\/](whatsapp-web\.js|puppeteer)/.test(stack);
  return gone || fromLibrary ? 'client_fault' : 'defect';
};
