/**
 * Records the messages that were sent and their results, in both directions. Pure: the clock is the caller's.
 *
 * Messages in: from the phone to the webhook. Each session's are numbered. Results of a message:
 *   delivered   at least once
 *   twice       delivered under two event ids; the same event id again is a repeat, which at-least-once allows
 *   disordered  first delivered after a later one of its session
 *   at risk     its session was down when it was sent, or was killed before it was delivered. Whether such a message
 *               is delivered after a restart is counted separately, unless the run requires it (`hold`).
 *   lost        not delivered, though it was not at risk
 *
 * Messages out: from the API to the phone. `done` must be at the phone once, `refused` must not be there, `unknown`
 * may.
 */
type In = {
  readonly session: string;
  readonly number: number;
  readonly sentAt: number;
  /** The phone did not answer: it may not have happened. */
  unsure: boolean;
  atRisk: boolean;
  deliveredAt: number | undefined;
  readonly eventIds: Set<string>;
};

export type Out = { readonly session: string; result: 'done' | 'refused' | 'unknown'; ms: number };

export type Totals = {
  readonly in: number;
  readonly delivered: number;
  readonly repeats: number;
  readonly twice: number;
  readonly disordered: number;
  readonly lost: number;
  /** Sent before `cutoff`, neither delivered nor at risk: lost, or only late. */
  readonly waiting: number;
  readonly atRisk: number;
  readonly atRiskDelivered: number;
};

/** A message that was delivered after a later one of its session. */
export type Disorder = {
  readonly session: string;
  /** Of the message, and of the latest one that was delivered before it. */
  readonly number: number;
  readonly after: number;
  /** When it was delivered. */
  readonly at: number;
};

export type Ledger = {
  /** Numbers a message; call it before the message is sent. The text is what the message says. */
  sending(session: string, at: number, down: boolean): { readonly entry: In; readonly text: string };
  /** The webhook's endpoint received a message. False: its text is not one of this run. */
  delivered(session: string, text: string, eventId: string, at: number): boolean;
  /** Everything of this session that is not delivered yet may be lost with the killed process. */
  risk(session: string): void;
  /** @param cutoff messages sent before it count as waiting; `final`: those are lost */
  totals(cutoff: number, final: boolean): Totals;
  /**
   * Milliseconds from sending to the first delivery, of messages not at risk that were delivered since the last call.
   */
  delays(): number[];
  /** The messages that were delivered out of order since the last call. */
  disorders(): Disorder[];
  /** Of messages not at risk, how many are not delivered yet. */
  readonly open: number;
};

const PREFIX = 'soak-in';

export const createLedger = ({ hold }: { readonly hold: boolean }): Ledger => {
  const entries = new Map<string, In[]>();
  const highest = new Map<string, number>();
  let delays: number[] = [];
  let repeats = 0;
  let twice = 0;
  let disordered = 0;
  let disorders: Disorder[] = [];
  const of = (session: string): In[] => {
    const list = entries.get(session) ?? [];
    entries.set(session, list);
    return list;
  };
  const all = () => [...entries.values()].flat();
  const isExempt = ({ atRisk, unsure }: In) => unsure || (atRisk && !hold);

  return {
    sending(session, sentAt, down) {
      const list = of(session);
      const entry: In = {
        session,
        number: list.length,
        sentAt,
        unsure: false,
        atRisk: down,
        deliveredAt: undefined,
        eventIds: new Set(),
      };
      list.push(entry);
      return { entry, text: `${PREFIX} ${session} ${entry.number}` };
    },
    delivered(session, text, eventId, at) {
      const [prefix, name, digits] = text.split(' ');
      const entry = prefix === PREFIX && name === session ? of(session)[Number(digits)] : undefined;
      if (!entry) return false;
      if (entry.eventIds.has(eventId)) {
        repeats += 1;
        return true;
      }
      entry.eventIds.add(eventId);
      if (entry.eventIds.size > 1) {
        twice += 1;
        return true;
      }
      entry.deliveredAt = at;
      if (!entry.atRisk) delays.push(at - entry.sentAt);
      const after = highest.get(session) ?? -1;
      if (entry.number > after) highest.set(session, entry.number);
      else if (!isExempt(entry)) {
        disordered += 1;
        disorders.push({ session, number: entry.number, after, at });
      }
      return true;
    },
    risk(session) {
      for (const entry of of(session)) if (entry.deliveredAt === undefined) entry.atRisk = true;
    },
    totals(cutoff, final) {
      const list = all();
      const missing = list.filter((each) => each.deliveredAt === undefined && !isExempt(each));
      const late = missing.filter(({ sentAt }) => sentAt < cutoff).length;
      const atRisk = list.filter((each) => each.atRisk);
      return {
        in: list.length,
        delivered: list.filter(({ deliveredAt }) => deliveredAt !== undefined).length,
        repeats,
        twice,
        disordered,
        lost: final ? missing.length : 0,
        waiting: final ? 0 : late,
        atRisk: atRisk.length,
        atRiskDelivered: atRisk.filter(({ deliveredAt }) => deliveredAt !== undefined).length,
      };
    },
    delays() {
      const taken = delays;
      delays = [];
      return taken;
    },
    disorders() {
      const taken = disorders;
      disorders = [];
      return taken;
    },
    get open() {
      return all().filter((each) => each.deliveredAt === undefined && !isExempt(each)).length;
    },
  };
};

/**
 * Compares the messages that the phone shows with the API's answers to the sends. Texts by session are unique in a
 * run.
 */
export const judgeSends = (
  sends: ReadonlyMap<string, Out>,
  atPhone: readonly string[],
): {
  readonly lost: string[];
  readonly twice: string[];
  readonly untrue: string[];
  readonly unknown: number;
} => {
  const counts = new Map<string, number>();
  for (const text of atPhone) counts.set(text, (counts.get(text) ?? 0) + 1);
  const such = (fits: (result: Out['result'], count: number) => boolean) =>
    [...sends].filter(([text, { result }]) => fits(result, counts.get(text) ?? 0)).map(([text]) => text);
  return {
    lost: such((result, count) => result === 'done' && count === 0),
    twice: such((_, count) => count > 1),
    untrue: such((result, count) => result === 'refused' && count > 0),
    unknown: such((result) => result === 'unknown').length,
  };
};

/** The value below which `share` of the values lie; undefined without values. */
export const percentile = (values: readonly number[], share: number): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
