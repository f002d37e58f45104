/** What `session.status` reports: the status, and how the session came to it. */
import type { Status } from '../../contract/lifecycle.ts';
import type { Item, Value } from '../store.ts';
import { nameOf, type Session } from './session.ts';

/** So many of the last ones are kept. */
const KEPT = 6;

/**
 * The attributes of a session whose status becomes `status`. Each change is one entry; a status that stays is none.
 *
 * @param at ms since the epoch
 */
export const statusAttributes = (
  { status: before, statuses = [] }: Pick<Session, 'status' | 'statuses'>,
  status: Status,
  at: number,
): { readonly status: Status; readonly statuses: Item[string] } => {
  const isSame = before === status && statuses.at(-1)?.status === status;
  const kept = isSame ? statuses : [...statuses, { status, timestamp: at }].slice(-KEPT);
  return { status, statuses: kept.map((entry) => ({ ...entry })) };
};

/** The payload of `session.status` for the session as it stands. */
export const statusPayload = (session: Session): Readonly<Record<string, Value>> => ({
  name: nameOf(session),
  status: session.status,
  statuses: (session.statuses ?? []).map((entry) => ({ ...entry })),
  ...(session.detail ? { detail: session.detail } : {}),
});
