import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskStateChangeEvent } from './describe.ts';
import type { EcsLogger } from './logger.ts';

export type Emit = (event: TaskStateChangeEvent) => Promise<void> | void;

const ATTEMPTS = 3;
const RETRY_MS = 200;

/** Hands events on: those of one task one after the other, in the order in which they happened. */
export class EventQueue {
  readonly #emit: Emit;
  readonly #logger: EcsLogger;
  /** The last delivery of each task that has one under way. */
  readonly #tails = new Map<string, Promise<void>>();

  constructor(emit: Emit, logger: EcsLogger) {
    this.#emit = emit;
    this.#logger = logger;
  }

  /** `taken` is called once the event was handed on; an event that no consumer accepts is logged and dropped. */
  add(event: TaskStateChangeEvent, taken: () => void): void {
    const task = event.resources[0] ?? '';
    const tail = (this.#tails.get(task) ?? Promise.resolve()).then(async () => {
      try {
        if (await this.#deliver(event)) taken();
      } catch (error) {
        this.#log('That a task state change was handed on could not be noted', event, error);
      }
      if (this.#tails.get(task) === tail) this.#tails.delete(task);
    });
    this.#tails.set(task, tail);
  }

  /** Resolves when all that was added until now is handed on. */
  async drained(): Promise<void> {
    await Promise.all(this.#tails.values());
  }

  async #deliver(event: TaskStateChangeEvent): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      try {
        await this.#emit(event);
        return true;
      } catch (error) {
        this.#log('A task state change could not be handed on', event, error);
        await sleep(RETRY_MS * attempt);
      }
    }
    return false;
  }

  #log(message: string, event: TaskStateChangeEvent, error: unknown): void {
    this.#logger.error(message, {
      taskArn: event.resources[0],
      error: error instanceof Error ? error.message : 'unknown',
    });
  }
}
