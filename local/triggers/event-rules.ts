import { randomUUID } from 'node:crypto';
import type { EventRuleModel } from '../assembly/model.ts';
import { ACCOUNT_ID, REGION } from '../iam/arn.ts';
import { type DeliveryOptions, deliver } from './delivery.ts';
import { matchesEvent } from './pattern.ts';

/** An event as a service puts it on the default bus. */
type BusEvent = {
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: unknown;
  readonly resources?: readonly string[];
};

/** The default event bus: hands each event to the targets of every rule that matches it. */
export class EventRules {
  readonly #rules: readonly EventRuleModel[];
  readonly #options: DeliveryOptions;
  readonly #hurry = new AbortController();
  #closed = false;
  readonly #underway = new Set<Promise<unknown>>();

  constructor(rules: readonly EventRuleModel[], options: DeliveryOptions) {
    this.#rules = rules.filter(({ enabled }) => enabled);
    this.#options = options;
    for (const rule of this.#rules) {
      // A pattern that is not understood stops the start instead of losing events.
      matchesEvent(rule.pattern, {});
    }
  }

  /** Resolves when every matching target took the event or it was given up. Rejects once closed. */
  async put(event: BusEvent): Promise<void> {
    if (this.#closed) {
      throw new Error('the event bus is closed');
    }
    const full = {
      version: '0',
      id: randomUUID(),
      account: ACCOUNT_ID,
      region: REGION,
      time: new Date(this.#options.clock()).toISOString(),
      resources: [],
      ...event,
    };
    const deliveries = this.#rules
      .filter(({ pattern }) => matchesEvent(pattern, full))
      .flatMap(({ arn, targets }) =>
        targets.map((target) => deliver(this.#options, target, arn, full, this.#hurry.signal)),
      );
    const all = Promise.all(deliveries);
    this.#underway.add(all);
    try {
      const results = await all;
      if (results.includes('stopped')) {
        throw new Error('the event bus closed before the event was taken');
      }
    } finally {
      this.#underway.delete(all);
    }
  }

  /**
   * From now on an event is tried once and not again: its sender learns that it was not accepted, and keeps it for
   * the next start.
   */
  hurry(): void {
    this.#hurry.abort();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#hurry.abort();
    await Promise.allSettled(this.#underway);
  }
}
