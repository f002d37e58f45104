import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { newGuard } from '../guard.ts';
import { ItemLocks } from './locks.ts';
import { type Input, type Operation, operations } from './operations.ts';
import { type Answer, runner } from './run.ts';
import { dynamoDbServer } from './server.ts';
import { openStore } from './store.ts';
import { RequestTokens } from './tokens.ts';
import { sweepExpired } from './ttl.ts';

export type DynamoDbOptions = {
  /** Where data lies; in memory without it. One process at a time. */
  readonly dir?: string;
  /** 0, the default: any free port. */
  readonly port?: number;
  /** Milliseconds since the epoch; decides expiry of items and of request tokens. */
  readonly clock?: () => number;
  /** Receives faults of the engine itself, never of items. */
  readonly logger?: { error(message: string, details: Readonly<Record<string, unknown>>): void };
  /**
   * Awaited by each transaction while it holds its items. One turn of the event loop unless given; a bench gives
   * DynamoDB's own 10–20 ms, and a test a gate.
   */
  readonly transactionWindow?: () => Promise<void>;
};

export type DynamoDb = {
  /** With a secret of this start in its path: requests without it are refused. */
  readonly url: string;
  /** Carries out a call of this process, as if it had come to `url`. */
  handle(call: { readonly operation: string; readonly input: Input }): Promise<Answer>;
  readonly port: number;
  /** Deletes expired items now instead of within a minute; resolves to how many. */
  sweepExpired(): Promise<number>;
  /** Finishes what has begun, then closes. Calling it again is harmless. */
  close(): Promise<void>;
};

const SWEEP_MS = 60_000;
/** How long a caller may take to fetch the rest of its answer once the engine closes. */
const CLOSE_MS = 5_000;

/**
 * Starts an embedded DynamoDB on loopback. Data on disk survives a kill at any moment: each write, single or
 * transaction, is one LevelDB batch with all its index entries.
 * Throws if the port is taken (EADDRINUSE) or the folder can't be opened.
 */
export const startDynamoDb = async (options: DynamoDbOptions = {}): Promise<DynamoDb> => {
  const clock = options.clock ?? Date.now;
  const fault = (error: unknown, operation: string): void =>
    options.logger?.error('Embedded DynamoDB failed', { operation, error });

  const store = await openStore(options.dir);
  const locks = new ItemLocks();
  const running = new Set<Promise<unknown>>();
  const tracked = <T>(work: Promise<T>): Promise<T> => {
    const forget = (): void => void running.delete(work);
    running.add(work);
    work.then(forget, forget);
    return work;
  };
  const sweep = (): Promise<number> => tracked(sweepExpired(store, locks, clock()));

  try {
    const tokens = await RequestTokens.load(store, clock);
    const window = options.transactionWindow ?? (() => nextTurn(undefined));
    const known = [...operations({ store, locks, tokens, window })].map(
      ([name, run]): [string, Operation] => [name, (input) => tracked(run(input))],
    );
    const guard = newGuard();
    const run = runner(new Map(known), fault);
    const server = dynamoDbServer(run, guard);
    server.listen(options.port ?? 0, '127.0.0.1');
    await once(server, 'listening');

    const timer = setInterval(() => {
      sweep().catch((error: unknown) => fault(error, 'expiry sweep'));
    }, SWEEP_MS).unref();

    const shutDown = async (): Promise<void> => {
      clearInterval(timer);
      const closed = once(server, 'close');
      server.close();
      await Promise.allSettled(running);
      const patience = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
      server.closeIdleConnections();
      await closed;
      clearTimeout(patience);
      await Promise.allSettled(running);
      await store.db.close();
    };
    let closing: Promise<void> | undefined;

    const { port } = addressOf(server.address());
    return {
      url: `http://127.0.0.1:${port}${guard.path}`,
      port,
      handle: ({ operation, input }) => run(operation, () => input),
      sweepExpired: sweep,
      close: () => {
        closing ??= shutDown();
        return closing;
      },
    };
  } catch (error) {
    await store.db.close();
    throw error;
  }
};

const addressOf = (address: AddressInfo | string | null): AddressInfo => {
  if (address === null || typeof address === 'string')
    throw new Error('The server does not listen on a port.');
  return address;
};
