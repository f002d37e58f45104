/**
 * The task engine, with what ECS does that a caller has to live with: a task may start late, after its stop, or
 * never; StopTask may be lost; the event that a task stopped may arrive late, twice or never.
 */
import type { Assignment } from '../../../contract/worker/protocol.ts';
import {
  type CommandOutcome,
  type LaunchRequest,
  type LaunchResult,
  type StandbyLaunch,
  type Task,
  type TaskEngine,
  TaskEngineUnavailable,
  WorkerTimeout,
  WorkerUnreachable,
} from '../../../core/ports.ts';
import type { Process } from '../kernel/scheduler.ts';
import type {
  Answer,
  Cloud,
  SimulatedCommand,
  SimulatedEngine,
  SimulatedTask,
  SimulatedWorker,
} from './cloud.ts';
import { hostEvents, standbyEvents, taskEvents } from './functions.ts';
import type { Rush } from './rush.ts';

/** ECS's stopTimeout: from SIGTERM to SIGKILL. */
export const STOP_TIMEOUT_MS = 50_000;

/** A function has ended by then. */
const LONGEST_MS = 40_000;

type SimulatedHost = {
  /** Tasks that it takes. */
  readonly room: number;
  draining: boolean;
  /** Its draining was handled to the end. */
  handled: boolean;
};

export class Engine implements SimulatedEngine {
  readonly tasks = new Map<string, SimulatedTask>();
  /** While more is requested than ECS launches. */
  rush: Rush | undefined;
  /** The task definition of now. */
  revision = 'worker:1';
  deployedAt = 0;
  /** Hosts that tasks share, by name, with the tasks that each takes; empty: each task has its own capacity. */
  readonly hosts = new Map<string, SimulatedHost>();
  /** Tasks without room wait, as with managed scaling, until there is some or they are stopped. */
  #waiting: SimulatedTask[] = [];
  readonly #byToken = new Map<string, SimulatedTask>();
  readonly #cloud: Cloud;
  readonly #providers: readonly string[];
  /** How often the first of two has no capacity. */
  readonly #shortage: number;
  readonly #newWorker: (task: SimulatedTask) => SimulatedWorker;

  constructor(cloud: Cloud, newWorker: (task: SimulatedTask) => SimulatedWorker) {
    this.#cloud = cloud;
    this.#newWorker = newWorker;
    this.#providers = cloud.random.chance(0.5) ? ['on-demand'] : ['spot', 'on-demand'];
    this.#shortage = cloud.random.pick([0.1, 0.5]);
  }

  port(process: Process): TaskEngine {
    return {
      launch: (request, limitMs) => {
        this.#cloud.watcher?.launched(request, process);
        const label = `RunTask ${request.sessionId}:${request.epoch}`;
        const { rush } = this;
        const answer = rush
          ? this.#cloud.call<LaunchResult>(process, label, (answer) =>
              rush.answer(answer, process, limitMs, () => this.#launch(request)),
            )
          : this.#call(process, label, () => this.#launch(request));
        return answer.finally(() => this.#cloud.watcher?.launchAnswered(request, process));
      },
      launchStandby: (request) =>
        this.#call(process, `RunTask ${request.standbyId}`, () =>
          this.#launch({ ...NO_SESSION, clientToken: request.clientToken }, request),
        ),
      revision: this.revision,
      stop: (taskArn, reason) =>
        this.#call(process, `StopTask ${taskArn} (${reason})`, () => {
          if (this.#cloud.chaos.strikes('stopTaskLost')) return;
          const task = this.tasks.get(taskArn);
          if (task) this.#cloud.watcher?.stops(task, reason, process);
          if (task) this.#stop(task);
        }),
      describe: (taskArn) =>
        this.#call(process, `DescribeTasks ${taskArn}`, () => {
          const task = this.tasks.get(taskArn);
          return task && described(task);
        }),
      listOnHost: (host) =>
        this.#call(process, `ListTasks on ${host}`, () =>
          [...this.tasks.values()]
            .filter((task) => task.state !== 'stopped' && this.#isListed(task) && task.host === host)
            .map(described),
        ),
      newestRevisions: () => [this.revision],
      // The draws of the model come first: a list of one session's tasks looks at all of them, as that of everything does.
      list: (launchedFor) =>
        this.#call(process, 'ListTasks', () =>
          [...this.tasks.values()]
            .filter((task) => task.state !== 'stopped' && this.#isListed(task))
            .filter((task) => launchedFor === undefined || startedBy(task) === launchedFor)
            .map(described),
        ),
    };
  }

  /** A command to a worker's own server. */
  command(
    process: Process,
    to: { readonly address: string; readonly epoch: number; readonly commandSecret: string },
    command: SimulatedCommand,
  ): Promise<CommandOutcome> {
    return this.#cloud.call<CommandOutcome>(process, `command ${command.name}`, (answer) => {
      const worker = this.workers().find((w) => w.address === to.address);
      if (!worker || worker.process.dead) return answer.fail(new WorkerUnreachable('refused'));
      if (worker.process.frozenUntil > this.#cloud.scheduler.now)
        return answer.fail(new WorkerTimeout('silent'));
      const outcome = worker.command(command, to);
      if (this.#cloud.chaos.strikes('commandAnswerLost')) answer.fail(new WorkerTimeout('silent (done)'));
      else answer.ok(outcome);
    });
  }

  /**
   * A session is sent to a standby task: the assignment may arrive late, twice or not at all, and its answer may be
   * lost.
   */
  assign(
    process: Process,
    to: { readonly address: string },
    assignment: Assignment,
    timeoutMs: number,
  ): Promise<boolean> {
    const { chaos, random, scheduler } = this.#cloud;
    return this.#cloud.call<boolean>(
      process,
      `assign ${assignment.sessionId}:${assignment.epoch}`,
      (answer) => {
        let answered = false;
        const once = (respond: () => void) => {
          if (!answered) respond();
          answered = true;
        };
        const find = () => this.workers().find((w) => w.address === to.address && !w.process.dead);
        const deliver = async (): Promise<void> => {
          const worker = find();
          if (!worker) return once(() => answer.fail(new WorkerUnreachable('refused')));
          if (worker.process.frozenUntil > scheduler.now) return;
          this.#cloud.watcher?.assigned(worker.task, assignment);
          const serves = await worker.assign(assignment);
          if (!chaos.strikes('commandAnswerLost')) once(() => answer.ok(serves));
        };
        scheduler.in(timeoutMs, undefined, 'no answer to an assignment', () =>
          once(() => answer.fail(new WorkerTimeout('silent'))),
        );
        if (chaos.strikes('requestLost')) return;
        if (chaos.strikes('requestTwice'))
          scheduler.in(random.int(1, 60_000), undefined, 'an assignment comes again', () => void deliver());
        if (chaos.strikes('requestLate'))
          scheduler.in(
            random.int(1_000, 60_000),
            undefined,
            'an assignment arrives late',
            () => void deliver(),
          );
        else void deliver();
      },
    );
  }

  workers(): SimulatedWorker[] {
    return [...this.tasks.values()].flatMap((task) =>
      task.state === 'running' && task.worker ? [task.worker] : [],
    );
  }

  deploy(): void {
    this.revision = `worker:${Number(this.revision.slice('worker:'.length)) + 1}`;
    this.deployedAt = this.#cloud.scheduler.steps;
  }

  /** The host takes no task any more; its event may arrive late or twice, and its tasks run on. */
  drain(name: string): void {
    const host = this.hosts.get(name);
    if (!host || host.draining) return;
    host.draining = true;
    this.#cloud.scheduler.note(`${name} drains`);
    const { chaos, random } = this.#cloud;
    const late = chaos.strikes('eventLate');
    this.#publishDraining(name, late ? random.int(30_000, 300_000) : random.int(200, 3_000));
    if (chaos.strikes('eventTwice')) this.#publishDraining(name, random.int(200, 120_000));
  }

  #publishDraining(name: string, afterMs: number, attempt = 1): void {
    const { scheduler } = this.#cloud;
    scheduler.in(afterMs, undefined, `${name} DRAINING event`, () => {
      const again = (): void => {
        // Past that it is a dead letter, and an alarm.
        if (attempt < 3) this.#publishDraining(name, attempt * 60_000, attempt + 1);
      };
      // No sweep does it in its place, so a function that dies counts as failed, as on AWS.
      const died = scheduler.in(LONGEST_MS, undefined, `${name} DRAINING event: no end`, again);
      void hostEvents(this.#cloud, name).then((done) => {
        died.cancelled = true;
        const host = this.hosts.get(name);
        if (done && host) host.handled = true;
        if (!done) again();
      });
    });
  }

  /** The fullest host that has room. */
  #place(): string | undefined {
    const taken = (host: string) =>
      [...this.tasks.values()].filter((task) => task.host === host && task.state !== 'stopped').length;
    return [...this.hosts]
      .filter(([name, { room, draining }]) => !draining && taken(name) < room)
      .toSorted(([a], [b]) => taken(b) - taken(a))[0]?.[0];
  }

  placeWaiting(): void {
    for (const task of this.#waiting) {
      const host = this.#place();
      if (host === undefined) return;
      this.#waiting = this.#waiting.filter((other) => other !== task);
      task.host = host;
      this.#toBeBorn(task);
    }
  }

  exited(task: SimulatedTask, detail: string): void {
    if (task.state === 'stopped') return;
    const started = task.state === 'running';
    task.state = 'stopped';
    if (task.worker) task.worker.process.dead = true;
    this.#cloud.scheduler.note(`${task.taskArn} stopped: ${detail}`);
    this.#waiting = this.#waiting.filter((other) => other !== task);
    this.placeWaiting();
    const { chaos, random } = this.#cloud;
    if (chaos.strikes('unlinkedMeanwhile')) task.worker?.unlinkedMeanwhile();
    if (chaos.strikes('eventLost')) return;
    const event = { task, neverStarted: !started, detail };
    const late = chaos.strikes('eventLate');
    this.#publish(event, late ? random.int(30_000, 300_000) : random.int(200, 3_000));
    if (chaos.strikes('eventTwice')) this.#publish(event, random.int(200, 120_000));
  }

  #publish(
    event: { task: SimulatedTask; neverStarted: boolean; detail: string },
    afterMs: number,
    attempt = 1,
  ): void {
    const { task, neverStarted, detail } = event;
    const { sessionId, epoch } = task.launch;
    this.#cloud.scheduler.in(afterMs, undefined, `${task.taskArn} STOPPED event`, () => {
      const stopCode = task.taken ? 'SpotInterruption' : undefined;
      const stopped = { taskArn: task.taskArn, neverStarted, stopCode, detail };
      const handled =
        task.standby === undefined
          ? taskEvents(this.#cloud, { ...stopped, sessionId, epoch })
          : standbyEvents(this.#cloud, { ...stopped, standbyId: task.standby.standbyId });
      void handled.then((done) => {
        // An asynchronous invocation that fails is made again, twice.
        if (!done && attempt < 3) this.#publish(event, attempt * 60_000, attempt + 1);
      });
    });
  }

  take(task: SimulatedTask): void {
    if (task.state !== 'running' || task.stopAsked) return;
    task.stopAsked = true;
    task.taken = true;
    this.#terminate(task);
  }

  #launch(request: LaunchRequest, standby?: StandbyLaunch): LaunchResult {
    // The adapter's rule: the next provider if the one before has no capacity, each under its own token. So a repeated
    // launch may start a second task.
    for (const provider of this.#providers) {
      const token = `${request.clientToken}:${provider}`;
      const known = this.#byToken.get(token);
      if (known) return { ok: true, taskArn: known.taskArn };
      const short = provider === 'spot' && this.#cloud.random.chance(this.#shortage);
      if (!this.#cloud.chaos.strikes('noCapacity') && !short) return this.#create(request, token, standby);
    }
    return { ok: false, retryable: true, detail: 'RESOURCE:CPU' };
  }

  #create(request: LaunchRequest, token: string, standby: StandbyLaunch | undefined): LaunchResult {
    const host = request.avoidsHosts ? undefined : this.#place();
    const task: SimulatedTask = {
      taskArn: `task-${this.tasks.size + 1}`,
      launch: request,
      standby,
      revision: this.revision,
      createdAt: this.#cloud.trueTime,
      host,
      state: 'provisioning',
      stopAsked: false,
      taken: false,
      worker: undefined,
    };
    this.tasks.set(task.taskArn, task);
    this.#byToken.set(token, task);
    if (this.hosts.size > 0 && host === undefined && !request.avoidsHosts) {
      this.#cloud.scheduler.note(`${task.taskArn} waits for a host`);
      this.#waiting.push(task);
    } else this.#toBeBorn(task);
    return { ok: true, taskArn: task.taskArn };
  }

  #toBeBorn(task: SimulatedTask): void {
    const { chaos, random, scheduler } = this.#cloud;
    const born = chaos.strikes('bornLate') ? random.int(30_000, 200_000) : random.skewed(6_000, 40_000);
    if (chaos.strikes('neverBorn')) {
      scheduler.in(born, undefined, `${task.taskArn} can't start`, () =>
        this.exited(task, 'CannotPullContainerError'),
      );
    } else {
      scheduler.in(born, undefined, `${task.taskArn} is born`, () => this.#birth(task));
    }
  }

  #birth(task: SimulatedTask): void {
    if (task.state !== 'provisioning') return;
    task.state = 'running';
    const worker = this.#newWorker(task);
    task.worker = worker;
    worker.start();
    if (task.stopAsked) this.#terminate(task);
  }

  #stop(task: SimulatedTask): void {
    if (task.state === 'stopped' || task.stopAsked) return;
    task.stopAsked = true;
    if (task.state === 'running') {
      this.#terminate(task);
      return;
    }
    // Stopped before it started: mostly it never starts, and sometimes the order comes too late.
    if (this.#waiting.includes(task)) this.exited(task, 'stopped before it had a host');
    else if (this.#cloud.random.chance(0.7)) this.exited(task, 'stopped before it started');
  }

  #terminate(task: SimulatedTask): void {
    this.#cloud.scheduler.in(0, undefined, `${task.taskArn} SIGTERM`, () => task.worker?.terminate());
    this.#cloud.scheduler.in(STOP_TIMEOUT_MS, undefined, `${task.taskArn} SIGKILL`, () =>
      this.exited(task, 'SIGKILL'),
    );
  }

  /** A list lags behind what was just started. */
  #isListed(task: SimulatedTask): boolean {
    return this.#cloud.trueTime - task.createdAt > this.#cloud.random.int(0, 5_000);
  }

  #call<T>(process: Process, label: string, effect: () => T): Promise<T> {
    const { chaos, scheduler } = this.#cloud;
    return this.#cloud.call<T>(process, label, (answer: Answer<T>) => {
      if (chaos.isOut('engine', scheduler.now) || chaos.strikes('engineUnavailable')) {
        return answer.fail(new TaskEngineUnavailable('ECS did not answer'));
      }
      const value = effect();
      if (chaos.strikes('engineAnswerLost'))
        return answer.fail(new TaskEngineUnavailable('ECS did not answer (done)'));
      answer.ok(value);
    });
  }
}

/** A standby task before it is assigned a session. */
const NO_SESSION = { sessionId: '', epoch: 0, bootstrapToken: '', size: 'standard' } as const;

const startedBy = ({ standby, launch }: SimulatedTask): string => standby?.standbyId ?? launch.sessionId;

/** ECS knows what a task was launched for, and not what it was assigned later. */
const described = (task: SimulatedTask): Task => ({
  taskArn: task.taskArn,
  sessionId: task.standby ? undefined : task.launch.sessionId,
  epoch: task.standby ? undefined : task.launch.epoch,
  standbyId: task.standby?.standbyId,
  createdAt: task.createdAt,
  stopped: task.state === 'stopped',
  revision: task.revision,
});
