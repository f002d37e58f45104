/**
 * More sessions are created at once than there are slots, and than ECS launches at once, while the database may refuse
 * for a few seconds. No caller gets an error for an admitted session, and every admitted session is launched once ECS permits it.
 */
import { Problem } from '../../contract/errors.ts';
import type { Session } from '../../core/lifecycle/session.ts';
import type { Invariants } from './invariants.ts';
import { USERS } from './model/clients.ts';
import * as functions from './model/functions.ts';
import { FUNCTION_LIMIT_MS, invoke, type Outcome } from './model/http.ts';
import { Rush } from './model/rush.ts';
import type { SimulatedCloud } from './model/simulated-cloud.ts';

const USER = USERS[0];
const SETTLE_MS = 15_000;

type Asked = { readonly name: string; outcome: Outcome<Session> | undefined };

/** @param pass lets so many milliseconds pass @param sweepMs between two sweeps */
export const burst = async (
  cloud: SimulatedCloud,
  invariants: Invariants,
  pass: (ms: number) => Promise<void>,
  sweepMs: number,
): Promise<void> => {
  const { engine, random, scheduler, settings } = cloud;
  scheduler.note('---- a burst');
  const room = random.int(6, 10);
  const global = invariants.held + room;
  void invoke(
    cloud,
    'limits',
    (deps) => functions.limits(deps, { global, user: { userId: USER, limit: global } }),
    SETTLE_MS,
  );
  await pass(SETTLE_MS);

  engine.rush = new Rush(cloud);
  const asked = Array.from({ length: room + random.int(1, 3) }, (_, i) => create(cloud, `burst-${i}`));
  if (random.chance(0.7)) refuseWrites(cloud);
  await pass(FUNCTION_LIMIT_MS + 5_000);
  checkAnswers(cloud, invariants, asked, room);

  engine.rush = undefined;
  await pass(settings.launchRetrySeconds * 1000 + 2 * sweepMs);
  checkLaunches(cloud, invariants, asked);
};

const create = (cloud: SimulatedCloud, name: string): Asked => {
  const asked: Asked = { name, outcome: undefined };
  const request = { userId: USER, name, config: {}, start: true, idempotencyKey: `key of ${name}` };
  cloud.scheduler.in(cloud.random.int(0, 300), undefined, `create ${name}`, () => {
    void invoke(cloud, 'create', (deps) => functions.create(deps, request), FUNCTION_LIMIT_MS).then(
      (outcome) => {
        asked.outcome = outcome;
      },
    );
  });
  return asked;
};

const refuseWrites = ({ chaos, random, scheduler }: SimulatedCloud): void => {
  const ms = random.int(1_000, 9_000);
  scheduler.in(random.int(0, 2_000), undefined, 'the database refuses in the burst', () =>
    chaos.beginOutage('store', scheduler.now + ms, 'in the calm as well'),
  );
};

const checkAnswers = (
  cloud: SimulatedCloud,
  invariants: Invariants,
  asked: readonly Asked[],
  room: number,
): void => {
  let refused = 0;
  let made = 0;
  for (const { name, outcome } of asked) {
    const session = invariants.find(USER, name);
    if (session) made += 1;
    if (outcome === undefined || outcome.kind === 'died') {
      cloud.violate('admitted', `create of ${name} ran out of time (${session?.state ?? 'not admitted'})`);
    } else if (outcome.kind === 'failed') {
      if (session) cloud.violate('admitted', `${name} is ${session.state}, its caller: ${outcome.error}`);
      if (outcome.error instanceof Problem) refused += 1;
    }
  }
  if (refused > 0 && made < room) {
    cloud.violate('room', `${refused} of a burst were refused, ${made} of ${room} slots were taken`);
  }
};

const checkLaunches = (cloud: SimulatedCloud, invariants: Invariants, asked: readonly Asked[]): void => {
  for (const { name } of asked) {
    const session = invariants.find(USER, name);
    if (session?.state === 'PENDING') cloud.violate('admitted', `${name} was never launched`);
    if (session?.stopReason === 'launch_failed') {
      cloud.violate('admitted', `${name} was given up: ${session.detail}`);
    }
  }
};
