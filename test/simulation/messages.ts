/**
 * Watches which messages are delivered: none is skipped, and a message that a worker knows to be delivered is not
 * delivered again.
 */

import type { ForwardedMark } from '../../contract/worker/protocol.ts';
import type { Delivery } from '../../core/ports.ts';
import type { Cloud } from './model/cloud.ts';
import type { ItemChange } from './model/table.ts';
import { webhooksOf } from './published-events.ts';

/** Longer than a function runs: an invocation that read the configuration before has ended. */
const SETTLED_MS = 40_000;

const newest = ({ ids }: Pick<ForwardedMark, 'ids'>): number => Math.max(0, ...ids.map(({ at }) => at));

export class Messages {
  readonly #cloud: Cloud;
  readonly #queued = new Set<string>();
  /** Session → since when its webhooks are what they are. */
  readonly #hooks = new Map<string, { readonly hooks: string | undefined; readonly since: number }>();
  /** Session → the last message that its workers know to be delivered, and since when. */
  readonly #known = new Map<
    string,
    { readonly account: string; readonly at: number; readonly since: number }[]
  >();

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  queued(deliveries: readonly Delivery[]): void {
    for (const { id, sessionId } of deliveries) this.#queued.add(`${sessionId} ${id}`);
  }

  committed(changes: readonly ItemChange[]): void {
    for (const { key, after } of changes) {
      if (key.pk.startsWith('SESSION#') && after) {
        const hooks = webhooksOf(after);
        const id = String(after.sessionId);
        if (this.#hooks.get(id)?.hooks !== hooks) this.#hooks.set(id, { hooks, since: this.#cloud.trueTime });
      }
      if (key.pk.startsWith('TOLD#') && after) this.#noted(key.pk.slice('TOLD#'.length), after.mark);
    }
  }

  #noted(sessionId: string, mark: unknown): void {
    const { hooks, since } = this.#hooks.get(sessionId) ?? { hooks: undefined, since: 0 };
    if (hooks === undefined || this.#cloud.trueTime - since < SETTLED_MS) return;
    for (const { id } of (mark as ForwardedMark).ids)
      if (!this.#queued.has(`${sessionId} ${id}`))
        this.#cloud.violate('messages', `${id} of ${sessionId} is recorded as delivered and was not queued`);
  }

  acknowledged(sessionId: string, mark: ForwardedMark): void {
    const known = this.#known.get(sessionId) ?? [];
    this.#known.set(sessionId, [
      ...known,
      { account: mark.account, at: newest(mark), since: this.#cloud.trueTime },
    ]);
  }

  resumes(sessionId: string, mark: ForwardedMark | undefined, askedAt: number): void {
    const now = mark ? newest(mark) : 0;
    const last = (this.#known.get(sessionId) ?? []).filter(({ since }) => since < askedAt).at(-1);
    if (last && last.at > now)
      this.#cloud.violate(
        'messages',
        `${sessionId} continues after ${now} although ${last.at} was delivered`,
      );
  }
}
