/** Watches the outbox: each event is in the commit of its change, and leaves the outbox only once it was sent. */
import type { Delivery } from '../../core/ports.ts';
import type { Item } from '../../core/store.ts';
import type { Cloud } from './model/cloud.ts';
import type { ItemChange } from './model/table.ts';

type Waiting = {
  readonly id: string;
  readonly sessionId: string;
  readonly timestamp: number;
  /** The session had webhooks at the commit, and they are unchanged since. */
  hooked: boolean;
};

export class PublishedEvents {
  readonly #cloud: Cloud;
  readonly #waiting = new Map<string, Waiting>();
  /** Event id → its position among all events of the outbox, in the order of their commits. */
  readonly #order = new Map<string, number>();
  readonly #sent = new Set<string>();
  /** Session and webhook → the latest event sent to it. */
  readonly #latest = new Map<string, number>();

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  committed(changes: readonly ItemChange[]): void {
    const put = changes.flatMap(({ key, after }) => (key.pk.startsWith('OUTBOX#') && after ? [after] : []));
    for (const change of changes) {
      const { pk, sk } = change.key;
      if (pk.startsWith('SESSION#')) this.#configChanged(change);
      else if (pk.startsWith('OUTBOX#') && !change.after) this.#removed(`${pk} ${sk}`);
      else if (pk.startsWith('SLOT#') && !put.some((event) => event.sessionId === sk)) {
        this.#cloud.violate(
          'published',
          `${sk} ${change.after ? 'took' : 'gave back'} its slot and publishes no event`,
        );
      }
    }
    for (const item of put) this.#added(item, changes);
    for (const { key, before, after } of changes) {
      if (key.pk.startsWith('SESSION#')) this.#challengeChanged(before, after, put);
      else if (!key.pk.startsWith('OUTBOX#') && Object(after?.payload).data !== undefined)
        this.#cloud.violate('published', `${key.pk} keeps what belongs to a status`);
    }
  }

  queued(deliveries: readonly Delivery[]): void {
    for (const { id, sessionId, webhook, event } of deliveries) {
      const position = this.#order.get(id);
      if (position === undefined || this.#sent.has(`${id} ${webhook}`)) continue;
      this.#sent.add(`${id} ${webhook}`).add(id);
      const target = `${sessionId} ${webhook}`;
      if (position < (this.#latest.get(target) ?? 0))
        this.#cloud.violate('published', `${event} of ${sessionId} was sent after a later event`);
      this.#latest.set(target, position);
    }
  }

  /** Once faults end. */
  checkSettled(longestMs: number): void {
    for (const { id, sessionId, timestamp } of this.#waiting.values()) {
      const age = this.#cloud.trueTime - timestamp;
      if (age > longestMs)
        this.#cloud.violate('published', `${id} of ${sessionId} waits in the outbox for ${age / 1000} s`);
    }
  }

  #added(item: Item, changes: readonly ItemChange[]): void {
    const id = String(item.id);
    const sessionId = String(item.sessionId);
    const session = changes.find(
      ({ key, after }) => key.pk.startsWith('SESSION#') && after?.sessionId === sessionId,
    );
    this.#order.set(id, this.#order.size + 1);
    this.#waiting.set(`${item.pk} ${item.sk}`, {
      id,
      sessionId,
      timestamp: Number(item.timestamp),
      hooked: webhooksOf(session?.after) !== undefined,
    });
  }

  /** A new challenge is published with its change, and complete. */
  #challengeChanged(before: Item | undefined, after: Item | undefined, put: readonly Item[]): void {
    const hash = after?.statusDataHash;
    if (hash === undefined || hash === before?.statusDataHash) return;
    const published = put.some((item) => item.sessionId === after?.sessionId && Object(item.payload).data);
    if (!published)
      this.#cloud.violate('published', `a challenge of ${String(after?.sessionId)} has no event`);
  }

  #removed(key: string): void {
    const event = this.#waiting.get(key);
    if (event?.hooked && !this.#sent.has(event.id))
      this.#cloud.violate('published', `${event.id} of ${event.sessionId} left the outbox and was not sent`);
    this.#waiting.delete(key);
  }

  #configChanged({ before, after }: ItemChange): void {
    if (!before || webhooksOf(before) === webhooksOf(after)) return;
    for (const event of this.#waiting.values())
      if (event.sessionId === before.sessionId) event.hooked = false;
  }
}

export const webhooksOf = (session: Item | undefined): string | undefined => {
  const config = session?.config;
  return typeof config === 'object' && config !== null && 'webhooks' in config
    ? JSON.stringify(config.webhooks)
    : undefined;
};
