import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { EventSourceModel } from '../assembly/model.ts';
import { type InvokeResult, ThrottledError } from '../runtime/pool.ts';
import { backoffMs, pause } from './backoff.ts';
import { doneMessages, sqsEventOf } from './sqs-event.ts';

/** What SQS gives at most at once. */
const MAX_MESSAGES = 10;
const POLL_SECONDS = 20;
const DEFAULT_CONCURRENCY = 5;
/** Lambda adds pollers up to the mapping's maximum. More than these have no benefit on one machine. */
const MOST_CONCURRENCY = 10;
const FIRST_RETRY_MS = 200;
const MOST_RETRY_MS = 10_000;
/** For a poll that does not come back, and for a deletion. */
const POLL_DEADLINE_MS = POLL_SECONDS * 1_000 + 10_000;
const DELETE_DEADLINE_MS = 10_000;
/** A batch whose function has no instance free is offered again for so long; less than a queue's visibility time-out. */
const THROTTLED_FOR_MS = 60_000;
const DELETE_ATTEMPTS = 5;

export type SqsSourceOptions = {
  readonly source: EventSourceModel;
  readonly queueUrl: string;
  /** With the function's own credentials: Lambda polls with the permissions of the function's role. */
  readonly client: SQSClient;
  readonly invoke: (functionName: string, event: unknown) => Promise<InvokeResult>;
  readonly onProblem: (message: string) => void;
};

/**
 * An event source mapping: polls a queue and hands batches to a function. Messages that the function dealt with are
 * deleted; the others come back when their visibility time-out ends, and after the queue's receive count go to its
 * dead-letter queue. The order within a FIFO group is the queue's: while a group has messages in flight it gives none.
 */
export class SqsSource {
  readonly #options: SqsSourceOptions;
  readonly #stop = new AbortController();
  readonly #pollers: Promise<void>[];

  constructor(options: SqsSourceOptions) {
    this.#options = options;
    const count = options.source.enabled ? (options.source.maxConcurrency ?? DEFAULT_CONCURRENCY) : 0;
    this.#pollers = Array.from({ length: Math.min(count, MOST_CONCURRENCY) }, () => this.#poll());
  }

  async #poll(): Promise<void> {
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      try {
        const messages = await this.#receive();
        failures = 0;
        if (messages.length > 0) {
          await this.#handle(messages);
        }
      } catch (error) {
        if (this.#stop.signal.aborted) {
          return;
        }
        if (failures === 0) {
          const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
          this.#options.onProblem(`polling for ${this.#options.source.functionName}: ${reason}`);
        }
        await pause(backoffMs(failures, FIRST_RETRY_MS, MOST_RETRY_MS), this.#stop.signal);
        failures += 1;
      }
    }
  }

  async #receive(): Promise<Message[]> {
    const { client, queueUrl, source } = this.#options;
    const answer = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: Math.min(source.batchSize, MAX_MESSAGES),
        WaitTimeSeconds: POLL_SECONDS,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
      { abortSignal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(POLL_DEADLINE_MS)]) },
    );
    return answer.Messages ?? [];
  }

  async #handle(messages: readonly Message[]): Promise<void> {
    const { source } = this.#options;
    const result = await this.#invoke(messages);
    if (result?.ok !== true) {
      return;
    }
    const done = source.reportsItemFailures ? doneMessages(messages, result.payload) : messages;
    if (done.length > 0) {
      await this.#delete(done);
    }
  }

  /**
   * Undefined: it was throttled for too long. A batch that is given up comes back only with its visibility time-out, and
   * holds up its groups until then: so a busy function gets it again.
   */
  async #invoke(messages: readonly Message[]): Promise<InvokeResult | undefined> {
    const { source, invoke } = this.#options;
    const event = sqsEventOf(messages, source.queueArn);
    const until = Date.now() + THROTTLED_FOR_MS;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await invoke(source.functionName, event);
      } catch (error) {
        if (!(error instanceof ThrottledError)) throw error;
        const wait = backoffMs(attempt, FIRST_RETRY_MS, MOST_RETRY_MS);
        if (Date.now() + wait > until) {
          this.#options.onProblem(`a batch for ${source.functionName} was given up: ${error.message}`);
          return undefined;
        }
        if (!(await pause(wait, this.#stop.signal))) return undefined;
      }
    }
  }

  /** Tried again: what is not deleted is handed out a second time. */
  async #delete(messages: readonly Message[]): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#deleteOnce(messages);
      } catch (error) {
        if (attempt + 1 >= DELETE_ATTEMPTS) throw error;
        await pause(backoffMs(attempt, FIRST_RETRY_MS, MOST_RETRY_MS), this.#stop.signal);
      }
    }
  }

  async #deleteOnce(messages: readonly Message[]): Promise<void> {
    const { client, queueUrl } = this.#options;
    const answer = await client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
      { abortSignal: AbortSignal.timeout(DELETE_DEADLINE_MS) },
    );
    for (const { Code } of answer.Failed ?? []) {
      this.#options.onProblem(`a message of ${this.#options.source.functionName} was not deleted: ${Code}`);
    }
  }

  /** Takes no more messages and waits for the batches in hand. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#pollers);
  }
}
