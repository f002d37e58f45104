/** Commands that wait for their session: compares each reported result with the actions of the workers. */
import { sendTextArgs } from '../../../contract/whatsapp/messages.ts';
import { type WaitingCommand, waitingCommandSchema } from '../../../core/commands/waiting-command.ts';
import type { Cloud } from './cloud.ts';
import type { ItemChange } from './table.ts';

export class Commands {
  readonly #cloud: Cloud;
  /** By what they send; no two send the same. */
  readonly #byText = new Map<string, WaitingCommand>();
  readonly #textOf = new Map<string, string>();
  /** Texts that went out since their command was placed. */
  readonly #sent = new Set<string>();

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  changed({ before: old, after: item }: ItemChange): void {
    if (!item) return;
    const before = old && waitingCommandSchema.parse(old);
    const after = waitingCommandSchema.parse(item);
    const { id, status, args } = after;
    if (args !== undefined) this.#textOf.set(id, sendTextArgs.parse(JSON.parse(args)).text);
    const text = this.#textOf.get(id) ?? '';
    this.#byText.set(text, after);
    if (before?.status === status) return;
    const wasSent = this.#sent.has(text);
    if (status === 'failed' && wasSent) this.#broken(`${id} was carried out and is called failed`);
    if (status === 'done' && !wasSent) this.#broken(`${id} was not carried out and is called done`);
    // Placed again by its caller, whose answer said that nothing had been sent.
    if (status === 'pending') this.#sent.delete(text);
  }

  sent(text: string): void {
    const command = this.#byText.get(text);
    // Its session worked, and its caller did without a key.
    if (!command) return;
    const { id, status } = command;
    if (status !== 'running') this.#broken(`${id} is carried out while it is ${status}`);
    if (this.#sent.has(text)) this.#broken(`${id} is carried out twice`);
    this.#sent.add(text);
  }

  #broken(detail: string): void {
    this.#cloud.violate('once', detail);
  }
}
