/**
 * What of a session's messages was told last, so that a later worker goes on there. It is written after the events of
 * the same call were queued: where a function dies in between, the messages are told again, under the same event ids.
 *
 *   worker of epoch 1: messages 1, 2 ── (its call stands still) ───────────────────── writes 2?
 *   worker of epoch 2: goes on after what is written ── messages 1, 2, 3 ── writes 3
 *
 * So a mark is written only where it is later than the one that is there, by epoch and then by the worker's own count.
 */
import * as z from 'zod';
import { type ToldMark, toldMarkSchema } from '../../contract/worker/protocol.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { TTL_ATTRIBUTE, toldKey } from '../items.ts';
import type { Session } from '../lifecycle/session.ts';
import { absent, and, eq, lt, or } from '../store.ts';

/** As long as the auth state of an unused session is kept. */
const KEEP_SECONDS = 30 * 24 * 3600;

const itemSchema = z.object({ epoch: z.int(), seq: z.int(), mark: toldMarkSchema });

/** Notes what was told, unless something later is noted. Throws what the store throws. */
export const noteTold = async (
  deps: Pick<Deps, 'store' | 'clock'>,
  session: Pick<Session, 'sessionId' | 'epoch'>,
  { seq, ...mark }: ToldMark & { readonly seq: number },
): Promise<void> => {
  const key = toldKey(session.sessionId);
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

/** Undefined: nothing was told yet. */
export const readTold = async (
  deps: Pick<Deps, 'store'>,
  sessionId: string,
): Promise<ToldMark | undefined> => {
  const item = await deps.store.get(toldKey(sessionId));
  return item && itemSchema.parse(item).mark;
};
