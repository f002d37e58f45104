/** The invariants of standby tasks in the simulation, and the behavior of sessions that get one. */

import type { Assignment } from '../../contract/worker/protocol.ts';
import { STANDBY_PARTITION, STANDBY_TASK, standbyKey } from '../../core/items.ts';
import type { Session } from '../../core/lifecycle/session.ts';
import { changePlan } from '../../core/standby/plan.ts';
import { isOpen, type StandbyTask, standbyTaskSchema, tasksIn } from '../../core/standby/task.ts';
import type { Process } from './kernel/scheduler.ts';
import { USERS } from './model/clients.ts';
import type { Cloud, SimulatedTask } from './model/cloud.ts';
import { STOP_TIMEOUT_MS } from './model/engine.ts';
import * as functions from './model/functions.ts';
import { FUNCTION_LIMIT_MS, invoke } from './model/http.ts';
import type { SimulatedCloud } from './model/simulated-cloud.ts';
import type { ItemChange } from './model/table.ts';

export class StandbyRules {
  readonly #cloud: Cloud;
  claims = 0;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  committed(changes: readonly ItemChange[], by: Process): void {
    for (const change of changes)
      if (change.key.pk === STANDBY_PARTITION && change.key.sk.startsWith(STANDBY_TASK))
        this.#taskChanged(change, changes, by);
  }

  #taskChanged({ before: old, after: item }: ItemChange, changes: readonly ItemChange[], by: Process): void {
    const before = old && standbyTaskSchema.parse(old);
    const after = item && standbyTaskSchema.parse(item);
    if (!after?.claimedBy) return;
    const { sk, claimedBy } = after;
    if (before?.claimedBy) {
      if (JSON.stringify(before.claimedBy) !== JSON.stringify(claimedBy))
        this.#broken(`${sk} was claimed twice`);
      return;
    }
    this.claims += 1;
    if (!before || !isOpen(before)) this.#broken(`${sk} was claimed and is not offered`);
    const { engine } = this.#cloud;
    // A function that began before a deployment continues with what it has read.
    const began = Number(by.name.split('#')[1]);
    if (before?.revision !== engine.revision && began > engine.deployedAt)
      this.#broken(`${sk} of ${before?.revision} was claimed`);
    const session = changes.find(({ key }) => key.pk.startsWith('SESSION#'))?.after;
    if (session?.sessionId !== claimedBy.sessionId || session.epoch !== claimedBy.epoch)
      this.#broken(`${sk} was claimed for a session that does not say so`);
  }

  sessionChanged(before: Session | undefined, after: Session | undefined, by: Process): void {
    if (!before) return;
    const isSame = after?.epoch === before.epoch;
    if (isSame && before.standby && after.standby && after.standby.id !== before.standby.id)
      this.#broken(`${before.sessionId}:${before.epoch} claimed a second standby task`);
    if (isSame && !before.standby && after.standby && before.taskArn !== undefined)
      this.#broken(`${before.sessionId}:${before.epoch} has a task and claimed a standby task`);
    const ended = before.slotShard !== undefined && (after?.slotShard === undefined || !isSame);
    if (ended && before.workerSecretHash === undefined && by.name.startsWith('standby-events'))
      this.#broken(`${before.sessionId}:${before.epoch} ended with a standby task that never served it`);
  }

  assigned({ standby, taskArn }: SimulatedTask, { sessionId, epoch }: Assignment): void {
    const task = standby && this.#find(standby.standbyId);
    if (!task) return;
    if (task.claimedBy?.sessionId !== sessionId || task.claimedBy.epoch !== epoch)
      this.#broken(`${taskArn} was sent ${sessionId}:${epoch}, which did not claim it`);
  }

  stops(
    { standby, taskArn, launch, worker }: SimulatedTask,
    session: Session | undefined,
    by: Process,
  ): void {
    if (!standby) return;
    if (by.name.startsWith('reconciler') && this.#find(standby.standbyId))
      this.#broken(`${taskArn} was stopped as a task without a session`);
    const serves =
      worker?.live &&
      session?.slotShard !== undefined &&
      session.epoch === launch.epoch &&
      session.workerTaskArn === taskArn &&
      session.state !== 'STOPPING';
    if (serves && by.name.startsWith('reaper') && session.lastHeartbeatAt !== undefined)
      this.#servesAndIsStopped(taskArn, session);
  }

  /** A sweep that ends the session has written that down before it stops the task. */
  #servesAndIsStopped(taskArn: string, { sessionId, epoch }: Session): void {
    this.#broken(`${taskArn} was stopped while it served ${sessionId}:${epoch}`);
  }

  /** A task that waits, as the sweep knows it. */
  isWaiting({ standby, launch }: SimulatedTask): boolean {
    if (!standby || launch.sessionId !== '') return false;
    const task = this.#find(standby.standbyId);
    return task !== undefined && isOpen(task);
  }

  /** Long after the end of the faults: tasks that wait for no session and are not offered. */
  checkSettled(sweepMs: number): void {
    const { engine, trueTime } = this.#cloud;
    for (const { standby, launch, state, taskArn, createdAt } of engine.tasks.values()) {
      if (!standby || launch.sessionId !== '' || state === 'stopped') continue;
      const task = this.#find(standby.standbyId);
      const endsSince = task?.retiredAt ?? task?.claimedAt;
      if (task && isOpen(task)) continue;
      if (trueTime - (endsSince ?? createdAt) > STOP_TIMEOUT_MS + 4 * sweepMs)
        this.#broken(`${taskArn} waits for nothing`);
    }
  }

  #find(id: string): StandbyTask | undefined {
    const item = this.#cloud.table.get(standbyKey(id));
    return item && standbyTaskSchema.parse(item);
  }

  #broken(detail: string): void {
    this.#cloud.violate('standby', detail);
  }
}

/** Deployments of another task definition, while sessions start. */
export const deployments = ({ engine, random, scheduler }: SimulatedCloud, stormMs: number): void => {
  for (let n = random.int(0, 3); n > 0; n--)
    scheduler.in(random.int(0, stormMs), undefined, 'a deployment', () => engine.deploy());
};

const USER = USERS[0];
/** For a claim that leads nowhere, above what a cold start takes. */
const COLD_WITHIN_MS = 12_000;

/**
 * A session starts while one standby task is ready, which serves it, or dies or hangs at that moment. Either way it comes
 * up; without the standby task, it is launched within seconds.
 */
export const standbyServes = async (
  cloud: SimulatedCloud,
  held: number,
  find: (userId: string, name: string) => Session | undefined,
  pass: (ms: number) => Promise<void>,
  sweepMs: number,
): Promise<void> => {
  const { engine, random, scheduler, settings, trueTime } = cloud;
  scheduler.note('---- a standby task and a session');
  const global = held + 3;
  void invoke(
    cloud,
    'limits',
    async (deps) => {
      await functions.limits(deps, { global, user: { userId: USER, limit: global } });
      await changePlan(deps, { target: 1, hours: [] });
    },
    FUNCTION_LIMIT_MS,
  );
  await pass(settings.orphanGraceSeconds * 1000 + STOP_TIMEOUT_MS + 5 * sweepMs);
  const ready = tasksIn(cloud.table.query({ partition: STANDBY_PARTITION, limit: 1000 }).items).filter(
    (task) => isOpen(task) && task.readyAt !== undefined,
  );
  const [task] = [...engine.tasks.values()].filter(({ taskArn, state }) =>
    ready.some((known) => known.taskArn === taskArn && state === 'running'),
  );
  if (!task?.worker) return cloud.violate('standby', `none of 1 is ready ${trueTime}`);
  const way = random.pick(['serves', 'died', 'hangs', 'dies while ECS is out'] as const);
  scheduler.note(`---- ${task.taskArn} ${way}`);
  if (way === 'died') task.worker.process.dead = true;
  if (way === 'hangs') task.worker.process.frozenUntil = scheduler.now + 24 * 3_600_000;
  if (way === 'dies while ECS is out') {
    task.worker.process.dead = true;
    cloud.chaos.beginOutage('engine', scheduler.now + 4_000, 'in the calm as well');
    scheduler.in(1_000, undefined, `${task.taskArn} is gone`, () => engine.exited(task, 'SIGKILL'));
  }
  const began = cloud.trueTime;
  const request = {
    userId: USER,
    name: 'standby',
    config: {},
    start: true,
    idempotencyKey: 'key of standby',
  };
  void invoke(cloud, 'create', (deps) => functions.create(deps, request), FUNCTION_LIMIT_MS);
  let session: Session | undefined;
  // A cold start takes a minute at the most here. A running session may soon be unlinked by its phone.
  for (let waited = 0; waited < 80_000 && session?.state !== 'RUNNING'; waited += 1_000) {
    await pass(1_000);
    session = find(USER, 'standby');
  }
  // The next sweep but one launches it at the latest; that it does not end meanwhile is checked at every commit.
  if (way === 'dies while ECS is out') return;
  if (session?.state !== 'RUNNING')
    return cloud.violate('standby', `the session is ${session?.state}, its standby task ${way}`);
  const own = [...engine.tasks.values()].filter(
    ({ standby, launch }) => !standby && launch.sessionId === session.sessionId,
  );
  if (way === 'serves') {
    if (session.workerTaskArn !== task.taskArn || own.length > 0)
      cloud.violate('standby', `${task.taskArn} was ready, and ${session.workerTaskArn} serves`);
  } else if (!own.some(({ createdAt }) => createdAt - began < COLD_WITHIN_MS))
    cloud.violate('standby', `no task was launched in time after ${task.taskArn} ${way}`);
  if (way === 'died') engine.exited(task, 'SIGKILL');
  task.worker.process.frozenUntil = 0;
};
