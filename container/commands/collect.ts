/**
 * Commands that waited for this session to work (it was started for them). Each is claimed, carried out and answered
 * for, one after the other, in the order in which they were placed.
 */
import type { CommandOutcome } from '../../core/ports.ts';
import { describeError, Fenced } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import type { Time } from '../base/time.ts';
import type { CallBounds, WorkerApi } from '../control/worker-api.ts';
import type { CommandServer } from './server.ts';

const CALL_LIMIT_MS = 60_000;

/** Looks for commands that wait and carries them out; at most one look is under way, and one more follows it. */
export const createCollector = (options: {
  readonly api: Pick<WorkerApi, 'claim' | 'commandResult'>;
  readonly server: Pick<CommandServer, 'run'>;
  readonly time: Time;
  readonly log: Log;
  readonly signal: AbortSignal;
}): { look(): void } => {
  const { api, server, time, log, signal } = options;
  const bounds = (): CallBounds => ({ until: time.now() + CALL_LIMIT_MS, signal });
  /** By id: a command whose claim or result was lost is given again, and must not be carried out again. */
  const outcomes = new Map<string, CommandOutcome>();
  let looking = false;
  let again = false;

  const collect = async (): Promise<void> => {
    while (!signal.aborted) {
      const { command } = await api.claim({}, bounds());
      if (!command) return;
      const { id, name, args, idempotencyKey } = command;
      const outcome = outcomes.get(id) ?? (await server.run(name, args, idempotencyKey));
      outcomes.set(id, outcome);
      log.info('carried out a command that waited', { command: name, id, ok: outcome.ok });
      await api.commandResult({ id, outcome }, bounds());
    }
  };

  const look = (): void => {
    again = looking;
    if (looking) return;
    looking = true;
    collect()
      .catch((error: unknown) => {
        if (error instanceof Fenced || signal.aborted) return;
        log.warn('commands that wait could not be collected', { error: describeError(error) });
      })
      .finally(() => {
        looking = false;
        if (again && !signal.aborted) look();
      });
  };
  return { look };
};
