import type { Identity } from '../addressing.ts';
import { createWid, type Wid } from './wid.ts';

/** Which phone number belongs to which hidden id, as far as the page has received it. */
export class Identities {
  readonly #lids = new Map<string, Wid>();
  readonly #numbers = new Map<string, Wid>();

  learn({ lid, pn }: Identity): void {
    this.#lids.set(pn, createWid(lid));
    this.#numbers.set(lid, createWid(pn));
  }

  /** The hidden id of a number's id. */
  lidOf(pn: unknown): Wid | undefined {
    return this.#lids.get(String(pn));
  }

  /** The number's id of a hidden id. */
  numberOf(lid: unknown): Wid | undefined {
    return this.#numbers.get(String(lid));
  }

  /** The same person's other id. */
  otherOf(id: unknown): Wid | undefined {
    return this.lidOf(id) ?? this.numberOf(id);
  }
}
