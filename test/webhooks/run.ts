/**
 * Delivers events of many sessions to an endpoint that fails, by a deliverer that is killed, from workers whose
 * answers get lost. Requirements: none is lost, each session's come in their order, a repeat has the same id and
 * body, and events that a short policy gave up on come in their order once they are sent again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Webhook } from '../../contract/bodies/session-config.ts';
import type { WorkerEvent } from '../../contract/worker/protocol.ts';
import { createSession } from '../../core/admission/create.ts';
import { listDeadLetters, redrive } from '../../core/events/dead-letters.ts';
import type { Session } from '../../core/lifecycle/session.ts';
import { acceptEvents } from '../../core/lifecycle/worker.ts';
import { Random } from '../simulation/kernel/random.ts';
import { type Endpoint, type Mode, startEndpoint } from './endpoint.ts';
import { openWebhookSystem, type WebhookSystem } from './system.ts';

type FaultRun = {
  readonly seed: number;
  readonly events: number;
  readonly sessions: number;
  /** How long the endpoint is down at a time. */
  readonly downMs: number;
  /** Of the sessions' webhooks; its attempts last longer than an outage. */
  readonly retryDelaySeconds: number;
  /** After which a message comes back whose deliverer was killed. */
  readonly visibilitySeconds: number;
  readonly kills: number;
  /** Some attempts find an endpoint that never answers: ten seconds each. */
  readonly hangs: boolean;
  /** Everything must have come by then. */
  readonly limitMs: number;
  readonly onProgress?: (line: string) => void;
};

type FaultReport = {
  readonly sent: number;
  readonly taken: number;
  readonly repeats: number;
  readonly failedAttempts: number;
  readonly killed: number;
  readonly redriven: number;
  readonly seconds: number;
  /** Empty: all promises were kept. */
  readonly broken: readonly string[];
};

const KEY = 'the key of every webhook here';
/** One of the sessions has a policy that gives up during every outage. */
const IMPATIENT = 0;

export const runFaults = async (run: FaultRun): Promise<FaultReport> => {
  const random = new Random(run.seed);
  const endpoint = await startEndpoint(KEY);
  const system = await openWebhookSystem(run.visibilitySeconds);
  const begun = performance.now();
  const say = (text: string) =>
    run.onProgress?.(`${((performance.now() - begun) / 1000).toFixed(0).padStart(5)} s  ${text}`);
  try {
    const sessions = await sessionsOf(system, run, endpoint.url);
    const sent = new Map(
      sessions.map((session) => [session.listName, eventsOf(session, Math.floor(run.events / run.sessions))]),
    );
    const total = [...sent.values()].reduce((sum, events) => sum + events.length, 0);
    say(`seed ${run.seed}: ${total} events of ${sessions.length} sessions`);
    const dead = new Set<string>();
    const killed = { count: 0 };
    const over = new AbortController();
    const faults = disturb(system, endpoint, run, random, { total, dead, killed, say, signal: over.signal });
    await Promise.all(
      sessions.map((session) => sendAll(system, random, session, sent.get(session.listName) ?? [])),
    );
    say('all are sent');
    const redriven = { count: 0 };
    await untilAllCame(system, endpoint, { total, dead, redriven, run, say, faults });
    over.abort();
    await faults;
    const left = await deadLetters(system);
    return {
      sent: total,
      taken: endpoint.count,
      repeats: endpoint.repeats,
      failedAttempts: endpoint.failures,
      killed: killed.count,
      redriven: redriven.count,
      seconds: (performance.now() - begun) / 1000,
      broken: [
        ...endpoint.defects,
        ...(system.unhandled() > 0 ? [`${system.unhandled()} messages were set aside`] : []),
        ...(left.length > 0 ? [`${left.length} dead letters are left`] : []),
        ...[...sent].flatMap(([name, events]) => compare(name, events, endpoint, dead)),
      ],
    };
  } finally {
    await system.close();
    await endpoint.close();
  }
};

const sessionsOf = ({ deps }: WebhookSystem, run: FaultRun, url: string): Promise<Session[]> =>
  Promise.all(
    Array.from({ length: run.sessions }, async (_, i) => {
      const attempts = i === IMPATIENT ? 2 : 30;
      const delaySeconds = i === IMPATIENT ? 1 : run.retryDelaySeconds;
      const webhook: Webhook = {
        // A separate one: the others' failures would open its circuit breaker, and it would wait instead of giving up.
        url: i === IMPATIENT ? `${url}/impatient` : url,
        events: ['*'],
        hmac: { key: KEY },
        retries: { policy: 'constant', delaySeconds, attempts },
      };
      const name = `session-${i}`;
      const request = { userId: 'faults', name, config: { webhooks: [webhook] }, start: false };
      return (await createSession(deps, request)).session;
    }),
  );

const eventsOf = (session: Session, count: number): WorkerEvent[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `evt_${`${session.listName.slice('session-'.length)}X${n}`.padStart(26, '0')}`,
    timestamp: n,
    event: 'message',
    payload: { n, body: `message ${n} of ${session.listName}` },
  }));

/** As a worker does: in batches of ten at most, one after the other, each again until it is answered. */
const sendAll = async (
  { deps }: WebhookSystem,
  random: Random,
  session: Session,
  events: readonly WorkerEvent[],
): Promise<void> => {
  for (let at = 0; at < events.length; ) {
    const batch = events.slice(at, at + random.int(1, 10));
    do await acceptEvents(deps, session, { events: batch });
    while (random.chance(0.03)); // The answer is lost, or was a 503 after the fact.
    at += batch.length;
  }
};

type Watch = {
  readonly total: number;
  readonly dead: Set<string>;
  readonly say: (text: string) => void;
};

/** Fault after fault, spread over the time in which events are taken. */
const disturb = async (
  system: WebhookSystem,
  endpoint: Endpoint,
  run: FaultRun,
  random: Random,
  watch: Watch & { readonly killed: { count: number }; readonly signal: AbortSignal },
): Promise<void> => {
  const { total, say, killed, signal } = watch;
  const until = async (holds: () => boolean) => {
    while (!holds() && !signal.aborted) await sleep(20);
  };
  const turn = async (mode: Mode, ms: number, enough = async () => true) => {
    say(`endpoint: ${mode} for ${ms} ms`);
    endpoint.mode = mode;
    do await sleep(ms);
    while (!(await enough()));
    endpoint.mode = 'up';
  };
  /** Until something was given up on, at the latest for a few times as long. */
  const outage = async () => {
    const end = performance.now() + 5 * run.downMs;
    await turn(
      'down',
      run.downMs,
      async () => performance.now() > end || (await deadLetters(system)).length > 0,
    );
  };
  const kill = async () => {
    let count = 0;
    while (count === 0 && !signal.aborted) {
      await until(() => system.inFlight() > 0);
      count = await system.kill();
    }
    killed.count += count;
    say(`deliverer killed, ${count} in flight`);
  };
  const faults: (() => Promise<void>)[] = [
    ...Array.from({ length: run.kills }, () => kill),
    () => turn('errors', Math.min(run.downMs, random.int(1_500, 3_000))),
    () => turn('resets', random.int(500, 1_500)),
    () => turn('slow', random.int(500, 1_500)),
    ...(run.hangs ? [() => turn('hangs', 2_000), () => turn('down', run.downMs / 4)] : []),
  ];
  // The long outage comes while there still is something to be given up on.
  const order = [
    { fault: outage, at: random.next() / 3 },
    ...faults.map((fault) => ({ fault, at: random.next() })),
  ].sort((a, b) => a.at - b.at);
  for (const [i, { fault }] of order.entries()) {
    await until(() => endpoint.count >= (0.9 * total * (i + 1)) / (order.length + 1));
    if (!signal.aborted) await fault();
  }
};

const untilAllCame = async (
  system: WebhookSystem,
  endpoint: Endpoint,
  watch: Watch & {
    readonly run: FaultRun;
    readonly redriven: { count: number };
    readonly faults: Promise<void>;
  },
): Promise<void> => {
  const { total, dead, run, say, redriven, faults } = watch;
  const giveUpAt = performance.now() + run.limitMs;
  let calm = false;
  void faults.then(() => {
    calm = true;
  });
  let saidAt = performance.now();
  while (performance.now() < giveUpAt) {
    for (const { eventId } of await deadLetters(system)) dead.add(eventId);
    if (endpoint.count >= total && calm && system.waiting() === 0 && (await deadLetters(system)).length === 0)
      return;
    // Sent again only when everything else is through: until then order is about those that were not given up.
    if (calm && system.waiting() === 0) redriven.count += (await redrive(system.deps, {}, 20_000)).redriven;
    if (performance.now() - saidAt > 10_000) {
      saidAt = performance.now();
      say(
        `${endpoint.count} taken, ${endpoint.repeats} again, ${system.waiting()} wait, ${dead.size} were given up`,
      );
    }
    await sleep(100);
  }
};

const deadLetters = async ({ deps }: WebhookSystem) => {
  const letters = [];
  let cursor: string | undefined;
  do {
    const page = await listDeadLetters(deps, {}, { limit: 500, ...(cursor === undefined ? {} : { cursor }) });
    letters.push(...page.letters);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return letters;
};

/**
 * An event that was given up on comes later than its neighbors, in its own order. The endpoint may have taken it before it
 * was given up, if the connection broke instead of an answer: what counts is when it was sent again.
 */
const compare = (
  name: string,
  events: readonly WorkerEvent[],
  endpoint: Pick<Endpoint, 'taken' | 'takenLast'>,
  dead: ReadonlySet<string>,
): string[] => {
  const taken = endpoint.taken.get(name) ?? [];
  const takenLast = endpoint.takenLast.get(name) ?? [];
  const sent = events.map(({ id }) => id);
  const missing = sent.filter((id) => !taken.includes(id));
  const inOrder = (ids: readonly string[], of: (id: string) => boolean) =>
    sent.filter(of).join() === ids.filter(of).join();
  return [
    ...(missing.length > 0 ? [`${name}: ${missing.length} events were lost, ${missing[0]} among them`] : []),
    ...(taken.some((id) => !sent.includes(id)) ? [`${name}: an event came that was not sent`] : []),
    ...(missing.length === 0 && !inOrder(taken, (id) => !dead.has(id)) ? [`${name}: out of order`] : []),
    ...(missing.length === 0 && !inOrder(takenLast, (id) => dead.has(id))
      ? [`${name}: redriven out of order`]
      : []),
  ];
};
