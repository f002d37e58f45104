/**
 * The audit log: who did which administrative act, when, from where, and how it ended. The entry is written before the
 * act, so an act that happened is never missing; how it ended is written after it. An entry that stays `started` is of an
 * act whose function died: it may have happened.
 */
import * as z from 'zod';
import type { AuditEntry } from '../../contract/bodies/audit.ts';
import { auditEntrySchema } from '../../contract/bodies/audit.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { AUDIT_PARTITION, auditKey, TTL_ATTRIBUTE } from '../items.ts';

/** Longer details say how long they are instead. */
const MAX_DETAIL_CHARS = 4_000;

export type Act = Pick<AuditEntry, 'action' | 'who' | 'from' | 'requestId'> & {
  /** Parameters, query and body: never a secret, no operation that is audited takes one. */
  readonly details: Readonly<Record<string, unknown>>;
};

const itemSchema = auditEntrySchema.omit({ id: true, at: true }).extend({ sk: z.string(), at: z.int() });

type Needs = Pick<Deps, 'store' | 'clock' | 'ids' | 'settings' | 'log'>;

/** Writes the entry of an act that is about to happen. Throws if that fails: then the action must not be taken. */
export const beginAct = async (deps: Needs, act: Act): Promise<(outcome: Outcome) => Promise<void>> => {
  const at = deps.clock();
  const key = auditKey(deps.ids.eventId());
  const text = JSON.stringify(act.details);
  const details = text.length > MAX_DETAIL_CHARS ? { omittedChars: text.length } : act.details;
  const item = {
    ...act,
    details,
    at,
    [TTL_ATTRIBUTE]: Math.floor(at / 1000) + deps.settings.auditDays * 24 * 3600,
  };
  const write = (outcome: Outcome) =>
    deps.store.write({ kind: 'put', key, item: toItem({ ...key, ...item, ...outcome }) });
  await write({ outcome: 'started' });
  return async (outcome) => {
    deps.log.info('audit', { ...act, details, ...outcome });
    try {
      await write(outcome);
    } catch (error) {
      deps.log.error('the outcome of an audited act was not written', {
        requestId: act.requestId,
        error: String(error),
      });
    }
  };
};

type Outcome = Pick<AuditEntry, 'outcome' | 'status'>;

/** One page, newest first; it may hold fewer than `limit` though another one follows. */
export const listAudit = async (
  deps: Pick<Deps, 'store'>,
  filter: { readonly userId?: string | undefined; readonly action?: string | undefined },
  page: { readonly limit: number; readonly cursor?: string },
): Promise<{ entries: AuditEntry[]; cursor: string | undefined }> => {
  const { items, cursor } = await deps.store.query({
    partition: AUDIT_PARTITION,
    descending: true,
    ...page,
  });
  const entries = items
    .map((item) => itemSchema.parse(item))
    .filter(
      ({ who, action }) =>
        (filter.userId === undefined || filter.userId === who.userId) &&
        (filter.action === undefined || filter.action === action),
    )
    .map(({ sk, at, ...entry }) => ({ ...entry, id: sk, at: new Date(at).toISOString() }));
  return { entries, cursor };
};
