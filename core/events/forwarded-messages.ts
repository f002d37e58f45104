/**
 * The session's messages that were delivered last, so that a later worker continues there. It is written after the
 * events of the same call were queued: if a function dies in between, the messages are delivered again, under the
 * same event ids.
 *
 *   worker of epoch 1: messages 1, 2 ── (its call stands still) ───────────────────── writes 2?
 *   worker of epoch 2: continues after it ── messages 1, 2, 3 ── writes 3
 *
 * So a mark is written only if it is later than the present one, by epoch and then by the worker's own count.
 */
import * as z from 'zod';
import { type ForwardedMark, forwardedMarkSchema } from '../../contract/worker/protocol.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { forwardedKey, TTL_ATTRIBUTE } from '../items.ts';
import type { Session } from '../lifecycle/session.ts';
import { absent, and, eq, lt, or } from '../store.ts';

/** As long as the auth state of an unused session is kept. */
const KEEP_SECONDS = 30 * 24 * 3600;

const itemSchema = z.object({ epoch: z.int(), seq: z.int(), mark: forwardedMarkSchema });

/** Records the delivered messages, unless later ones are recorded. Throws the store's errors. */
export const noteForwarded = async (
  deps: Pick<Deps, 'store' | 'clock'>,
  session: Pick<Session, 'sessionId' | 'epoch'>,
  { seq, ...mark }: ForwardedMark & { readonly seq: number },
): Promise<void> => {
  const key = forwardedKey(session.sessionId);
  const { epoch } = session;
  const item: z.infer<typeof itemSchema> = { epoch, seq, mark };
  await deps.store.write({
    kind: 'put',
    key,
    item: toItem({
      ...key,
      ...item,
      [TTL_ATTRIBUTE]: Math.floor(deps.clock() / 1000) + KEEP_SECONDS,
    }),
    condition: or(absent('pk'), lt('epoch', epoch), and(eq('epoch', epoch), lt('seq', seq))),
  });
};

/** Undefined: nothing was delivered yet. */
export const readForwarded = async (
  deps: Pick<Deps, 'store'>,
  sessionId: string,
): Promise<ForwardedMark | undefined> => {
  const item = await deps.store.get(forwardedKey(sessionId));
  return item && itemSchema.parse(item).mark;
};
