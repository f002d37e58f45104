/** Callers of the API: several people who do everything at once, impatiently, and repeat what was not answered. */
import type { SessionConfig } from '../../../contract/bodies/session-config.ts';
import { Problem } from '../../../contract/errors.ts';
import type { Deps } from '../../../core/deps.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import type { Process } from '../kernel/scheduler.ts';
import type { Cloud } from './cloud.ts';
import * as functions from './functions.ts';
import { type Handler, request, TryAgain } from './http.ts';

export const USERS = ['ann', 'bob', 'cy'] as const;

export type People = {
  readonly users: readonly [string, ...string[]];
  readonly names: readonly [string, ...string[]];
  readonly bursts: number;
};

/** Spreads bursts of calls over `withinMs`: what races is what comes together. */
export const callers = (cloud: Cloud, people: People, withinMs: number): void => {
  for (let burst = 0; burst < people.bursts; burst++) {
    const at = cloud.random.int(0, withinMs);
    const kind = cloud.random.pick([
      'anything' as const,
      'anything' as const,
      'one session' as const,
      'one user' as const,
      'rush' as const,
      'churn' as const,
      'sway' as const,
      'contest' as const,
      'sends' as const,
    ]);
    if (kind === 'rush') rush(cloud, people, burst, at);
    else if (kind === 'churn') churn(cloud, people, burst, at);
    else if (kind === 'sway') sway(cloud, people, burst, at);
    else if (kind === 'contest') contest(cloud, people, burst, at);
    else if (kind === 'sends') sends(cloud, people, burst, at);
    else together(cloud, people, burst, at, kind);
  }
};

const together = (
  cloud: Cloud,
  people: People,
  burst: number,
  at: number,
  kind: 'anything' | 'one session' | 'one user',
): void => {
  const { random } = cloud;
  const width = random.pick([5, 200, 3_000]);
  const named = someone(cloud, people);
  for (let i = random.int(1, 6); i > 0; i--) {
    const other = someone(cloud, people);
    const one =
      kind === 'one session' ? named : kind === 'one user' ? { ...other, userId: named.userId } : other;
    const draw = kind === 'one user' ? random.next() * ONLY_STARTS : random.next();
    comes(cloud, `caller ${burst}.${i}`, at + random.int(0, width), one, draw);
  }
};

/** All sessions ended a moment ago, and all users start one at the same time; sometimes the limits change meanwhile. */
const rush = (cloud: Cloud, people: People, burst: number, at: number): void => {
  const { random } = cloud;
  const width = random.pick([5, 50, 500]);
  comes(cloud, `admin ${burst}`, Math.max(0, at - 100_000), someone(cloud, people), ENDS_ALL);
  for (let i = random.int(4, 9); i > 0; i--) {
    const draw = random.next() * ONLY_STARTS;
    comes(cloud, `caller ${burst}.${i}`, at + random.int(0, width), someone(cloud, people), draw);
  }
  // Sweeps that fall into it are what reads counts while they move.
  for (const sweep of [functions.sweep, functions.reconciliation]) {
    if (!random.chance(0.5)) continue;
    cloud.scheduler.in(at + random.int(0, width), undefined, 'a sweep in a rush', () => void sweep(cloud));
  }
  for (let i = random.int(0, 2); i > 0; i--) {
    comes(cloud, `operator ${burst}.${i}`, at + random.int(0, width), someone(cloud, people), CHANGES_LIMITS);
  }
};

/** Slots move from session to session for a while, and are counted meanwhile. */
const churn = (cloud: Cloud, people: People, burst: number, at: number): void => {
  const { random } = cloud;
  const width = random.int(3_000, 15_000);
  if (random.chance(0.5)) comes(cloud, `admin ${burst}`, at, someone(cloud, people), ENDS_ALL);
  for (let i = random.int(10, 25); i > 0; i--) {
    const draw = random.chance(0.35) ? STOPS : random.next() * ONLY_STARTS;
    comes(cloud, `caller ${burst}.${i}`, at + random.int(0, width), someone(cloud, people), draw);
  }
  for (let i = random.int(2, 8); i > 0; i--) {
    const run = () => void functions.reconciliation(cloud);
    cloud.scheduler.in(at + random.int(0, width), undefined, 'a recount in a churn', run);
  }
};

/** One slot that moves from shard to shard, started and stopped before its task is launched, beside one who asks. */
const sway = (cloud: Cloud, people: People, burst: number, at: number): void => {
  const { random } = cloud;
  comes(cloud, `admin ${burst}`, Math.max(0, at - 100_000), someone(cloud, people), ENDS_ALL);
  starting(cloud, `operator ${burst}`, at - 5_000, (operator) =>
    call(cloud, operator, 'limits of 2', (deps) => functions.limits(deps, { global: 2, userDefault: 2 })),
  );
  let moment = at;
  for (let i = random.int(5, 15); i > 0; i--) {
    const one = someone(cloud, people);
    comes(cloud, `mover ${burst}.${i}`, moment, one, STARTS);
    comes(cloud, `mover ${burst}.${i}`, moment + random.int(50, 200), one, STOPS);
    moment += random.int(150, 600);
  }
  comes(cloud, `caller ${burst}`, random.int(at, moment), someone(cloud, people), STARTS);
};

/** Several operators, each of whom sets a different limit, while sessions are started. */
const contest = (cloud: Cloud, people: People, burst: number, at: number): void => {
  const { random } = cloud;
  const width = random.pick([20, 200, 2_000]);
  for (let i = random.int(2, 4); i > 0; i--) {
    const global = random.int(0, 5);
    starting(cloud, `operator ${burst}.${i}`, at + random.int(0, width), (operator) =>
      call(cloud, operator, `limits of ${global}`, (deps) => functions.limits(deps, { global })),
    );
  }
  for (let i = random.int(3, 8); i > 0; i--) {
    const draw = random.next() * ONLY_STARTS;
    comes(cloud, `caller ${burst}.${i}`, at + random.int(0, width), someone(cloud, people), draw);
  }
};

/** All clients send through one session, a stopped one if there is any; some repeat another client's request. */
const sends = (cloud: Cloud, people: People, burst: number, at: number): void => {
  cloud.scheduler.in(at, undefined, `senders ${burst} meet`, () => {
    const linked = [...cloud.table.items()].filter((item) => item.authState !== undefined);
    const stopped = linked.find((item) => item.slotShard === undefined) ?? linked[0];
    const named = stopped
      ? { userId: String(stopped.listUser), name: String(stopped.listName) }
      : someone(cloud, people);
    sendThrough(cloud, named, burst);
  });
};

const sendThrough = (cloud: Cloud, named: functions.Named, burst: number): void => {
  const { random } = cloud;
  const width = random.pick([5, 300, 20_000]);
  const shared = { text: random.text(8), key: random.text(8) };
  for (let i = random.int(2, 4); i > 0; i--) {
    const message = random.chance(0.5) ? shared : newMessage(cloud);
    const caller = `sender ${burst}.${i}`;
    starting(cloud, caller, random.int(0, width), (by) => send(cloud, by, named, message));
  }
};

/** Draws of `act`. */
const ONLY_STARTS = 0.52;
const STARTS = 0.4;
const STOPS = 0.6;
const CHANGES_LIMITS = 0.95;
const ENDS_ALL = 1;

const comes = (cloud: Cloud, name: string, at: number, named: functions.Named, draw: number): void =>
  starting(cloud, name, at, (caller) => act(cloud, caller, named, draw));

const starting = (
  cloud: Cloud,
  name: string,
  at: number,
  run: (caller: Process) => Promise<unknown>,
): void => {
  cloud.scheduler.in(at, undefined, `${name} comes`, () => {
    run(cloud.spawn(name)).catch((error: unknown) => {
      cloud.violate('defect', `caller: ${error instanceof Error ? error.stack : String(error)}`);
    });
  });
};

const someone = ({ random }: Cloud, people: People): functions.Named => ({
  userId: random.pick(people.users),
  name: random.pick(people.names),
});

const act = (cloud: Cloud, caller: Process, named: functions.Named, draw: number): Promise<unknown> => {
  const { random } = cloud;
  const { userId } = named;
  if (draw < 0.3) return create(cloud, caller, named);
  if (draw < 0.52) {
    return call(cloud, caller, 'start', (deps) =>
      withCause(cloud, userId, () => functions.start(deps, named, mayAnswerStart(cloud))),
    );
  }
  if (draw < 0.67) {
    return call(cloud, caller, 'stop', (deps) =>
      functions.stop(deps, named, (session) => cloud.watcher?.stopAnswered(session)),
    );
  }
  if (draw < 0.75) return call(cloud, caller, 'restart', (deps) => functions.restart(deps, named));
  if (draw < 0.8) return call(cloud, caller, 'delete', (deps) => functions.remove(deps, named));
  if (draw < 0.85)
    return call(cloud, caller, 'logout', (deps) => functions.logout(deps, named, mayAnswerLogout(cloud)));
  if (draw < 0.88) {
    const config = randomConfig(cloud);
    return call(cloud, caller, 'update', (deps) => functions.update(deps, named, config));
  }
  if (draw < 0.92) return send(cloud, caller, named, newMessage(cloud));
  if (draw < 0.97) {
    const change = randomLimits(cloud, userId);
    return call(cloud, caller, `limits ${JSON.stringify(change)}`, (deps) => functions.limits(deps, change));
  }
  const mode =
    draw === ENDS_ALL ? 'emergency' : random.pick<'regular' | 'emergency'>(['regular', 'emergency']);
  const filter =
    draw === ENDS_ALL || random.chance(0.5)
      ? {}
      : random.chance(0.5)
        ? { userId }
        : { olderThanSeconds: 300 };
  return call(cloud, caller, `cleanup ${mode}`, (deps) =>
    functions.cleanup(deps, { mode, dryRun: false, filter }),
  );
};

/** With a key, a repeat is the same message; without, each request is a separate message. */
type Text = { readonly text: string; readonly key: string } | undefined;
const newMessage = ({ random }: Cloud): Text =>
  random.chance(0.5) ? { text: random.text(8), key: random.text(8) } : undefined;

const send = (cloud: Cloud, caller: Process, named: functions.Named, message: Text): Promise<unknown> =>
  call(cloud, caller, 'send', (deps) =>
    withCause(cloud, named.userId, () =>
      functions.send(deps, named, message ?? { text: cloud.random.text(8), key: undefined }),
    ),
  );

const mayAnswerStart =
  (cloud: Cloud) =>
  ({ sessionId, epoch, state }: Session): void => {
    if (state === 'STOPPING') cloud.violate('start', `${sessionId}:${epoch} is stopping`);
  };

const mayAnswerLogout =
  (cloud: Cloud) =>
  (before: Session, { sessionId, epoch, state, authState }: Session): void => {
    if (state === 'STOPPING') cloud.violate('logout', `${sessionId}:${epoch} is stopping`);
    if (authState !== undefined && authState.key === before.authState?.key)
      cloud.violate('logout', `${sessionId}:${epoch} still has ${authState.key}`);
  };

/** A refusal needs a moment without room while the call was made. */
const withCause = async <T>(cloud: Cloud, userId: string, run: () => Promise<T>): Promise<T> => {
  const since = cloud.scheduler.steps;
  try {
    return await run();
  } catch (error) {
    if (error instanceof Problem && error.code === 'too_many') {
      cloud.watcher?.refused(error.extras.scope === 'user' ? userId : undefined, since);
    }
    throw error;
  }
};

/** The same key until it is answered: the first answer stays the answer. */
const create = async (cloud: Cloud, caller: Process, named: functions.Named): Promise<void> => {
  const idempotencyKey = cloud.random.text(8);
  const start = cloud.random.chance(0.85);
  const config = randomConfig(cloud);
  const asked = (deps: Deps) =>
    withCause(cloud, named.userId, () => functions.create(deps, { ...named, config, start, idempotencyKey }));
  const made = (): Promise<Session | undefined> => call(cloud, caller, 'create', asked);
  const first = await made();
  if (!first || !cloud.random.chance(0.3)) return;
  await cloud.sleep(caller, cloud.random.int(1, 20_000));
  try {
    const again = await attempt(cloud, caller, 'create again', asked);
    if (again.sessionId !== first.sessionId) {
      cloud.violate('answer', `${first.sessionId} was made at first, then ${again.sessionId}`);
    }
  } catch (error) {
    if (error instanceof TryAgain) return;
    // Another caller deleted it since: there is no session left to return.
    const known = cloud.table.get({ pk: `SESSIONID#${first.sessionId}`, sk: 'META' });
    if (known) cloud.violate('answer', `${first.sessionId} was made at first, then: ${String(error)}`);
  }
};

const call = async <T>(
  cloud: Cloud,
  caller: Process,
  name: string,
  handler: Handler<T>,
): Promise<T | undefined> => {
  for (let tries = cloud.random.int(1, 4); tries > 0; tries--) {
    try {
      return await attempt(cloud, caller, name, handler);
    } catch (error) {
      if (error instanceof Problem && error.code !== 'conflict') return undefined;
      if (!(error instanceof TryAgain) && !(error instanceof Problem)) throw error;
      await cloud.sleep(caller, cloud.random.skewed(10, 8_000));
    }
  }
  return undefined;
};

const attempt = <T>(cloud: Cloud, caller: Process, name: string, handler: Handler<T>): Promise<T> =>
  request(cloud, caller, { name, timeoutMs: cloud.random.chance(0.1) ? 2_000 : 30_000 }, handler);

const randomConfig = ({ random }: Cloud): SessionConfig => ({
  ...(random.chance(0.2) ? { idleTimeoutSeconds: random.int(10, 120) } : {}),
  ...(random.chance(0.2) ? { maxDurationSeconds: random.int(60, 400) } : {}),
  ...(random.chance(0.1) ? { keepAlive: true } : {}),
  ...(random.chance(0.75) ? { restart: randomRestart(random) } : {}),
  ...(random.chance(0.3) ? { webhooks: [{ url: 'https://example.com/hook', events: ['*' as const] }] } : {}),
});

const randomRestart = (random: Cloud['random']): NonNullable<SessionConfig['restart']> => ({
  policy: random.pick(['always', 'always', 'always', 'on-failure', 'never']),
  ...(random.chance(0.7) ? { maxAttempts: random.int(1, 3), windowSeconds: random.pick([120, 600]) } : {}),
});

const randomLimits = ({ random }: Cloud, userId: string) => {
  const draw = random.next();
  if (draw < 0.35) return { global: random.pick([0, 1, 2, 3, 4, 5, 6, 201, 230]) };
  if (draw < 0.8) return { userDefault: random.pick([0, 1, 1, 2, 2, 3]) };
  return { user: { userId, limit: random.chance(0.6) ? null : random.int(0, 4) } };
};
