/**
 * Fargate in a burst: RunTask is refused above its rate (ThrottlingException), finds no capacity for a part of what it
 * lets through, and answers some of it late. Scaled down as the limits of a run are: AWS launches 20 tasks a second.
 */
import { type LaunchResult, TaskEngineUnavailable } from '../../../core/ports.ts';
import type { Process } from '../kernel/scheduler.ts';
import type { Answer, Cloud } from './cloud.ts';

const PER_SECOND = 1;
const AT_ONCE = 3;
const WITHOUT_CAPACITY = 0.3;
const LATE = 0.3;

export class Rush {
  readonly #cloud: Cloud;
  #tokens = AT_ONCE;
  #filledAt: number;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
    this.#filledAt = cloud.scheduler.now;
  }

  /**
   * @param limitMs the caller's own deadline: it does not receive a later answer
   */
  answer(answer: Answer<LaunchResult>, process: Process, limitMs: number, launch: () => LaunchResult): void {
    const { random, scheduler } = this.#cloud;
    if (!this.#take()) {
      answer.fail(new TaskEngineUnavailable('ThrottlingException: Rate exceeded'));
    } else if (random.chance(WITHOUT_CAPACITY)) {
      answer.ok({ ok: false, retryable: true, detail: 'Capacity is unavailable at this time' });
    } else {
      const result = launch();
      const ms = random.chance(LATE) ? random.int(3_000, 40_000) : 0;
      const isTooLate = ms > limitMs;
      scheduler.in(isTooLate ? limitMs : ms, process, `${process.name} RunTask answers`, () => {
        if (isTooLate) answer.fail(new TaskEngineUnavailable('no answer (done)'));
        else answer.ok(result);
      });
    }
  }

  #take(): boolean {
    const { now } = this.#cloud.scheduler;
    this.#tokens = Math.min(AT_ONCE, this.#tokens + ((now - this.#filledAt) / 1000) * PER_SECOND);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
