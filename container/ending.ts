/**
 * The orderly end of a session: asked for from many sides (the control plane, a signal, a deadline, the client that
 * gives up, a defect), begun once, for the first reason given.
 */
import type { StopReason } from '../contract/lifecycle.ts';

type Finish = (reason: StopReason, detail: string | undefined) => void;

export type Ending = {
  /** Begins the end; if there is no session yet, as soon as there is one. */
  ask(reason: StopReason, detail?: string): void;
  /** There is a session now, and `finish` ends it. */
  endWith(finish: Finish): void;
  /** The epoch has ended: for any request, nothing is ended in order any more. */
  forgo(): void;
  readonly asked: boolean;
  /** Aborted once the end has begun or is forgone: nothing new may be begun. */
  readonly signal: AbortSignal;
};

export const createEnding = (): Ending => {
  const beginning = new AbortController();
  let first: { reason: StopReason; detail: string | undefined } | undefined;
  let finish: Finish | undefined;

  const begin = () => {
    if (!first || !finish || beginning.signal.aborted) return;
    beginning.abort();
    finish(first.reason, first.detail);
  };

  return {
    ask(reason, detail) {
      first ??= { reason, detail };
      begin();
    },
    endWith(how) {
      finish = how;
      begin();
    },
    forgo: () => beginning.abort(),
    get asked() {
      return first !== undefined;
    },
    signal: beginning.signal,
  };
};
