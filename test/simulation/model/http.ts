/** Requests that may be lost, delayed or repeated, to functions that may die; answers that may be lost. */

import { Problem } from '../../../contract/errors.ts';
import type { Deps } from '../../../core/deps.ts';
import { TaskEngineUnavailable } from '../../../core/ports.ts';
import { StoreAmbiguous, StoreConflict, StoreUnavailable } from '../../../core/store.ts';
import type { Process } from '../kernel/scheduler.ts';
import { type Cloud, PortDown } from './cloud.ts';

/** No answer, or one that says to try again. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain';
}

export type Handler<T> = (deps: Deps, process: Process) => Promise<T>;

type RequestOptions = {
  readonly name: string;
  readonly claim?: Process['claim'];
  readonly timeoutMs: number;
};

/** A function runs no longer than this. */
export const FUNCTION_LIMIT_MS = 30_000;

/** One exchange. Rejects with the handler's Problem (below 500), or with TryAgain. */
export const request = <T>(
  cloud: Cloud,
  caller: Process,
  options: RequestOptions,
  handler: Handler<T>,
): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    const { chaos, random, scheduler } = cloud;
    const timer = scheduler.in(options.timeoutMs, caller, `${caller.name} gave up on ${options.name}`, () =>
      reject(new TryAgain('no answer')),
    );
    const deliver = (afterMs: number) =>
      scheduler.in(afterMs, undefined, `${caller.name} → ${options.name}`, () => {
        if (cloud.admits?.(options.name) === false) {
          timer.cancelled = true;
          scheduler.in(random.skewed(1, 80), caller, `${caller.name} ← 429`, () =>
            reject(new TryAgain('429')),
          );
          return;
        }
        void invoke(cloud, options.name, handler, FUNCTION_LIMIT_MS, options.claim).then((outcome) => {
          if (outcome.kind === 'died' || chaos.strikes('answerLost')) return;
          scheduler.in(random.skewed(1, 80), caller, `${caller.name} ← ${options.name}`, () => {
            timer.cancelled = true;
            if (outcome.kind === 'done') resolve(outcome.value);
            else reject(outcome.error);
          });
        });
      });
    if (chaos.strikes('requestLost')) return;
    deliver(chaos.strikes('requestLate') ? random.int(1_000, 25_000) : random.skewed(1, 80));
    if (chaos.strikes('requestTwice')) deliver(random.int(1, 60_000));
  });

export type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'died' };

/** Runs a handler as a function's invocation: one process, which the platform ends after its limit. */
export const invoke = <T>(
  cloud: Cloud,
  name: string,
  handler: Handler<T>,
  limitMs: number,
  claim?: Process['claim'],
): Promise<Outcome<T>> =>
  new Promise((resolve) => {
    const { scheduler } = cloud;
    const process = cloud.spawn(`${name}#${scheduler.steps}`, claim);
    const end = scheduler.in(limitMs, process, `${process.name} out of time`, () => {
      process.dead = true;
      resolve({ kind: 'died' });
    });
    handler(cloud.deps(process), process).then(
      (value) => {
        end.cancelled = true;
        resolve({ kind: 'done', value });
      },
      (error: unknown) => {
        end.cancelled = true;
        scheduler.note(`${process.name} throws ${String(error)}`);
        resolve({ kind: 'failed', error: seenByCaller(cloud, process, error) });
      },
    );
  });

const seenByCaller = (cloud: Cloud, process: Process, error: unknown): Error => {
  if (error instanceof Problem) return error.status >= 500 ? new TryAgain(error.message) : error;
  const known =
    error instanceof StoreConflict ||
    error instanceof StoreUnavailable ||
    error instanceof StoreAmbiguous ||
    error instanceof TaskEngineUnavailable ||
    error instanceof PortDown;
  if (!known) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    cloud.violate('defect', `${process.name} threw ${detail}`);
  }
  return new TryAgain(String(error));
};
