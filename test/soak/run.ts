/**
 * Linked sessions at work for a while, in a system in a separate process, while workers, browsers and once the whole
 * system are killed. Requirements: no message is lost or delivered twice, each session's are delivered in their
 * order, and the API's answers to sends agree with the phone. ledger.ts defines the counts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../../client/errors.ts';
import { messageOfError } from '../../contract/message-of-error.ts';
import { Random } from '../simulation/kernel/random.ts';
import { startSoakEndpoint } from './endpoint.ts';
import { createLedger, judgeSends, type Ledger, type Out } from './ledger.ts';
import { cpuBetween, type Usage, usageOf, workersBelow } from './processes.ts';
import { createTable, type Row } from './rows.ts';
import {
  CONTACT,
  comeBack,
  GREETING,
  link,
  measureRest,
  RECOVERY_LIMIT_MS,
  type Session,
} from './sessions.ts';
import { startSoakSystem } from './system.ts';

type SoakRun = {
  readonly sessions: number;
  /** Of load. */
  readonly seconds: number;
  /** Messages a second, to the sessions and from them. */
  readonly in: number;
  readonly out: number;
  readonly seed: number;
  /** Seconds from one kill of a worker or a browser to the next. */
  readonly killEvery: number;
  /** Kills the whole system once, in the middle. */
  readonly killSystem: boolean;
  /** Seconds of nothing before the load, in which the CPU of linked sessions is measured. */
  readonly rest: number;
  /** Seconds that the last messages get. */
  readonly drain: number;
  /** Seconds from row to row. */
  readonly row: number;
  /** Messages to a session that is down must be delivered, too. */
  readonly hold: boolean;
  readonly onLine: (line: string) => void;
};

type SoakReport = {
  readonly in: number;
  readonly delivered: number;
  readonly atRisk: number;
  readonly atRiskDelivered: number;
  readonly sends: number;
  readonly sendsDone: number;
  readonly kills: { readonly worker: number; readonly browser: number; readonly system: number };
  /** Empty: all promises were kept. */
  readonly broken: readonly string[];
};

/** A message to a session that is not delivered after this time is shown as waiting. */
const LATE_MS = 60_000;

export const runSoak = async (run: SoakRun): Promise<SoakReport> => {
  const random = new Random(run.seed);
  const ledger = createLedger({ hold: run.hold });
  const sends = new Map<string, Out>();
  /** Why sends were not answered with success, and how often. */
  const reasons = new Map<string, number>();
  const sessions: Session[] = [];
  const foreign: string[] = [];
  const endpoint = await startSoakEndpoint((session, body, eventId) => {
    if (body === GREETING) return;
    if (!ledger.delivered(session, body, eventId, performance.now())) foreign.push(eventId);
  });
  const system = await startSoakSystem();
  const over = new AbortController();
  const say = run.onLine;
  try {
    await system.berth.limits.set({ global: run.sessions, userDefault: run.sessions });
    const linkingSince = performance.now();
    for (let n = 0; n < run.sessions; n++) {
      sessions.push(await link(system, n, endpoint.url, sessions));
    }
    say(`${run.sessions} sessions linked within ${seconds(performance.now() - linkingSince)} s.`);
    if (run.rest > 0) await measureRest(system, run, say);

    const kills = { worker: 0, browser: 0, system: 0 };
    const stuck: string[] = [];
    let systemIsUp = true;
    let texts = 0;
    const running = new Set<Promise<unknown>>();
    const track = (work: Promise<unknown>): void => {
      const tracked = work.finally(() => running.delete(tracked));
      running.add(tracked);
    };
    const recoveries = new Set<Promise<unknown>>();
    const recover = (session: Session, epoch: number, restarts: boolean): void => {
      const recovery = comeBack(system, session, epoch, restarts).then((end) => {
        recoveries.delete(recovery);
        if (end === 'back') session.up = true;
        if (end === 'stuck') stuck.push(session.name);
      });
      recoveries.add(recovery);
      track(recovery);
    };
    const markDown = (session: Session): void => {
      session.up = false;
      session.kills += 1;
      ledger.risk(session.name);
    };
    const table = createTable(say, run.row);
    const note = (text: string) => table.note(text);

    const killOne = async (kind: 'worker' | 'browser'): Promise<void> => {
      const candidates = workersBelow(system.pid).filter(
        ({ sessionId }) => sessions.find(({ id }) => id === sessionId)?.up === true,
      );
      const victim = candidates[random.int(0, Math.max(0, candidates.length - 1))];
      const session = sessions.find(({ id }) => id === victim?.sessionId);
      if (!victim || !session) return;
      const { epoch } = await system.berth.sessions.get(session.name);
      markDown(session);
      process.kill((kind === 'worker' ? victim.worker : victim.browser) ?? victim.worker, 'SIGKILL');
      kills[kind] += 1;
      note(`${kind} of ${session.name} killed`);
      recover(session, epoch, kind === 'worker');
    };
    const killSystem = async (): Promise<void> => {
      systemIsUp = false;
      for (const session of sessions) markDown(session);
      await system.kill();
      // Messages delivered until now were delivered before the kill.
      for (const session of sessions) ledger.risk(session.name);
      kills.system += 1;
      const ms = await system.start();
      // None of the earlier recoveries starts a session any more: what runs from now on is of a later epoch than these.
      await Promise.all(recoveries);
      const epochs = new Map<string, number>();
      for await (const { name, epoch } of system.berth.sessions.list({ all: true })) epochs.set(name, epoch);
      systemIsUp = true;
      note(`system killed, up again after ${seconds(ms)} s`);
      for (const session of sessions) recover(session, epochs.get(session.name) ?? 0, true);
    };

    const sendIn = (session: Session): void => {
      session.lastIn = session.lastIn.then(async () => {
        if (!systemIsUp) return;
        const { entry, text } = ledger.sending(session.name, performance.now(), !session.up);
        await system.phone.send({ account: session.account, from: CONTACT, text }).catch(() => {
          entry.unsure = true;
        });
      });
    };
    const sendOut = async (session: Session, text: string): Promise<void> => {
      const since = performance.now();
      const result = await system.berth.messages
        .sendText(
          { session: session.name, chatId: `${CONTACT}@c.us`, text },
          { idempotencyKey: text.replaceAll(' ', '-') },
        )
        .then(
          () => 'done' as const,
          (error: unknown) => {
            const reason = messageOfError(error);
            reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
            return error instanceof ApiError && error.status < 500
              ? ('refused' as const)
              : ('unknown' as const);
          },
        );
      const sent = { session: session.name, result, ms: performance.now() - since };
      sends.set(text, sent);
      table.sent(sent);
    };

    say(table.head);
    const begun = performance.now();
    const endsAt = begun + run.seconds * 1000;
    let usage = await usageOf(system.pid);
    let usageAt = performance.now();
    const incoming = every(1000 / run.in, over.signal, () => sendIn(pick(random, sessions)));
    const outgoing = every(1000 / run.out, over.signal, () => {
      const up = sessions.filter((session) => session.up);
      if (!systemIsUp || up.length === 0) return;
      texts += 1;
      track(sendOut(pick(random, up), `soak-out ${texts}`));
    });
    const report = async (): Promise<void> => {
      const ms = performance.now() - usageAt;
      usageAt = performance.now();
      const after = await usageOf(system.pid);
      table.row(rowOf(ledger, after, cpuBetween(usage, after) / ms));
      usage = after;
    };
    const reports = every(run.row * 1000, over.signal, () => {
      if (systemIsUp) track(report());
    });
    let nextKill = begun + run.killEvery * 1000;
    let systemKillAt = run.killSystem ? begun + (run.seconds * 1000) / 2 : Number.POSITIVE_INFINITY;
    let kind: 'worker' | 'browser' = 'worker';
    while (performance.now() < endsAt) {
      const now = performance.now();
      if (now >= systemKillAt) {
        systemKillAt = Number.POSITIVE_INFINITY;
        await killSystem();
      } else if (now >= nextKill) {
        nextKill += run.killEvery * 1000;
        await killOne(kind).catch((error: unknown) => note(`no kill: ${messageOfError(error)}`));
        kind = kind === 'worker' ? 'browser' : 'worker';
      }
      await sleep(100);
    }
    over.abort();
    await Promise.all([incoming, outgoing, reports]);
    await Promise.all(sessions.map(({ lastIn }) => lastIn));
    while (running.size > 0) await Promise.allSettled([...running]);
    const drainedBy = performance.now() + run.drain * 1000;
    while (ledger.open > 0 && performance.now() < drainedBy) await sleep(100);
    // A last repeat under another id would come now.
    await sleep(2_000);
    await report();

    const totals = ledger.totals(performance.now(), true);
    const atPhone: string[] = [];
    for (const { account } of sessions) {
      const { messages } = await system.phone.inbox({ account, sent: true, limit: 10_000 });
      atPhone.push(...messages.map(({ body }) => body));
    }
    const judged = judgeSends(sends, atPhone);
    const outcome: SoakReport = {
      in: totals.in,
      delivered: totals.delivered,
      atRisk: totals.atRisk,
      atRiskDelivered: totals.atRiskDelivered,
      sends: sends.size,
      sendsDone: doneOf(sends),
      kills,
      broken: [
        ...count(totals.lost, 'messages in are lost'),
        ...count(totals.twice, 'messages in were delivered under a second event id'),
        ...count(totals.disordered, 'messages in were delivered after later ones of their session'),
        ...(sends.size > 0 && doneOf(sends) === 0 ? ['no send was answered with success'] : []),
        ...count(foreign.length, 'webhooks reported messages that were not sent'),
        ...count(judged.lost.length, 'sends were answered with success and are not at the phone'),
        ...count(judged.twice.length, 'sends are at the phone twice'),
        ...count(judged.untrue.length, 'sends were refused and are at the phone'),
        ...stuck.map((name) => `${name} did not come back within ${RECOVERY_LIMIT_MS / 1000} s of a kill`),
      ],
    };
    say('');
    say(
      `In: ${outcome.in} sent, ${outcome.delivered} delivered, ${totals.repeats} repeats; at risk by a kill: ${outcome.atRisk}, of which ${outcome.atRiskDelivered} were delivered.`,
    );
    say(
      `Out: ${outcome.sends} sends, ${outcome.sendsDone} answered with success, ${judged.unknown} unknown.`,
    );
    for (const [reason, times] of reasons) say(`  ${times} × ${reason}`);
    say(`Killed: ${kills.worker} workers, ${kills.browser} browsers, the system ${kills.system} times.`);
    say(outcome.broken.length === 0 ? 'Nothing lost, nothing twice, order kept.' : outcome.broken.join('\n'));
    return outcome;
  } finally {
    over.abort();
    await system.stop();
    await endpoint.close();
  }
};

const doneOf = (sends: ReadonlyMap<string, Out>): number =>
  [...sends.values()].filter(({ result }) => result === 'done').length;
const seconds = (ms: number): string => (ms / 1000).toFixed(1);
const count = (n: number, what: string): string[] => (n === 0 ? [] : [`${n} ${what}`]);

const pick = <T>(random: Random, list: readonly T[]): T => {
  const found = list[random.int(0, list.length - 1)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
};

/** Calls `work` at a steady rate until the signal; calls that are overdue are made up for. */
const every = async (ms: number, signal: AbortSignal, work: () => void): Promise<void> => {
  for (let at = performance.now() + ms; !signal.aborted; at += ms) {
    await sleep(Math.max(0, at - performance.now()), undefined, { signal }).catch(() => {});
    if (!signal.aborted) work();
  }
};

const rowOf = (ledger: Ledger, { main, all }: Usage, cores: number): Row => ({
  totals: ledger.totals(performance.now() - LATE_MS, false),
  delays: ledger.delays(),
  disorders: ledger.disorders(),
  main,
  all,
  cores,
});
